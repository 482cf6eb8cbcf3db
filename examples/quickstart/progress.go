package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
)

// watch shows how the call goes on until Alice's clip has ended, the time is up, or somebody interrupts.
func (c *conversation) watch(ctx context.Context, say io.Writer, o options, length time.Duration) error {
	events := make(chan call.Event)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer close(events)
		for ev := range c.alice.Events(watching) {
			select {
			case events <- ev:
			case <-watching.Done():
				return
			}
		}
	}()
	var limit <-chan time.Time
	if o.duration > 0 {
		limit = time.After(o.duration)
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	d := newDisplay(say)
	defer d.end()
	for playing := 2; playing > 0; {
		select {
		case <-tick.C:
			d.show(c, time.Since(start), length)
		case <-limit:
			return nil
		case <-ctx.Done():
			return nil // Ctrl-C hangs up like the end of the clip
		case ev := <-events:
			switch ev := ev.(type) {
			case call.TrackEnded:
				if ev.Err != nil {
					return ev.Err
				}
				if ev.Sent {
					playing--
				}
			case call.Ended:
				return fmt.Errorf("%v", ev)
			}
		}
	}
	d.show(c, time.Since(start), length)
	return nil
}

// A display is one line that is written over on a terminal, and a line now and then elsewhere.
type display struct {
	w        io.Writer
	terminal bool
	last     time.Time
}

func newDisplay(w io.Writer) *display {
	f, ok := w.(*os.File)
	if !ok {
		return &display{w: w}
	}
	info, err := f.Stat()
	return &display{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (d *display) show(c *conversation, at, length time.Duration) {
	if !d.terminal && time.Since(d.last) < 2*time.Second {
		return
	}
	d.last = time.Now()
	bar := ""
	if length > 0 {
		full := min(20, int(20*at/length))
		bar = "[" + strings.Repeat("#", full) + strings.Repeat(".", 20-full) + "] "
	}
	var video, audio, failed uint64
	for _, r := range c.bob.Stats().Media.Received {
		failed += r.FailedSum()
		if r.Kind.String() == "video" {
			video = r.Opened
		} else {
			audio = r.Opened
		}
	}
	line := fmt.Sprintf("  %s%4.1f s  Bob has opened %d pictures and %d sounds; %d failed", bar, at.Seconds(), video, audio, failed)
	if d.terminal {
		fmt.Fprintf(d.w, "\r%s ", line)
	} else {
		fmt.Fprintln(d.w, line)
	}
}

func (d *display) end() {
	if d.terminal {
		fmt.Fprintln(d.w)
	}
}
