package call

import "time"

// takeAsCaller is set-up seen by the side that dialled.
func (m *machine) takeAsCaller(now time.Time, in input) []effect {
	switch in := in.(type) {
	case inRinging:
		if m.state == StateDialing && in.Ref == m.invite {
			m.clocks.stop(timerReach, timerResend)
			return m.become(StateRinging)
		}
	case inAccept:
		return m.accepted(now, in)
	case inDecline:
		if (m.state == StateDialing || m.state == StateRinging) && in.Ref == m.invite {
			return m.declined(now, in)
		}
	}
	return nil
}

// declined ends the call on all devices of the other side. That one of them cannot take it, for its clock or its version, is
// nobody's answer: another may ring, now or within a moment. A device that rings has the right time; it may find after the
// accept that no codec fits.
func (m *machine) declined(now time.Time, in inDecline) []effect {
	switch r := in.Reason.end(); {
	case r == ClockSkew && m.state == StateRinging:
		return nil
	case (r == ClockSkew || r == Unsupported) && m.state == StateDialing:
		if m.unable == nil {
			m.unable = &in
			m.clocks.set(timerReach, now.Add(deviceTime))
		}
		return nil
	}
	return m.refused(in)
}

func (m *machine) refused(in inDecline) []effect {
	r := in.Reason.end()
	return m.end(fxEnd{Reason: r, Remote: true}, fxCancel{Reason: r, Winner: in.Hash})
}

// accepted takes the first Accept and makes the group for it. The same one again means that the Welcome was lost; any
// other is another device that was too late, which the Cancel has told or will tell.
func (m *machine) accepted(now time.Time, in inAccept) []effect {
	if in.Ref != m.invite {
		return nil
	}
	switch {
	case m.state == StateDialing || m.state == StateRinging:
		m.accept, m.late = in.Hash, in.Late
		m.clocks.stop(timerReach, timerRing, timerResend)
		m.clocks.set(timerSetup, now.Add(setupTime))
		return append(m.become(StateConnecting), fxGroup{in.Hash})
	case in.Hash == m.accept && m.epoch == 1:
		return []effect{fxSend{msgWelcome}}
	}
	return nil
}

// takeAsCallee is set-up seen by the side that was rung.
func (m *machine) takeAsCallee(now time.Time, in input) []effect {
	switch in := in.(type) {
	case inInvite:
		if m.state == StateRinging {
			return []effect{fxSend{msgRinging}}
		}
	case inAnswer:
		if m.state == StateRinging {
			m.late = in.Late
			m.clocks.stop(timerRing)
			m.clocks.set(timerSetup, now.Add(setupTime))
			m.repeat(now, msgAccept)
			return append(m.become(StateConnecting), fxPrepare{})
		}
	case inRefuse:
		if m.state == StateRinging || m.state == 0 {
			return m.end(fxEnd{Reason: EndReason(in.Reason)}, fxDecline(in))
		}
	case inCancel:
		return m.cancelled(in)
	case inWelcome:
		if m.state == StateConnecting && m.sealed && m.welcome == (hash{}) && in.Ref == m.accept {
			m.welcome = in.Hash
			m.clocks.stop(timerResend)
			return []effect{fxJoin{in.Hash}}
		}
	}
	return nil
}

// cancelled ends a call that this side has not won. Once the group is joined only a Bye ends it.
func (m *machine) cancelled(in inCancel) []effect {
	if in.Ref != m.invite || m.epoch > 0 || in.Winner != (hash{}) && in.Winner == m.accept {
		return nil
	}
	r := in.Reason
	if in.Winner != (hash{}) {
		r = AnsweredElsewhere
	}
	return m.end(fxEnd{Reason: r, Remote: true})
}
