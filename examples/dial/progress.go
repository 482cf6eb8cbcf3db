package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A display is one line that is written over on a terminal, and a line now and then elsewhere.
type display struct {
	w        io.Writer
	terminal bool
	open     bool // the line on the terminal has no end yet
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

// show writes how far the call is.
func (d *display) show(t *talk) {
	if !d.terminal && time.Since(d.last) < 2*time.Second {
		return
	}
	d.last = time.Now()
	var sent, back [3]uint64
	var failed uint64
	s := t.call.Stats().Media
	for _, r := range s.Sent {
		sent[r.Kind] += r.Frames
	}
	for _, r := range s.Received {
		back[r.Kind] += r.Opened
		failed += r.FailedSum()
	}
	line := fmt.Sprintf("  %4.1f s  %d pictures and %d sounds sent, %d and %d back; %d failed", time.Since(t.connected).Seconds(),
		sent[media.Video], sent[media.Audio], back[media.Video], back[media.Audio], failed)
	if !d.terminal {
		fmt.Fprintln(d.w, line)
		return
	}
	d.open = true
	fmt.Fprintf(d.w, "\r%s ", line)
}

// end begins a new line if one is needed.
func (d *display) end() {
	if d.open {
		fmt.Fprintln(d.w)
	}
	d.open = false
}
