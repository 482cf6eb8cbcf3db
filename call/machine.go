package call

import (
	"fmt"
	"slices"
	"time"
)

// A role is which end of the Invite this side is.
type role uint8

const (
	caller role = 1
	callee role = 2
)

// A machine is one side of a call for two as a pure function: an input and the time go in, effects come out. It does no
// I/O, reads no clock, holds no key and starts nothing; its loop (loop.go) owns it.
//
// It keeps these promises whatever the order of inputs: a callee does nothing but ring before inAnswer; an Invite is
// answered by one Accept and that by one Welcome; media starts only when the path is up and the group is joined, for a
// late side not before its proof; a call is connected only when the other side has proved the same keys as well; fxEnd
// comes once and nothing after it.
type machine struct {
	role    role
	state   State
	ringFor time.Duration
	clocks  clocks
	resend  time.Duration // the last pause before a repetition
	sending messageType   // what timerResend repeats

	invite  hash // H of the Invite
	accept  hash // H of the Accept that counts; zero: none yet
	welcome hash // H of the Welcome that counts

	unable *inDecline // caller: a device that cannot take the call, before any rang

	epoch     uint64    // of the group; 0: none yet
	auth      hash      // its authenticator
	acked     bool      // the other side acknowledged this epoch
	ahead     *inAck    // an Ack of the next epoch that came before its Commit
	renewal   bool      // a new epoch is wanted, and has to wait
	renewed   time.Time // when the last one was asked for
	switched  uint64    // the epoch that we send with
	sealed    bool      // callee: the Accept was sent
	up        bool      // the path carries
	opened    bool      // a frame was opened
	late      bool      // the other side loses media that comes before its Ack
	started   bool      // the sources run
	startedAt time.Time // when they began
	restarted time.Time // when ICE was started anew by either side; zero: the path has come up since
}

func newMachine(r role, invite hash, ringFor time.Duration) *machine {
	return &machine{role: r, invite: invite, ringFor: ringFor}
}

// deadline is when step wants to be called with a nil input; zero: never.
func (m *machine) deadline() time.Time { return m.clocks.next() }

// step takes in (nil: only the time) and returns what to do.
func (m *machine) step(now time.Time, in input) []effect {
	if m.state == StateEnded {
		return nil
	}
	var fx []effect
	if in != nil {
		fx = m.take(now, in)
	}
	for m.state != StateEnded {
		t, ok := m.clocks.due(now)
		if !ok {
			break
		}
		fx = append(fx, m.fire(now, t)...)
	}
	return fx
}

func (m *machine) take(now time.Time, in input) []effect {
	switch in := in.(type) {
	case inStart:
		return m.start(now)
	case inHangup:
		return m.hangup(in.Reason)
	case inFault:
		return m.fault(in)
	case inSealed:
		m.note(in)
	case inByed:
		if m.accept != (hash{}) && in.Ref == m.accept {
			return m.end(fxEnd{Reason: in.Reason, Remote: true}, fxBye{in.Reason})
		}
	case inGroup:
		return m.grouped(now, in)
	case inAck:
		return m.acknowledged(now, in)
	case inTransport:
		return m.transport(now, in.Path)
	case inFrame:
		m.opened = true
		return m.connect(now)
	case inRoam:
		return m.roam(now)
	case inRestarted:
		m.underWay(now)
	case inRenew:
		return m.renew(now)
	default:
		if m.role == caller {
			return m.takeAsCaller(now, in)
		}
		return m.takeAsCallee(now, in)
	}
	return nil
}

func (m *machine) start(now time.Time) []effect {
	if m.state != 0 {
		return nil
	}
	m.clocks.set(timerRing, now.Add(m.ringFor))
	if m.role == callee {
		return append(m.become(StateRinging), fxSend{msgRinging})
	}
	m.clocks.set(timerReach, now.Add(reachTime))
	m.repeat(now, msgInvite)
	return append(m.become(StateDialing), fxSend{msgInvite})
}

// note remembers the hash of a message of our own that later ones refer to.
func (m *machine) note(in inSealed) {
	switch in.Type {
	case msgInvite:
		m.invite = in.Hash
	case msgAccept:
		m.accept, m.sealed = in.Hash, true
	}
}

