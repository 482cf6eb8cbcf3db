package call

import (
	"context"
	"time"
)

// Bounds of an end.
const (
	echoTime  = time.Second            // a Bye is confirmed
	partTime  = 2 * time.Second        // the last messages reach the relay
	closeTime = 500 * time.Millisecond // the same, after Close
	stopTime  = 3 * time.Second        // the connection has ended
	quietTime = 500 * time.Millisecond // the sources are stopped, where the connection is stuck in a step
)

// finish takes a call down: the last messages leave, the connection closes, every key of the call is destroyed, and Ended
// is told. Each wait is bounded.
func (l *loop) finish(end fxEnd) {
	pathless := l.pathless(end.Reason)
	if l.conn != nil {
		l.call.quiet(l.conn) // nobody is heard while the end is told
	}
	if end.Wait && end.Reason != Closed && !l.awaitBye() {
		l.byeByRelay(end.Reason)
	}
	part := partTime
	if end.Reason == Closed {
		part = closeTime
	}
	if l.machine.role == caller && !end.Remote && end.Reason.missed() {
		l.leaveNotice()
	}
	l.worker.jobs.End()
	l.lastMessages(part)
	l.cancel()
	<-l.worker.done
	if end.Cause == nil && pathless && l.worker.alone {
		end.Cause = errNoServers // no server to find a path by
	}
	l.closeMedia()
	l.closeMail()
	l.keys.destroy()
	l.call.change(func(v *view) { v.frames = nil })
	l.call.finished(Ended{Reason: end.Reason, Remote: end.Remote, Err: end.Cause})
}

// pathless says that a call never found a path.
func (l *loop) pathless(r EndReason) bool {
	return (r == IceFailed || r == IceTimeout) && (l.conn == nil || l.conn.Stats().Local == "")
}

// awaitBye waits for the other side to confirm the end; then nothing that we sent is lost by closing.
func (l *loop) awaitBye() bool {
	ctx, cancel := context.WithTimeout(l.ctx, echoTime)
	defer cancel()
	for {
		v, err := l.call.inbox.Get(ctx)
		if err != nil {
			return false
		}
		if l.take(v); l.byed {
			return true
		}
	}
}

// byeByRelay repeats the Bye where it may get through.
func (l *loop) byeByRelay(r EndReason) {
	if l.keys.theirs.HPKE == nil {
		return
	}
	if p, _, err := l.keys.seal(l.keys.theirs, msgBye, encode(byeBody{Reason: uint8(r)})); err == nil {
		l.line.courier.send(p, nil)
	}
}

func (l *loop) lastMessages(limit time.Duration) {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	l.line.courier.finish()
	waits := []<-chan struct{}{l.line.courier.done}
	if l.invites != nil {
		l.invites.courier.finish()
		waits = append(waits, l.invites.courier.done)
	}
	for _, w := range waits {
		select {
		case <-w:
		case <-timeout.C:
			return
		}
	}
}

// closeMedia needs the worker to have ended.
func (l *loop) closeMedia() {
	if l.conn == nil {
		l.conn = l.worker.made
	}
	if l.conn == nil {
		within(stopTime, func() {
			for _, s := range l.media.Send {
				_ = s.Close() // the call owns sources that never came to a connection
			}
		})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := l.conn.Close(ctx); err != nil {
		l.client.config.Logger.Warn("a connection did not close in time", "error", err)
	}
}

// within waits for f, but no longer than limit: f goes on by itself then.
func within(limit time.Duration, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
	}
}

func (l *loop) closeMail() {
	if l.line != nil {
		_ = l.line.transport.Close()
		<-l.line.done
		<-l.line.courier.done
	}
	if l.invites != nil {
		_ = l.invites.transport.Close()
		<-l.invites.courier.done
	}
}
