package pcm_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

var narrow = pcm.Format{Rate: 16000, Channels: 1}

// sendAll reads a source's frames to its end, as a connection does.
func sendAll(t *testing.T, from media.Source, each func(media.Frame)) {
	go func() {
		for {
			f, err := from.Read(t.Context())
			if err != nil {
				return
			}
			if each != nil {
				each(f)
			}
		}
	}()
}

// TestWriterPace has frames every 20 ms of one size, whether or not something is said.
func TestWriterPace(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU} {
		synctest.Test(t, func(t *testing.T) {
			w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
			start, size := time.Now(), 0
			for i := range 100 {
				if i == 30 {
					if err := w.Write(t.Context(), tone(narrow, 300, 0.5, 333*ms)); err != nil {
						t.Fatal(err)
					}
				}
				f, err := w.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if size == 0 {
					size = len(f.Data)
				}
				want := time.Duration(i) * 20 * ms
				if f.Time != want || time.Since(start) != want || len(f.Data) != size {
					t.Fatalf("frame %d: time %v at %v, %d bytes of %d", i, f.Time, time.Since(start), len(f.Data), size)
				}
			}
			if s := w.Stats(); s.Frames != 100 || s.Silence != 100-17 || s.Waiting != 0 || w.Played() != 333*ms {
				t.Errorf("%+v, played %v", s, w.Played())
			}
		})
	}
}

func TestWriterFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow, Buffer: time.Second})
		sendAll(t, w, nil)
		synctest.Wait() // the frame of time 0 is gone
		blocked := make(chan error, 1)
		go func() { blocked <- w.Write(t.Context(), tone(narrow, 300, 0.5, 5*time.Second)) }()
		time.Sleep(2010 * ms)
		if got := w.Played(); got != 2*time.Second {
			t.Errorf("played %v after 2 s", got)
		}
		if got := w.Flush(); got != 2*time.Second {
			t.Errorf("flushed at %v", got)
		}
		if err := <-blocked; !errors.Is(err, pcm.ErrFlushed) {
			t.Errorf("the Write that waited: %v", err)
		}
		if got := w.Flush(); got != 2*time.Second { // until somebody writes again, it is that of the last sentence
			t.Errorf("flushed again at %v", got)
		}
		time.Sleep(time.Second)
		if s := w.Stats(); s.Waiting != 0 || s.Silence < 48 {
			t.Errorf("%+v", s)
		}
		if err := w.Write(t.Context(), tone(narrow, 300, 0.5, 100*ms)); err != nil {
			t.Fatal(err)
		}
		if got := w.Played(); got != 0 {
			t.Errorf("a new sentence begins at %v", got)
		}
		time.Sleep(45 * ms)
		if got := w.Flush(); got != 40*ms {
			t.Errorf("flushed at %v", got)
		}
	})
}

// TestBargeIn interrupts a tone: the other side hears it end within 200 ms, without a click.
func TestBargeIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := pcm.Format{Rate: 48000, Channels: 1}
		w := newWriter(t, pcm.WriterConfig{Format: f})
		r := newReader(t, w.Track(), pcm.ReaderConfig{Format: f})
		go carry(t.Context(), w, r)
		go w.Write(t.Context(), tone(f, 300, 0.5, 10*time.Second))
		hear(t, f, r.Read, time.Second)
		w.Flush()
		after := hear(t, f, r.Read, time.Second)
		end := len(after)
		for end > 0 && pcm.Level(after[max(end-480, 0):end]) > 60 {
			end -= min(end, 480)
		}
		if d := f.Duration(end); d > 200*ms {
			t.Errorf("heard for %v after the Flush", d)
		} else {
			t.Logf("heard for %v after the Flush", d)
		}
		// A sine of this size moves by 643 a sample; a cut would be a step of up to 16384.
		if step := steepest(after); step > 1300 {
			t.Errorf("a click: a step of %d", step)
		}
	})
}

func TestWriterDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow})
		if err := w.Drain(t.Context()); err != nil {
			t.Errorf("nothing to drain: %v", err)
		}
		if err := w.Write(t.Context(), tone(narrow, 300, 0.5, 310*ms)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody reads: %v", err)
		}
		start := time.Now()
		sendAll(t, w, nil)
		if err := w.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 320*ms {
			t.Errorf("310 ms took %v", took)
		}
		if w.Played() != 310*ms {
			t.Errorf("played %v", w.Played())
		}
		w.Write(t.Context(), tone(narrow, 300, 0.5, time.Second))
		time.AfterFunc(100*ms, func() { w.Flush() })
		if err := w.Drain(t.Context()); !errors.Is(err, pcm.ErrFlushed) {
			t.Errorf("flushed: %v", err)
		}
		w.Write(t.Context(), tone(narrow, 300, 0.5, 20*ms))
		go func() {
			for w.Stats().Waiting > 0 {
				time.Sleep(ms)
			}
			w.Flush()
		}()
		if err := w.Drain(t.Context()); err != nil {
			t.Errorf("a Flush that dropped nothing: %v", err)
		}
	})
}

func TestWriterBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow, Buffer: 500 * ms})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.Write(ctx, tone(narrow, 300, 0.5, time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("more than fits: %v", err)
		}
		if s := w.Stats(); s.Waiting != 500*ms {
			t.Errorf("%+v", s)
		}
		time.AfterFunc(ms, func() { w.Close() })
		if err := w.Write(t.Context(), make([]int16, 16000)); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if err := w.Drain(t.Context()); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if _, err := w.Read(t.Context()); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestWriterConfig(t *testing.T) {
	for name, cfg := range map[string]pcm.WriterConfig{
		"rate":     {Format: pcm.Format{Rate: 44100, Channels: 1}},
		"channels": {Format: pcm.Format{Rate: 48000, Channels: 3}},
		"codec":    {Codec: media.H264},
		"buffer":   {Buffer: -1},
		"hours":    {Buffer: time.Hour + 1},
		"days":     {Buffer: 60 * time.Hour},
		"bitrate":  {Bitrate: 1},
	} {
		if _, err := pcm.NewWriter(cfg); err == nil {
			t.Error(name)
		}
	}
	w := newWriter(t, pcm.WriterConfig{Format: pcm.Format{Rate: 8000, Channels: 2}})
	if err := w.Write(t.Context(), make([]int16, 3)); err == nil {
		t.Error("half a sample was taken")
	}
}
