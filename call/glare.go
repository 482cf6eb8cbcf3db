package call

import "context"

// yield makes this call, which we dialled, the callee's end of the other side's Invite, answered with our media: both
// rang at once, and the other side's call has the higher id. The loop ends and another takes over; the Call stays.
func (l *loop) yield(y yielded) {
	if l.machine.role != caller || l.machine.state > StateRinging {
		return
	}
	if l.stored != nil {
		l.stored(nil)
		l.stored = nil
	}
	c := l.call
	l.replaced = true
	c.client.leave(c)
	c.change(func(v *view) { v.id, v.role, v.conn = y.invitation.message.Call, callee, nil })
	l.media.keep()
	l.undo()
	lent := l.media.again()
	if err := c.client.enter(c, 0); err != nil {
		lent.close()
		c.finished(Ended{Reason: Closed, Err: err})
		return
	}
	ctx, cancel := context.WithTimeout(c.client.ctx, reachTime)
	defer cancel()
	next, err := answering(ctx, c, y.transport, y.invitation)
	if err != nil {
		lent.close()
		c.abandon(err)
		return
	}
	next.step(inStart{})
	next.media = lent
	next.step(inAnswer{})
	go next.run()
}
