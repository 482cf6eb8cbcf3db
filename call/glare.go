package call

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// A crossing is an Invite from somebody whom we are ringing.
type crossing struct {
	transport signal.Transport
	message   e2ee.Message
	hash      hash
	at        time.Time // when it came
}

// glare lets two calls that cross become one. Both sides have consented to their own Dial's media, so the call with the
// higher id goes on, and the lower one becomes its other end. It says no if there is no such call of ours any more.
func (c *Client) glare(mine *Call, x crossing) bool {
	m := x.message
	if id := mine.ID(); string(id[:]) > string(m.Call[:]) {
		return mine.crossed(x) // the other side yields
	}
	body, err := decode[inviteBody](m.Body, maxBody)
	if err != nil {
		c.count(func(s *ClientStats) { s.Malformed++ })
		return true
	}
	if !supported(body) {
		c.ring(x.transport, m, x.hash, c.who(m.From, x.transport), declineUnsupported)
		return true
	}
	if !mine.crossed(x) {
		return false
	}
	mine.post(yielded{transport: x.transport, invitation: invitation{message: m, hash: x.hash, body: body}})
	return true
}

// crossed keeps the latest Invite that crosses a call that we dialled, as long as nobody has answered that.
func (c *Call) crossed(x crossing) (kept bool) {
	c.change(func(v *view) {
		if kept = v.role == caller && v.state <= StateRinging; kept {
			v.crossing = &x
		}
	})
	return kept
}

// recall lets an Invite ring that crossed a call of ours which has ended without an answer, and without becoming its other
// end. Whoever sent it may not have had ours, and its repetitions count as seen. Once its caller has given up it is too late.
func (c *Client) recall(x crossing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if time.Since(x.at) >= reachTime {
		c.counts.Stale++
		return
	}
	c.readers.Add(1) // Close waits for them, and has not begun
	go func() {
		defer c.readers.Done()
		c.decide(x, false)
	}()
}

// yield makes this call, which we dialled, the callee's end of the other side's Invite, answered with our media: both
// rang at once, and the other side's call has the higher id. This loop ends and another takes over; the Call stays.
func (l *loop) yield(y yielded) {
	if l.machine.role != caller || l.machine.state > StateRinging {
		return
	}
	if l.client.withdrawn(callKey{l.call.peer, y.invitation.message.Call}, y.invitation.hash) {
		return // ours goes on
	}
	l.replaced = true
	if l.stored != nil {
		l.stored(nil)
		l.stored = nil
	}
	l.sendCancel(fxCancel{Reason: AnsweredElsewhere}) // the other side ignores it, but its other devices must not ring on
	l.media.keep()
	c := l.call
	if err := c.client.renamed(c, y.invitation.message.Call); err != nil {
		l.undo()
		within(stopTime, l.media.again().close)
		c.finished(Ended{Reason: Closed, Err: err})
		return
	}
	go l.takeOver(y) // Client.Close waits for the call, and so for this
}

// takeOver opens the callee's mailbox, which takes the network, and starts the loop that goes on. Close and Hangup end it.
func (l *loop) takeOver(y yielded) {
	c, lent := l.call, l.media.again()
	ctx, cancel := context.WithTimeout(c.client.ctx, reachTime)
	defer cancel()
	c.change(func(v *view) {
		if v.abort = cancel; v.hung != 0 {
			cancel() // meanwhile
		}
	})
	l.lastMessages(closeTime)
	l.undo()
	next, err := answering(ctx, c, y.transport, y.invitation)
	c.change(func(v *view) { v.abort = nil })
	if err != nil {
		within(stopTime, lent.close)
		c.abandon(err)
		return
	}
	next.step(inStart{})
	next.media, next.control.chats = lent, l.control.chats
	next.step(inAnswer{next.keys.invite.Late})
	next.run()
}
