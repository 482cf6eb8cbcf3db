package call

import (
	"errors"
	"slices"

	"github.com/sotto-calls/sotto/media"
)

// perform carries out effects, in order.
func (l *loop) perform(fx []effect) {
	for _, f := range fx {
		switch f := f.(type) {
		case fxState:
			l.entered(f.State)
		case fxSend:
			l.send(f.Type)
		case fxCancel:
			l.sendCancel(f)
		case fxDecline:
			l.sendDecline(f.Reason)
		case fxAck:
			l.direct(msgAck, ackBody{Epoch: f.Epoch, Authenticator: f.Auth[:], Got: f.Got})
		case fxBye:
			l.direct(msgBye, byeBody{Reason: uint8(f.Reason)})
			if f.Reason == Closed {
				l.byeByRelay(f.Reason) // nobody waits to see whether the first arrives
			}
		case fxPrepare:
			l.prepare()
		case fxGroup:
			l.makeGroup(f.Accept)
		case fxApply:
			l.apply()
		case fxJoin:
			l.join(f.Welcome)
		case fxSwitch:
			l.switchTo(f.Epoch)
		case fxStart:
			l.startSources()
		case fxOffer:
			l.offerUntaken()
		case fxCommit:
			l.commit()
		case fxRecommit:
			l.handshake(l.keys.committed)
		case fxUpdate:
			l.update()
		case fxRestart:
			l.negotiate(true)
		case fxEnd:
			l.end = &f
		}
	}
}

// entered publishes a change of state.
func (l *loop) entered(s State) {
	l.call.change(func(v *view) { v.state = s })
	switch s {
	case StateRinging:
		if l.machine.role == caller {
			l.emit(Ringing{})
		}
	case StateConnecting:
		l.emit(Accepted{})
	case StateConnected:
		l.emit(Connected{})
		l.connected()
	case StateReconnecting:
		l.emit(Reconnecting{})
	}
}

// observe is what the connection tells.
func (l *loop) observe(e media.Event) {
	switch e := e.(type) {
	case media.CandidateFound:
		l.found(e.Candidate)
	case media.GatheringDone:
		l.candidates.done = true
		l.sealAccept()
	case media.StateChanged:
		l.control.unsure = e.State != media.ConnConnected
		switch {
		case errors.Is(e.Err, media.ErrHandshake): // somebody else's certificate
			l.step(inFault{AuthFailed, e.Err})
			return
		case errors.Is(e.Err, media.ErrDescription): // the other side invents streams, and the connection has closed itself
			l.step(inFault{MediaFailed, e.Err})
			return
		}
		if p, ok := paths[e.State]; ok {
			l.step(inTransport{p})
		}
	case media.TrackAdded:
		l.emit(TrackAdded{e.Track})
	case media.TrackEnded:
		l.emit(TrackEnded{Track: e.Track})
	case media.FirstFrame:
		l.step(inFrame{})
	case media.ChannelOpen:
		l.control.open = true
		l.flushChats()
	case media.MessageReceived:
		l.arrived(e.Data)
	case media.SourceEnded:
		l.emit(TrackEnded{Track: l.sent(e), Sent: true, Err: e.Err})
	case media.SinkFailed:
		l.emit(TrackEnded{Track: l.track(e.MID), Err: e.Err})
	}
}

var paths = map[media.ConnState]path{media.ConnConnected: pathUp, media.ConnDisconnected: pathDown, media.ConnFailed: pathDead}

// mediaReason is how a call ends on an error of the connection.
func mediaReason(err error) EndReason {
	switch {
	case errors.Is(err, media.ErrFingerprint):
		return AuthFailed
	case errors.Is(err, media.ErrCodec):
		return Unsupported
	}
	return MediaFailed
}

// prepare is the callee's local accept: only now is the offer parsed, and are candidates gathered.
func (l *loop) prepare() {
	offer, want := string(l.invitation.body.Offer), hash(l.invitation.body.DTLS)
	m := l.media
	l.worker.do(func(w *worker) task {
		w.receive = m.Receive
		conn, err := media.NewConn(w.config(l.client.config, true))
		if err != nil {
			return failed(MediaFailed, err)
		}
		w.made = conn
		answer, err := conn.Answer(offer, want, m.Send, m.receives())
		if err != nil {
			within(stopTime, m.close) // those that the connection did not take; closing twice does no harm
		}
		return func(l *loop) {
			l.adopt(conn)
			if err != nil {
				l.step(inFault{mediaReason(err), err})
				return
			}
			l.candidates.answer = answer
			l.gather()
		}
	})
}

// apply is the caller's reaction to an Accept that was found authentic.
func (l *loop) apply() {
	answer, want, conn := string(l.accept.body.Answer), l.keys.dtlsTheirs, l.conn
	theirs := l.accept.body.Candidates
	l.worker.do(func(*worker) task {
		if err := conn.Accept(answer, want); err != nil {
			return failed(mediaReason(err), err)
		}
		addAll(conn, theirs)
		return nil
	})
}

// startSources lets media flow, unless the keys to seal it with have failed just before.
func (l *loop) startSources() {
	if l.failed {
		return
	}
	for _, s := range l.conn.Streams() {
		if l.media.mutes(s.Kind) && !slices.Contains(l.control.chosen, s.Ctx) {
			if err := l.mute(s.Ctx, true); err != nil {
				l.step(inFault{MediaFailed, err})
				return
			}
		}
	}
	l.flowing = true
	l.conn.Start()
}

// adopt makes conn the call's connection.
func (l *loop) adopt(conn *media.Conn) {
	l.conn = conn
	l.call.change(func(v *view) { v.conn = conn })
}

func failed(r EndReason, err error) task {
	return func(l *loop) { l.step(inFault{r, err}) }
}

// addAll gives the connection the candidates of the other side. Those that it refuses are counted there.
func addAll(conn *media.Conn, list []candidate) {
	for _, c := range list {
		_ = conn.AddCandidate(media.Candidate{MID: c.MID, Line: c.Line})
	}
}

// sent describes a track of ours. The other side may send one of its own in the same section, in another codec.
func (l *loop) sent(e media.SourceEnded) media.TrackInfo {
	for _, s := range l.call.Streams() {
		if s.Ctx == e.Ctx {
			return ours(s)
		}
	}
	return media.TrackInfo{MID: e.MID}
}

func ours(s media.StreamInfo) media.TrackInfo {
	return media.TrackInfo{MID: s.MID, Kind: s.Kind, Codec: s.Codec}
}

func (l *loop) track(mid string) media.TrackInfo {
	if l.conn != nil {
		for _, t := range l.conn.Tracks() {
			if t.MID == mid {
				return t
			}
		}
		for _, s := range l.conn.Streams() {
			if s.MID == mid {
				return ours(s)
			}
		}
	}
	return media.TrackInfo{MID: mid}
}
