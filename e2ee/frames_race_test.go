package e2ee

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// Frames flow while epochs change under them: no data race (with -race), every frame that was sealed opens, no nonce twice.
func TestFramesConcurrently(t *testing.T) {
	bubble(t, func(t *testing.T) {
		alice, bob := NewFrames(frameSuite, nil), NewFrames(frameSuite, nil)
		install := func(epoch uint64) {
			for own, f := range []*Frames{alice, bob} {
				e := FrameEpoch{Number: epoch, BaseKey: baseKeyOf(epoch), Own: uint32(own), Leaves: []uint32{0, 1}}
				if err := f.Install(e); err != nil {
					t.Error(err)
				}
			}
		}
		install(1)
		var stop atomic.Bool
		var all sync.WaitGroup
		for _, s := range []Stream{micStream, cameraStream, screenStream} {
			sealer, opener := alice.Sealer(s.Ctx), bob.Opener(0, s.MID)
			if err := bob.Declare(0, []Stream{s}); err != nil {
				t.Fatal(err)
			}
			all.Go(func() { flow(t, sealer, opener, &stop) })
		}
		all.Go(func() {
			defer stop.Store(true)
			for epoch := uint64(1); epoch < 60; epoch++ {
				time.Sleep(time.Millisecond) // in virtual time: when the streams rest
				if err := alice.SwitchSend(epoch); err != nil {
					t.Error(err)
				}
				install(epoch + 1)
				bob.Expire(time.Now())
				_ = bob.Declare(0, []Stream{micStream})
				_, _ = alice.Stats(), bob.Stats()
			}
		})
		all.Wait()
		if a, b := alice.Stats(), bob.Stats(); a.Sealed != b.Opened || b.Dropped() != 0 || a.Sealed < 1000 {
			t.Errorf("sealed %+v, opened %+v", a, b)
		}
	})
}

func flow(t *testing.T, sealer *FrameSealer, opener *FrameOpener, stop *atomic.Bool) {
	var last sframe.Header
	for n := 0; !stop.Load(); n++ {
		if n%64 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
		sealed, err := sealer.Seal(nil, nil, []byte("frame"))
		if errors.Is(err, ErrNoKey) {
			continue // a switch in the middle, or none yet
		}
		if err != nil {
			t.Error(err)
			return
		}
		h, _, _ := sframe.ParseHeader(sealed)
		// Counters under one KID go up by one; another KID, of the next epoch, begins at 0.
		if h.KID == last.KID && h.CTR != last.CTR+1 || h.KID != last.KID && h.CTR != 0 {
			t.Errorf("%+v after %+v", h, last)
		}
		last = h
		if got, err := opener.Open(nil, nil, sealed); err != nil || string(got) != "frame" {
			t.Errorf("opened %q, %v", got, err)
		}
	}
}

// A second goroutine on a sealer or opener is told, and shares nothing.
func TestFramesInUse(t *testing.T) {
	// Fails if Seal or Open does not take busy.
	alice, bob := framePair(t)
	sealer, opener := alice.Sealer(0), bob.Opener(0, "0")
	sealer.busy.Store(true)
	opener.busy.Store(true)
	_, err1 := sealer.Seal(nil, nil, nil)
	if _, err2 := opener.Open(nil, nil, nil); err1 != errBusy || err2 != errBusy || bob.Stats().Busy != 1 {
		t.Errorf("in use: %v, %v", err1, err2)
	}
}

// Four goroutines misuse one sealer, then one opener: no counter is used twice and no frame opens twice.
func TestFramesMisuse(t *testing.T) {
	alice, bob := framePair(t)
	sealer, opener := alice.Sealer(0), bob.Opener(0, "0")
	var mu sync.Mutex
	counters := make(map[uint64][]byte)
	fourTimes(func() {
		for range 500 {
			sealed, err := sealer.Seal(nil, nil, []byte("frame"))
			if err == errBusy {
				continue
			}
			h, _, _ := sframe.ParseHeader(sealed)
			mu.Lock()
			if err != nil || counters[h.CTR] != nil {
				t.Errorf("%+v, %v, or seen before", h, err)
			}
			counters[h.CTR] = sealed
			mu.Unlock()
		}
	})
	var opened atomic.Int64
	fourTimes(func() {
		for _, sealed := range counters {
			_, err := opener.Open(nil, nil, sealed)
			if err == nil {
				opened.Add(1)
			} else if err != errBusy && !errors.Is(err, ErrReplay) {
				t.Error(err)
			}
		}
	})
	if n := opened.Load(); n > int64(len(counters)) {
		t.Errorf("%d frames were opened %d times", len(counters), n)
	}
}

func fourTimes(f func()) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(f)
	}
	group.Wait()
}
