package pulse_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media/pulse"
)

// TestClose: it ends who waits, leaves nothing, and may come twice.
func TestClose(t *testing.T) {
	plugIn(pulsetest.Start(t, "cable"), "cable")
	goroutines, files := runtime.NumGoroutine(), openFiles()
	for range 3 {
		in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
		read, wrote := make(chan error), make(chan error)
		go func() { _, err := record(t.Context(), in, 60*rate); read <- err }()
		go func() { wrote <- out.Write(t.Context(), make([]int16, 60*rate)) }()
		if _, err := record(t.Context(), openInput(t, pulse.Microphone("")), rate/20); err != nil { // both are at it now
			t.Fatal(err)
		}
		for range 2 {
			check(t, in.Close())
			check(t, out.Close())
		}
		if err := <-read; !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read: %v", err)
		}
		if err := <-wrote; !errors.Is(err, fs.ErrClosed) {
			t.Errorf("write: %v", err)
		}
		if _, err := in.Read(t.Context(), make([]int16, 1)); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	}
	// The listeners of the loop are still open: three goroutines, three sockets.
	for deadline := time.Now().Add(5 * time.Second); ; runtime.Gosched() {
		g, f := runtime.NumGoroutine()-goroutines, openFiles()-files
		if g <= 3 && f <= 3 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines and %d files more than before, of 3", g, f)
		}
	}
}

func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// TestContext: its end ends a wait and nothing else.
func TestContext(t *testing.T) {
	plugIn(pulsetest.Start(t, "cable"), "cable")
	in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := record(ctx, in, 60*rate); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if err := out.Write(ctx, make([]int16, 60*rate)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
	passes(t, in, out)
}

// TestLate has a reader who comes a second later: what it gets is at most 200 ms old.
func TestLate(t *testing.T) {
	plugIn(pulsetest.Start(t, "cable"), "cable")
	in, clock := openInput(t, pulse.Microphone("")), openInput(t, pulse.Microphone(""))
	if _, err := record(t.Context(), clock, rate); err != nil {
		t.Fatal(err)
	}
	n, err := in.Read(t.Context(), make([]int16, rate))
	check(t, err)
	if n > rate/5 {
		t.Errorf("%v waited", time.Duration(n)*time.Second/rate)
	}
	if _, err := record(t.Context(), in, rate/10); err != nil {
		t.Error(err)
	}
}
