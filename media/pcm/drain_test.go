package pcm

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What a Flush takes from a Write that waits for room is told to a Drain too, though the queue was empty just then.
func TestDrainBesideAWrite(t *testing.T) {
	for range 100 { // the Write may be quicker, and fill the queue again
		synctest.Test(t, func(t *testing.T) {
			f := Format{Rate: 16000, Channels: 1}
			w, err := NewWriter(WriterConfig{Format: f, Buffer: frame})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			written, drained := make(chan error, 1), make(chan error, 1)
			go func() { written <- w.Write(t.Context(), make([]int16, f.Samples(time.Second))) }()
			synctest.Wait()
			go func() { drained <- w.Drain(t.Context()) }()
			synctest.Wait()
			w.fill() // all that fits
			w.Flush()
			if err := <-written; !errors.Is(err, ErrFlushed) {
				t.Fatalf("Write ends with %v", err)
			}
			w.fill() // what fades
			w.fill() // silence
			if err := <-drained; !errors.Is(err, ErrFlushed) {
				t.Fatalf("Drain ends with %v", err)
			}
		})
	}
}

// A Drain that comes round late, when all that a Flush left has been sent, still tells that something was dropped.
func TestDrainIsLate(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			f := Format{Rate: 16000, Channels: 1}
			w, err := NewWriter(WriterConfig{Format: f})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := w.Write(t.Context(), make([]int16, f.Samples(time.Second))); err != nil {
				t.Fatal(err)
			}
			drained := make(chan error, 1)
			go func() { drained <- w.Drain(t.Context()) }()
			synctest.Wait()
			w.Flush()
			w.fill() // what fades
			w.fill() // silence
			if err := <-drained; !errors.Is(err, ErrFlushed) {
				t.Fatalf("Drain ends with %v", err)
			}
		})
	}
}
