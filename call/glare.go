package call

import "context"

// yield makes this call, which we dialled, the callee's end of the other side's Invite, answered with our media: both
// rang at once, and the other side's call has the higher id. This loop ends and another takes over; the Call stays.
func (l *loop) yield(y yielded) {
	if l.machine.role != caller || l.machine.state > StateRinging {
		return
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
		l.media.again().close()
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
		lent.close()
		if r := c.look().hung; r != 0 {
			c.finished(Ended{Reason: r})
			return
		}
		c.abandon(err)
		return
	}
	next.step(inStart{})
	next.media = lent
	next.step(inAnswer{next.keys.invite.Late})
	next.run()
}
