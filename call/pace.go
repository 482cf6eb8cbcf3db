package call

import "time"

// A pace lets a burst through, and after it one for each interval: what an honest peer causes passes, and a flood is
// answered no more often than that. The zero value is ready.
type pace struct{ next time.Time } // when the next is due if none had been saved up

func (p *pace) allow(now time.Time, every time.Duration, burst int) bool {
	if saved := now.Add(-time.Duration(burst-1) * every); p.next.Before(saved) {
		p.next = saved
	}
	if p.next.After(now) {
		return false
	}
	p.next = p.next.Add(every)
	return true
}
