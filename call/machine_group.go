package call

import "time"

// grouped is a new epoch: the first one, or one by a Commit. Its receive keys are installed already.
func (m *machine) grouped(now time.Time, in inGroup) []effect {
	if m.state < StateConnecting || in.Epoch <= m.epoch {
		return nil
	}
	first := m.epoch == 0
	m.epoch, m.auth, m.acked = in.Epoch, in.Auth, false
	m.clocks.set(timerAck, now.Add(ackTime))
	m.clocks.set(timerAckLost, now.Add(lostTime))
	m.clocks.set(timerRekey, now.Add(rekeyTime))
	var fx []effect
	if first && m.role == caller {
		fx = append(fx, fxSend{msgWelcome})
	}
	fx = append(fx, fxAck{m.epoch, m.auth, false})
	if first && m.role == caller {
		fx = append(fx, fxApply{}, fxCancel{Reason: AnsweredElsewhere, Winner: m.accept})
	}
	if first || m.role == callee { // the committer installed its receive keys before it sent the Commit
		fx = append(fx, m.switchKeys()...)
	} else {
		m.clocks.set(timerSwitch, now.Add(switchTime))
	}
	if a := m.ahead; a != nil {
		m.ahead = nil
		fx = append(fx, m.acknowledged(now, *a)...)
	}
	return append(fx, m.connect(now)...)
}

// acknowledged compares the other side's view of the epoch with ours. In a call for two there is one committer, so two
// authenticators under one number mean that it equivocates.
func (m *machine) acknowledged(now time.Time, in inAck) []effect {
	switch {
	case m.accept == (hash{}) || in.Ref != m.accept || in.Epoch < m.epoch:
		return nil
	case in.Epoch > m.epoch:
		if in.Epoch == m.epoch+1 && m.ahead == nil {
			m.ahead = &in
		}
		return nil
	case in.Auth != m.auth:
		return m.end(fxEnd{Reason: AuthFailed, Cause: errAuth}, fxBye{AuthFailed})
	}
	m.acked = true
	m.clocks.stop(timerAck, timerAckLost)
	var fx []effect
	if !in.Got {
		fx = append(fx, fxAck{m.epoch, m.auth, true})
	}
	fx = append(fx, m.switchKeys()...)
	fx = append(fx, m.connect(now)...)
	return append(fx, m.renewIfWanted(now)...)
}

// switchKeys seals with the newest epoch from now on.
func (m *machine) switchKeys() []effect {
	m.clocks.stop(timerSwitch)
	if m.switched == m.epoch {
		return nil
	}
	m.switched = m.epoch
	return []effect{fxSwitch{m.epoch}}
}

// renew starts a new epoch, or asks the committer for one. One at a time: not while the last is unacknowledged.
func (m *machine) renew(now time.Time) []effect {
	if m.state != StateConnected || m.role == caller && !m.acked {
		m.renewal = true // when the path is back, and the last epoch acknowledged
		return nil
	}
	if soonest := m.renewed.Add(renewPause); now.Before(soonest) {
		m.clocks.set(timerRekey, soonest) // the other side may ask as often as it likes
		return nil
	}
	m.renewal, m.renewed = false, now
	m.clocks.set(timerRekey, now.Add(rekeyTime))
	if m.role == callee {
		return []effect{fxUpdate{}}
	}
	return []effect{fxCommit{}}
}

// renewIfWanted makes up for a renewal that had to wait.
func (m *machine) renewIfWanted(now time.Time) []effect {
	if !m.renewal {
		return nil
	}
	return m.renew(now)
}

// transport is what ICE and DTLS report.
func (m *machine) transport(now time.Time, p path) []effect {
	if m.state < StateConnecting {
		return nil
	}
	if m.up = p == pathUp; m.up {
		m.restarted = time.Time{}
	}
	switch {
	case m.up && m.state == StateReconnecting:
		m.clocks.stop(timerLost, timerRestart)
		return append(append(m.become(StateConnected), fxSwitch{m.switched}), m.renewIfWanted(now)...)
	case m.up:
		return m.connect(now)
	case m.state == StateConnected:
		m.clocks.set(timerLost, now.Add(lostTime))
		return append(m.become(StateReconnecting), m.lost(now)...)
	case m.state == StateConnecting && p == pathDead:
		return m.end(fxEnd{Reason: IceFailed}, fxBye{IceFailed})
	}
	return nil
}

// lost looks for another path: the caller at once, the callee a little later. A restart that is under way, by whichever
// side, gets its time first: each one throws away what the last has found.
func (m *machine) lost(now time.Time) []effect {
	wait := time.Duration(0)
	if m.role == callee {
		wait = politeTime
	}
	if !m.restarted.IsZero() {
		wait = max(wait, m.restarted.Add(restartTime).Sub(now))
	}
	if wait <= 0 {
		return m.restart(now)
	}
	m.clocks.set(timerRestart, now.Add(wait))
	return nil
}

// roam is a change of network that the application knows of: it does not wait for ICE to notice.
func (m *machine) roam(now time.Time) []effect {
	if m.state != StateConnected && m.state != StateReconnecting {
		return nil
	}
	return m.restart(now)
}

// restart starts ICE anew from this side.
func (m *machine) restart(now time.Time) []effect {
	m.underWay(now)
	return []effect{fxRestart{}}
}

// underWay is that ICE starts anew, from either side.
func (m *machine) underWay(now time.Time) {
	m.restarted = now
	if m.state == StateReconnecting {
		m.clocks.set(timerRestart, now.Add(restartTime))
	}
}

// connect starts the sources when the path and the group are there: whom the keys are for is proved by then, and frames
// need not wait for the Ack, unless the other side is late. It goes to StateConnected when the other side has proved that
// it has the same keys.
func (m *machine) connect(now time.Time) []effect {
	proved := m.acked || m.opened
	if m.state != StateConnecting || !m.up || m.epoch == 0 || m.late && !proved {
		return nil
	}
	var fx []effect
	if !m.started {
		m.started, m.startedAt = true, now
		fx = append(fx, fxStart{})
	}
	if !proved {
		return fx
	}
	m.clocks.stop(timerSetup, timerResend)
	fx = append(fx, m.become(StateConnected)...)
	if now.Sub(m.startedAt) > lateProof { // what the other side could not open by then may be lost
		fx = append(fx, fxSwitch{m.switched})
	}
	if m.role == callee {
		fx = append(fx, fxOffer{})
	}
	return append(fx, m.renewIfWanted(now)...)
}
