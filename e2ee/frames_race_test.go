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
				bob.DropLeaf(7)
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

// Two goroutines on one sealer or opener: one of them is told, nothing is shared. No nonce is used twice.
func TestFramesMisuse(t *testing.T) {
	// Fails if Seal or Open does not take busy.
	alice, bob := framePair(t)
	sealer := alice.Sealer(0)
	sealer.busy.Store(true)
	bob.Opener(0, "0").busy.Store(true)
	_, err1 := sealer.Seal(nil, nil, nil)
	if _, err2 := bob.open(0, "0", nil); err1 != errBusy || err2 != errBusy || bob.Stats().Busy != 1 {
		t.Errorf("in use: %v, %v", err1, err2)
	}
	sealer.busy.Store(false)
	bob.Opener(0, "0").busy.Store(false)
	var mu sync.Mutex
	var all [][]byte
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 500 {
				sealed, err := sealer.Seal(nil, []byte{1}, []byte("frame"))
				if err == nil {
					mu.Lock()
					all = append(all, sealed)
					mu.Unlock()
				} else if err != errBusy {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	counters := make(map[uint64]bool)
	for _, sealed := range all {
		h, _, err := sframe.ParseHeader(sealed)
		if err != nil || counters[h.CTR] {
			t.Fatalf("%+v, %v, or seen before", h, err)
		}
		counters[h.CTR] = true
	}
	var opened atomic.Uint64
	o := bob.Opener(0, "0")
	for range 4 {
		group.Go(func() {
			for _, sealed := range all {
				if _, err := o.Open(nil, []byte{1}, sealed); err == nil {
					opened.Add(1)
				} else if err != errBusy && !errors.Is(err, ErrReplay) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := opened.Load(); n > uint64(len(all)) {
		t.Errorf("%d frames were opened %d times", len(all), n)
	}
}
