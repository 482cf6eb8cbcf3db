package call_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
)

// A clock source yields numbered frames at a steady pace. What is in them is for the test alone: nothing decodes them.
type clock struct {
	info  media.TrackInfo
	every time.Duration
	count int
	size  int

	mu     sync.Mutex
	start  time.Time
	n      int
	closed bool
	closes int
}

func camera(count int) *clock {
	return &clock{info: media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000, Label: "camera"}, every: time.Second / 25, count: count, size: 3000}
}

func microphone(count int) *clock {
	return &clock{info: media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2, Label: "microphone"}, every: 20 * time.Millisecond, count: count, size: 80}
}

func (c *clock) Track() media.TrackInfo { return c.info }

func (c *clock) Read(ctx context.Context) (media.Frame, error) {
	c.mu.Lock()
	if c.start.IsZero() {
		c.start = time.Now()
	}
	n, start := c.n, c.start
	c.n++
	c.mu.Unlock()
	if n >= c.count {
		return media.Frame{}, io.EOF
	}
	due := time.Duration(n) * c.every
	select {
	case <-time.After(time.Until(start.Add(due))):
	case <-ctx.Done():
		return media.Frame{}, ctx.Err()
	}
	return media.Frame{Data: c.frame(n), Time: due, Duration: c.every, Key: c.info.Kind == media.Audio || n%50 == 0}, nil
}

func (c *clock) frame(n int) []byte {
	b := bytes.Repeat([]byte{byte(n), 0x55, byte(c.info.Kind)}, c.size/3)
	binary.BigEndian.PutUint32(b, uint32(n))
	if c.info.Codec == media.H264 { // which is looked through for a slice
		b = append([]byte{0, 0, 0, 1, 0x41, 0x9a}, b...)
	}
	return b
}

func (c *clock) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.closes++
	return nil
}

func (c *clock) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// A tape keeps the frames of all tracks that were received.
type tape struct {
	mu     sync.Mutex
	frames map[media.Kind][][]byte
	closed map[media.Kind]bool
	first  time.Time
}

func newTape() *tape {
	return &tape{frames: make(map[media.Kind][][]byte), closed: make(map[media.Kind]bool)}
}

func (t *tape) track(info media.TrackInfo) media.Sink { return reel{t, info.Kind} }

type reel struct {
	tape *tape
	kind media.Kind
}

func (r reel) WriteFrame(f media.Frame) error {
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	if r.tape.first.IsZero() {
		r.tape.first = time.Now()
	}
	r.tape.frames[r.kind] = append(r.tape.frames[r.kind], bytes.Clone(f.Data))
	return nil
}

func (r reel) Close() error {
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	r.tape.closed[r.kind] = true
	return nil
}

// check asserts that the tape holds exactly the frames of a source, in order.
func (t *tape) check(tb testing.TB, c *clock) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	got := t.frames[c.info.Kind]
	if len(got) != c.count {
		tb.Errorf("%v: %d frames received, want %d", c.info.Kind, len(got), c.count)
	}
	for i, f := range got {
		if i < c.count && !bytes.Equal(f, c.frame(i)) {
			tb.Fatalf("%v: frame %d differs: starts %x", c.info.Kind, i, f[:min(8, len(f))])
		}
	}
}

func (t *tape) count(k media.Kind) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.frames[k])
}

// until takes events until one fits, and fails at the end of the call.
func until[E call.Event](tb testing.TB, c *call.Call, why string) E {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour)
	defer cancel()
	var seen []string
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			tb.Fatalf("%s: %v; events: %v", why, err, seen)
		}
		if e, ok := ev.(E); ok {
			return e
		}
		if e, ok := ev.(call.Ended); ok {
			tb.Fatalf("%s: %v; events: %v", why, e, seen)
		}
		seen = append(seen, fmt.Sprintf("%T", ev))
	}
}
