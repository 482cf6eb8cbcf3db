package pcm_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestReaderFills reads of a track that says nothing, then something, then nothing: a second is a second.
func TestReaderFills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow})
		r := newReader(t, w.Track(), pcm.ReaderConfig{Format: narrow})
		w.Write(t.Context(), tone(narrow, 440, 0.5, 5*time.Second))
		ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
		defer stop()
		time.AfterFunc(time.Second, func() { carry(ctx, w, r) })
		start := time.Now()
		for i := range 30 {
			level := pcm.Level(hear(t, narrow, r.Read, 100*ms))
			began, fading := i == 10, i == 20 || i == 21 // what waited is played to its end, and concealed for a moment more
			if loud := level < 20; loud != (i > 10 && i < 20) && !began && !fading {
				t.Errorf("at %v: -%d dBov", time.Since(start), level)
			}
		}
		if took := time.Since(start); took != 2990*ms {
			t.Errorf("3 s took %v", took)
		}
	})
}

// TestReaderSlow does not read for a long time.
func TestReaderSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow})
		r := newReader(t, w.Track(), pcm.ReaderConfig{Format: narrow})
		go carry(t.Context(), w, r)
		w.Write(t.Context(), tone(narrow, 440, 0.5, 5*time.Second))
		time.Sleep(5*time.Second + ms)
		if s := r.Stats(); s.Waiting != 2*time.Second || s.Dropped != 3010*ms {
			t.Errorf("waiting %v, dropped %v", s.Waiting, s.Dropped)
		}
		start := time.Now()
		heard := hear(t, narrow, r.Read, 2*time.Second)
		if time.Since(start) != 0 {
			t.Errorf("what waited took %v", time.Since(start))
		}
		wantTone(t, narrow.Rate, heard[:16000], 440, 9)
	})
}

// TestReaderAway has nobody at either end for hours.
func TestReaderAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader(t, media.TrackInfo{Codec: media.PCMU}, pcm.ReaderConfig{Format: narrow})
		r.WriteFrame(media.Frame{Data: make([]byte, 160)})
		time.Sleep(100 * time.Hour)
		hear(t, narrow, r.Read, 3*time.Second)
		if s := r.Stats(); s.Dropped < 99*time.Hour {
			t.Errorf("%+v", s)
		}
	})
}

func TestReaderEnds(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU} {
		synctest.Test(t, func(t *testing.T) {
			w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
			r := newReader(t, w.Track(), pcm.ReaderConfig{Format: narrow})
			ctx, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			w.Write(t.Context(), tone(narrow, 440, 0.5, 5*time.Second))
			carry(ctx, w, r)
			hear(t, narrow, r.Read, 990*ms)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if err := r.WriteFrame(media.Frame{Data: make([]byte, 160)}); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("a frame after Close: %v", err)
			}
			buf, rest := make([]int16, 100), 0
			for {
				n, err := r.Read(t.Context(), buf)
				rest += n
				if err != nil {
					if !errors.Is(err, io.EOF) || n != 0 {
						t.Errorf("%d, %v", n, err)
					}
					break
				}
			}
			if d := narrow.Duration(rest); d < 20*ms || d > 100*ms {
				t.Errorf("%v were left", d)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // while Read waits
		r := newReader(t, media.TrackInfo{Codec: media.PCMA}, pcm.ReaderConfig{})
		time.AfterFunc(95*ms, func() { r.Close() })
		if got, err := all(t.Context(), r); err != io.EOF || len(got) > 12*480 {
			t.Errorf("%d, %v", len(got), err)
		}
	})
}

func all(ctx context.Context, r *pcm.Reader) (out []int16, err error) {
	buf := make([]int16, 480)
	for {
		n, err := r.Read(ctx, buf)
		if out = append(out, buf[:n]...); err != nil {
			return out, err
		}
	}
}

// TestReaderHear has the voices of a tone that begins and ends.
func TestReaderHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(t, pcm.WriterConfig{Format: narrow})
		var voices []pcm.Voice
		var r *pcm.Reader
		hear1 := func(v pcm.Voice) {
			r.Stats() // may be called
			voices = append(voices, v)
		}
		r = newReader(t, w.Track(), pcm.ReaderConfig{Format: narrow, Hear: hear1})
		go carry(t.Context(), w, r)
		time.AfterFunc(time.Second, func() { w.Write(t.Context(), tone(narrow, 200, 0.5, time.Second)) })
		start := time.Now()
		hear(t, narrow, r.Read, 3*time.Second)
		begin := slices.IndexFunc(voices, func(v pcm.Voice) bool { return v.Speaking })
		if len(voices) != 300 || begin < 0 {
			t.Fatalf("%d voices, speaking from %d", len(voices), begin)
		}
		if at := voices[begin].At.Sub(start); at < time.Second || at > 1150*ms {
			t.Errorf("speaking from %v", at)
		}
		if v := voices[150]; v.Level < 8 || v.Level > 10 || !v.Speaking {
			t.Errorf("in the middle: %+v", v)
		}
		if v := voices[260]; v.Level < 60 || v.Speaking {
			t.Errorf("after: %+v", v)
		}
	})
}

// TestReaderHostile gives a Reader what no encoder makes.
func TestReaderHostile(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU, media.PCMA} {
		synctest.Test(t, func(t *testing.T) {
			r := newReader(t, media.TrackInfo{Codec: codec}, pcm.ReaderConfig{Format: narrow})
			for i := range 1000 {
				data := make([]byte, i*7%2000)
				for j := range data {
					data[j] = byte(i*31 + j*j)
				}
				r.WriteFrame(media.Frame{Data: data, Time: time.Duration(i*i*i%977) * 10 * ms})
				time.Sleep(time.Duration(i%3) * 10 * ms)
			}
			hear(t, narrow, r.Read, time.Second)
		})
	}
	for _, track := range []media.TrackInfo{{Kind: media.Video, Codec: media.VP8}, {}} {
		if _, err := pcm.NewReader(track, pcm.ReaderConfig{}); err == nil {
			t.Errorf("%+v was taken", track)
		}
	}
	if _, err := pcm.NewReader(media.TrackInfo{Codec: media.Opus}, pcm.ReaderConfig{Format: pcm.Format{Rate: 1}}); err == nil {
		t.Error("one sample a second")
	}
}
