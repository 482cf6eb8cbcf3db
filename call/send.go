package call

import (
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// send sends a message of set-up. It is sealed once: a repetition is the same bytes.
func (l *loop) send(t messageType) {
	p, ok := l.keys.sealed[t]
	if !ok {
		var b any
		switch t {
		case msgInvite:
			b = l.keys.invite
		case msgRinging:
			b = ringingBody{Box: boxOf(l.keys.own.Card())}
		case msgWelcome:
			b = l.welcomeBody()
		case msgAccept:
			return // not made yet: sealAccept sends it
		}
		if p, ok = l.seal(t, b); !ok {
			return
		}
	}
	if t == msgInvite {
		l.invites.courier.send(p, l.inviteStored)
		return
	}
	l.line.courier.sendSpare(p)
}

// seal makes the packet of a set-up message and keeps it for repetitions.
func (l *loop) seal(t messageType, body any) (signal.Packet, bool) {
	to := l.keys.theirs
	if t == msgInvite {
		to = l.invites.to
	}
	p, h, err := l.keys.seal(to, t, encode(body))
	if err != nil {
		l.fail(MediaFailed, err)
		return p, false
	}
	l.keys.sealed[t] = p
	switch t {
	case msgInvite:
		l.keys.hInvite = h
		l.feed(inSealed{t, h})
	case msgAccept:
		l.keys.hAccept = h
		l.feed(inSealed{t, h})
	}
	return p, true
}

// inviteStored runs on the courier's goroutine.
func (l *loop) inviteStored(err error) {
	l.back(func(l *loop) {
		if l.stored != nil {
			l.stored(err)
			l.stored = nil
		}
		if err != nil && l.machine.state == StateDialing { // later the Invite has arrived, whatever became of a repetition
			l.step(inFault{Unreachable, err})
		}
	})
}

func (l *loop) sendCancel(f fxCancel) {
	b := cancelBody{Reason: uint8(f.Reason)}
	if f.Winner != (hash{}) {
		b.Winner = f.Winner[:]
	}
	if p, _, err := l.keys.seal(l.invites.to, msgCancel, encode(b)); err == nil {
		l.invites.courier.send(p, nil)
	}
}

func (l *loop) sendDecline(r DeclineReason) {
	b := declineBody{Reason: uint8(r)}
	if r == declineUnsupported {
		b.MLSSuites, b.SFrameSuites = mlsSuites, sframeSuites
	}
	if p, _, err := l.keys.seal(l.keys.theirs, msgDecline, encode(b)); err == nil {
		l.line.courier.send(p, nil)
	}
}

// Acks go out no faster than this. The other side's are answered, and it may send any number; what is left out is sent
// again with the next.
const (
	ackPause = 100 * time.Millisecond
	ackBurst = 8
)

// direct sends an Ack or Bye to the other side's call mailbox: over the data channel while the path carries, so that a
// relay that is away does not matter, else by the relay.
func (l *loop) direct(t messageType, body any) {
	if l.keys.theirs.HPKE == nil || t == msgAck && !l.acks.allow(time.Now(), ackPause, ackBurst) {
		return
	}
	p, _, err := l.keys.seal(l.keys.theirs, t, encode(body))
	if err != nil {
		return
	}
	switch {
	case l.channel(p.Body):
	case t == msgBye:
		l.line.courier.last(p)
	default:
		l.line.courier.sendSpare(p)
	}
}

// channel sends over the data channel, if that is open and the path carries.
func (l *loop) channel(b []byte) bool {
	if !l.control.open || l.control.unsure || l.machine.state != StateConnected && l.machine.state != StateEnded || !l.machine.up {
		return false
	}
	return l.conn.SendMessage(b) == nil
}

// signal sends an in-call message that the protocol itself needs, by whatever way there is. Candidates are repeated; a
// Mute or a Hold is said once, by our own application.
func (l *loop) signal(t inCallType, body any) {
	b, err := l.keys.protect(t, encode(body))
	switch {
	case err != nil:
	case t == inCandidate:
		l.handshake(b)
	default:
		l.insist(b)
	}
}

// handshake sends an MLS message that is repeated until it is answered.
func (l *loop) handshake(b []byte) {
	if !l.channel(b) {
		l.relay(b)
	}
}

// insist sends an MLS message that is not repeated: the relay's courier keeps it however much waits.
func (l *loop) insist(b []byte) {
	if l.channel(b) {
		return
	}
	if p, _, err := l.keys.seal(l.keys.theirs, msgInCall, b); err == nil {
		l.line.courier.send(p, nil)
	}
}

// everyWay sends an MLS message over the data channel and by the relay. Where ICE starts anew, one side may have left the
// path that still looks good to the other. What comes second is dropped.
func (l *loop) everyWay(b []byte) {
	l.channel(b)
	l.relay(b)
}

// relay sends an MLS message by the relay, unless too much waits there already.
func (l *loop) relay(b []byte) {
	if p, _, err := l.keys.seal(l.keys.theirs, msgInCall, b); err == nil {
		l.line.courier.sendSpare(p)
	}
}

func (l *loop) welcomeBody() welcomeBody {
	return welcomeBody{Welcome: l.keys.welcome, Nonce: l.keys.nonce[:], Streams: streamsOf(l.conn.Streams())}
}

func boxOf(b e2ee.Box) boxBody {
	return boxBody{Ed25519: b.Ed25519[:], HPKE: b.HPKE, Token: b.Token[:]}
}

func streamsOf(list []media.StreamInfo) []stream {
	out := make([]stream, len(list))
	for i, s := range list {
		out[i] = stream{Ctx: s.Ctx, MID: s.MID, RID: s.RID, Kind: uint8(s.Kind), Codec: string(s.Codec)}
	}
	return out
}

func declared(list []stream) []e2ee.Stream {
	out := make([]e2ee.Stream, len(list))
	for i, s := range list {
		out[i] = e2ee.Stream{Ctx: s.Ctx, MID: s.MID, RID: s.RID, Kind: s.Kind, Codec: s.Codec}
	}
	return out
}
