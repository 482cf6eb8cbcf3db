package media

import (
	"context"
	"time"
)

const tailWait = 2 * time.Second // how long the peer's report about the last packets may take

// Drain waits until every source has ended or is muted, and the peer has reported that it received what was sent; or until
// it has had 2 s for that. Call it before Close when the last frames matter. It returns ctx.Err() when ctx ends first.
func (c *Conn) Drain(ctx context.Context) error {
	var tail <-chan time.Time
	for {
		changed := c.progress.wait()
		quiet, acked, err := c.drained()
		if err != nil || quiet && acked {
			return err
		}
		if quiet && tail == nil {
			timer := time.NewTimer(tailWait)
			defer timer.Stop()
			tail = timer.C
		}
		select {
		case <-changed:
		case <-time.After(tailWait / 20):
		case <-tail:
			return nil
		case <-c.ctx.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drained reports whether nothing is on its way any more, and whether the peer has all of it.
func (c *Conn) drained() (quiet, acked bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed {
		return false, false, ErrClosed
	}
	quiet, acked = true, true
	for _, s := range c.sections {
		if s.sender == nil {
			continue
		}
		quiet = quiet && s.sender.quiet(c.started && !c.held && s.takes())
		if s.track.packets.Load() > 0 && s.peerTakes && !c.held { // on hold the peer counts nothing, and nothing is under way
			acked = acked && s.sender.acked.Load() == uint32(s.track.lastSeq.Load())
		}
	}
	return quiet, acked, nil
}

// Close ends everything: sources and sinks are closed, sockets too, and every goroutine of the connection has ended when
// it returns nil. When ctx ends first, Close returns its error and the rest ends in the background. Idempotent, legal in
// every state and from any goroutine except Notify's.
func (c *Conn) Close(ctx context.Context) error {
	c.closing.Do(func() { go c.shutDown() })
	select {
	case <-c.closed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// grace is how long a close waits for the peer's own to arrive and be dealt with. If both meet, the layer below waits
// 400 ms, under a lock, for an SCTP ABORT that the association can no longer send. The sides wait differently, so that
// two that close on each other's word do not meet.
func (c *Conn) grace() time.Duration {
	if c.cfg.Callee {
		return 3 * time.Millisecond
	}
	return time.Millisecond
}

// shutDown runs once, on a goroutine of its own: the layer below may take its time.
func (c *Conn) shutDown() {
	defer close(c.closed)
	c.cancel() // senders, reports
	c.mu.Lock()
	c.stage = stageClosed
	if c.candidates.next != nil {
		c.candidates.next.Stop()
	}
	sections := c.sections
	for _, s := range sections {
		if s.sender != nil {
			s.sender.end() // beside the rest: neither a device nor a network that takes its time holds up the other
		}
	}
	c.mu.Unlock()
	<-time.After(c.grace())
	if err := c.pc.GracefulClose(); err != nil {
		c.log.Debug("closing", "error", err)
	}
	c.workMu.Lock()
	c.over = true
	c.workMu.Unlock()
	c.work.Wait()
	for _, s := range sections {
		if s.receiver != nil {
			s.receiver.closeSink()
		}
	}
	c.releases.Wait() // last, since a device may hang
	c.setState(ConnClosed, nil)
}
