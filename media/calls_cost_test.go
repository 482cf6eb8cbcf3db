//go:build unix

package media_test

import (
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// calls runs whole calls over the loopback interface, each with two clients, identities and contacts of its own, and says
// what they took.
func calls(t *testing.T, count int, d time.Duration) (c media.Cost) {
	t.Run("calls", func(t *testing.T) { // what it opens is gone at its end
		var frames atomic.Int64
		for range count {
			steadyCall(t, &frames)
		}
		c = media.Measure(d, &frames)
	})
	return c
}

// bare is the same with bare connections.
func bare(t *testing.T, run func(testing.TB, int, time.Duration) media.Cost, count int, d time.Duration) (c media.Cost) {
	t.Run("bare", func(t *testing.T) { c = run(t, count, d) })
	return c
}

// steadyCall sets up one call that runs until the end of the test.
func steadyCall(t *testing.T, frames *atomic.Int64) {
	n := calltest.New(t, calltest.Options{Configure: func(_ string, c *call.Config) {
		c.Media.Net, c.Media.Loopback = nil, true
	}})
	m := func() call.Media {
		return call.Media{
			Send:    []media.Source{media.NewSteady(media.Audio), media.NewSteady(media.Video)},
			Receive: func(media.TrackInfo) media.Sink { return media.NewCountingSink(frames) },
		}
	}
	c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, m())
	if err != nil {
		t.Fatal(err)
	}
	in, err := n.Bob.Client.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Answer(t.Context(), m()); err != nil {
		t.Fatal(err)
	}
	for ev := range c.Events(t.Context()) {
		switch ev := ev.(type) {
		case call.Connected:
			return
		case call.Ended:
			t.Fatal(ev)
		}
	}
}

// TestCallsBesideBare: CPU and live heap of whole calls, keys and signalling and all, beside bare connections, interleaved,
// medians. SOTTO_LONG=1 is 20 calls for 20 s in 5 pairs, minutes on a quiet machine, and holds them to 1.15; another
// number is so many calls. Without it two calls run for a moment, and only what arrives is looked at.
func TestCallsBesideBare(t *testing.T) {
	count, rounds, d := 2, 1, time.Second
	long, _ := strconv.Atoi(os.Getenv("SOTTO_LONG"))
	if long == 1 {
		count, rounds, d = 20, 5, 20*time.Second
	} else if long > 1 {
		count, rounds, d = long, 3, 5*time.Second
	}
	for name, run := range map[string]func(testing.TB, int, time.Duration) media.Cost{
		"stock": media.BareStock, "alike": media.BareAlike,
	} {
		if long == 0 && name == "stock" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var cpu, heap []float64
			for range rounds {
				c, b := calls(t, count, d), bare(t, run, count, d)
				t.Logf("a frame costs %.0f µs, bare %.0f; heap %.1f MiB, bare %.1f", c.CPUPerFrame()/1e3, b.CPUPerFrame()/1e3, c.Heap()/(1<<20), b.Heap()/(1<<20))
				if want := int64(float64(count) * 2 * 80 * d.Seconds() * 0.9); long > 0 && (c.Frames() < want || b.Frames() < want) || c.Frames() == 0 {
					t.Errorf("%d frames arrived, bare %d, want more than %d", c.Frames(), b.Frames(), want)
				}
				cpu = append(cpu, c.CPUPerFrame()/b.CPUPerFrame())
				heap = append(heap, c.Heap()/b.Heap())
			}
			slices.Sort(cpu)
			slices.Sort(heap)
			t.Logf("CPU %.3f times bare, heap %.3f times", cpu[rounds/2], heap[rounds/2])
			if long > 0 && (cpu[rounds/2] > 1.15 || heap[rounds/2] > 1.15) {
				t.Errorf("CPU %.3f, heap %.3f times bare; 1.15 is allowed", cpu[rounds/2], heap[rounds/2])
			}
		})
	}
}
