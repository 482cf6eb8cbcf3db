//go:build unix

package ffmpeg

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// usage is the processor time of this process, or of its children that have ended.
func usage(t testing.TB, who int) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What a camera of 640x360 at 30/s with sound costs, in ffmpeg (which paints the picture, too) and here.
func TestCost(t *testing.T) {
	if !testing.Verbose() {
		t.Skip("takes five seconds, and prints: -v")
	}
	need(t, "ffmpeg", "ffprobe")
	s := mustOpen(t, Format("lavfi", "testsrc2=size=640x360:rate=30[out0];"+tone+"[out1]", nil), Config{Bitrate: 800_000})
	ours, theirs := usage(t, syscall.RUSAGE_SELF), usage(t, syscall.RUSAGE_CHILDREN)
	start := time.Now()
	var reading sync.WaitGroup
	bytes := map[media.Kind]int{}
	var mu sync.Mutex
	for _, source := range s.Sources() {
		n := 150
		if source.Track().Kind == media.Audio {
			n = 250
		}
		reading.Go(func() {
			frames, _ := read(t.Context(), source, n)
			mu.Lock()
			defer mu.Unlock()
			for _, f := range frames {
				bytes[source.Track().Kind] += len(f.Data)
			}
		})
	}
	reading.Wait()
	took := time.Since(start)
	_ = s.Close()
	ours, theirs = usage(t, syscall.RUSAGE_SELF)-ours, usage(t, syscall.RUSAGE_CHILDREN)-theirs
	t.Logf("%v of 640x360 at 30/s, VP8, and Opus: ffmpeg %v (%.1f ms a picture), this process %v (%.2f ms a picture); video %d kbit/s, audio %d kbit/s",
		took.Round(time.Millisecond), theirs, float64(theirs.Microseconds())/150e3, ours, float64(ours.Microseconds())/150e3,
		int(float64(bytes[media.Video])*8/took.Seconds()/1000), int(float64(bytes[media.Audio])*8/took.Seconds()/1000))
	if ours > took/5 {
		t.Errorf("reading frames took %v of %v", ours, took)
	}
}

// A frame that goes through a queue takes no memory but its own.
func TestQueueAllocatesNothing(t *testing.T) {
	s := &Stream{live: true, changed: make(chan struct{}, 1)}
	s.audio = newSource(s, media.Audio)
	f := media.Frame{Data: []byte{1}, Key: true}
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		f.Time += 20 * time.Millisecond
		s.audio.offer(1, f)
		if _, err := s.audio.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
