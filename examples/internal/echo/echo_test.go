package echo

import (
	"io"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// What cannot be sent back is dropped up to the next key frame, and one is asked for; nothing grows without end.
func TestMirrorIsBounded(t *testing.T) {
	e := New(media.Kinds{Video: true, Audio: true})
	asked := 0
	e.Upstream(func() { asked++ })
	video, audio := e.Mirror(media.Video), e.Mirror(media.Audio)
	for i := range backlog + 5 {
		video.Put(media.Frame{Time: time.Duration(i), Key: i == 0})
		audio.Put(media.Frame{Time: time.Duration(i), Key: true})
	}
	if e.Dropped() != 10 || asked != 5 {
		t.Errorf("%d dropped, %d times asked for a key frame; want 10 and 5", e.Dropped(), asked)
	}
	for range 3 {
		if _, err := video.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	video.Put(media.Frame{Time: 1000})            // depends on what was dropped
	video.Put(media.Frame{Time: 1001, Key: true}) // does not
	video.Put(media.Frame{Time: 1002})
	for i := 3; i < backlog; i++ {
		if f, err := video.Read(t.Context()); err != nil || f.Time != time.Duration(i) {
			t.Fatalf("frame %d: %v, %v", i, f.Time, err)
		}
	}
	for _, want := range []time.Duration{1001, 1002} {
		if f, err := video.Read(t.Context()); err != nil || f.Time != want {
			t.Fatalf("read %v, %v, want %v", f.Time, err, want)
		}
	}
	video.Close()
	if _, err := video.Read(t.Context()); err != io.EOF {
		t.Errorf("after Close: %v", err)
	}
}
