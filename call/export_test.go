package call

import "time"

// What a hostile or unlucky side does, for tests that have no other way to bring it about.

// ErrNoServers is why a call found no path, where it is.
var ErrNoServers = errNoServers

// RenewByRelay makes new keys, as before the channel is open.
func RenewByRelay(c *Call) {
	c.post(task(func(l *loop) {
		l.control.open = false
		l.step(inRenew{})
		l.control.open = true
	}))
}

// FloodUpdates asks the committer for new keys without a pause.
func FloodUpdates(c *Call, n int) {
	c.post(task(func(l *loop) {
		for range n {
			l.update()
		}
	}))
}

// Slept makes a call that rings for us as old as if the machine had been suspended for that long.
func Slept(in *Incoming, d time.Duration) {
	in.call.post(task(func(l *loop) {
		l.invitation.message.Time = l.invitation.message.Time.Add(-d)
	}))
}
