//go:build unix

package call_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
)

// BenchmarkSetUp is a whole call over the loopback interface without any delay: from the answer to the first opened frame
// of every track at both sides, and what processor time both sides took from the dial to the end. Most of the time per
// operation is the wait for the peer's close.
func BenchmarkSetUp(b *testing.B) {
	n := calltest.New(b, calltest.Options{Configure: func(_ string, c *call.Config) {
		c.Admit = call.ContactsOnly(c.Contacts, call.Limits{Rings: -1})
		c.Media.Net, c.Media.Loopback = nil, true
	}})
	var answered time.Duration
	before := processorTime(b)
	for b.Loop() {
		answered += oneCall(b, n)
	}
	b.ReportMetric(float64(answered.Microseconds())/1e3/float64(b.N), "answer-to-frames-ms")
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1e3/float64(b.N), "cpu-ms/call")
}

func oneCall(b *testing.B, n *calltest.Net) time.Duration {
	s := &scene{Net: n}
	atAlice, atBob := newFirsts(), newFirsts()
	m := s.send()
	m.Receive = atAlice.track
	var err error
	s.alice, err = n.Alice.Client.Dial(b.Context(), n.Alice.Peer, m)
	check(b, err)
	in, err := n.Bob.Client.Accept(b.Context())
	check(b, err)
	m = s.send()
	m.Receive = atBob.track
	start := time.Now()
	s.bob, err = in.Answer(b.Context(), m)
	check(b, err)
	took := max(atAlice.last(b, start), atBob.last(b, start))
	check(b, s.alice.Close())
	<-s.bob.Done()
	return took
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
