package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A peer that begins track after track gets files for a few of them, and one line for the others.
func TestMostTracks(t *testing.T) {
	var mu sync.Mutex
	var said []string
	logf := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprintf(format, args...))
	}
	r, err := begin(t.TempDir(), 1<<20, logf)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.participant("participant-1", false)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.open(f)
	for n := range 50 {
		codec := []media.Codec{media.PCMU, media.PCMA}[n%2]
		k := g.track(media.TrackInfo{Kind: media.Audio, Codec: codec, ClockRate: 8000, Channels: 1}, logf)
		if err := k.WriteFrame(media.Frame{Data: make([]byte, 160), Time: time.Duration(n) * time.Second, Duration: 20 * time.Millisecond}); err != nil {
			t.Error(err)
		}
		k.Close()
	}
	r.finish()
	if files := strings.Fields(names(t, r.folder.path)); len(files) != mostTracks+1 { // and mix.wav
		t.Errorf("%d files: %q", len(files), files)
	}
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(said, "\n"); strings.Count(all, "is not recorded") != 1 {
		t.Errorf("it said\n%s", all)
	}
}

// Beeps that nobody hears, because the call is on hold, are not heard in a row after it.
func TestBeepsOnHold(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: grace}, beep: true}, func(s *stage) {
		a := s.ring(false)
		time.Sleep(grace + 2*time.Second)
		if err := a.call.Hold(s.t.Context(), true); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(5*time.Minute + time.Second)
		if err := a.call.Hold(s.t.Context(), false); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		a.hangUp()
	})
	samples := readMix(t, one(t, out))
	loud := 0
	for piece := samples[len(samples)-6*48000:]; len(piece) >= 4800; piece = piece[4800:] {
		if amplitude(piece[:4800], beepTone) > 300 {
			loud++
		}
	}
	if loud > 4 {
		t.Errorf("%d ms of beeps after the hold", 100*loud)
	}
}