// hangup ends the call by this side's wish, with the message that fits how far it has come.
func (m *machine) hangup(r EndReason) []effect {
	end := fxEnd{Reason: r}
	switch {
	case m.state == StateDialing, m.state == StateRinging && m.role == caller:
		if r == Left {
			end.Reason = Cancelled
		}
		return m.end(end, fxCancel{Reason: end.Reason})
	case m.state == StateRinging && r == Closed:
		return m.end(end) // this device goes; the person's others ring on
	case m.state == StateRinging:
		if r == Left {
			end.Reason = Declined
		}
		return m.end(end, fxDecline{DeclineCall})
	case m.state == 0, m.role == callee && !m.sealed:
		return m.end(end, fxDecline{DeclineCall})
	}
	end.Wait = m.state == StateConnected || m.state == StateConnecting && m.started && m.up
	return m.end(end, fxBye{r})
}

// fault ends the call because this side cannot go on; the other side is told if it takes part already.
func (m *machine) fault(in inFault) []effect {
	end := fxEnd{Reason: in.Reason, Cause: in.Err}
	switch {
	case m.state == StateDialing && in.Reason == Unreachable:
		return m.end(end)
	case m.role == caller && m.epoch == 0:
		return m.end(end, fxCancel{Reason: in.Reason})
	case m.role == callee && !m.sealed:
		if in.Reason == Unsupported {
			return m.end(end, fxDecline{declineUnsupported})
		}
		return m.end(end, fxDecline{DeclineCall})
	}
	return m.end(end, fxBye{in.Reason})
}

// fire is a timer running out.
func (m *machine) fire(now time.Time, t timer) []effect {
	switch t {
	case timerReach:
		if m.unable != nil {
			return m.refused(*m.unable)
		}
		return m.end(fxEnd{Reason: Unreachable}, fxCancel{Reason: Unreachable})
	case timerRing:
		if m.role == caller {
			return m.end(fxEnd{Reason: TimedOut}, fxCancel{Reason: TimedOut})
		}
		return m.end(fxEnd{Reason: TimedOut})
	case timerSetup:
		return m.setupFailed()
	case timerLost, timerAckLost:
		return m.end(fxEnd{Reason: PeerLost}, fxBye{PeerLost})
	case timerAck:
		m.clocks.set(timerAck, now.Add(ackTime))
		if m.role == caller && m.epoch > 1 {
			return []effect{fxRecommit{}, fxAck{m.epoch, m.auth, m.acked}}
		}
		return []effect{fxAck{m.epoch, m.auth, m.acked}}
	case timerSwitch:
		return m.switchKeys()
	case timerRestart:
		return m.restart(now)
	case timerRekey:
		return m.renew(now)
	case timerResend:
		again := m.sending
		m.repeat(now, again)
		return []effect{fxSend{again}}
	}
	return nil
}

// setupFailed tells a missing path from a missing side. One that is late says nothing in the group as long as it has no path.
func (m *machine) setupFailed() []effect {
	if m.epoch == 0 || !m.acked && !m.opened && !m.late {
		return m.end(fxEnd{Reason: PeerLost}, fxBye{PeerLost})
	}
	return m.end(fxEnd{Reason: IceTimeout}, fxBye{IceTimeout})
}

// repeat sets the timer for the next repetition of a message: after 1 s, then at doubled pauses.
func (m *machine) repeat(now time.Time, t messageType) {
	if m.sending != t {
		m.sending, m.resend = t, resendTime/2
	}
	m.resend *= 2
	m.clocks.set(timerResend, now.Add(m.resend))
}

// become is the only place that changes the state.
func (m *machine) become(s State) []effect {
	if !slices.Contains(successors[m.state], s) {
		panic(fmt.Sprintf("call: machine went from %v to %v", m.state, s))
	}
	m.state = s
	return []effect{fxState{s}}
}

// end stops everything. The messages to the other side come before fxEnd, which comes last and once.
func (m *machine) end(e fxEnd, last ...effect) []effect {
	m.state = StateEnded
	m.clocks = clocks{}
	return append(last, e)
}
