package pcm_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// hum is a room in which somebody hums at 440 Hz.
func hum(f pcm.Format) *room {
	return &room{format: f, sound: func(n int) int16 {
		return int16(16384 * math.Sin(2*math.Pi*440*float64(n)/float64(f.Rate)))
	}}
}

func newMicrophone(t *testing.T, cfg pcm.MicrophoneConfig) *pcm.Microphone {
	t.Helper()
	m, err := pcm.NewMicrophone(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// frames reads n frames and returns their times.
func frames(t *testing.T, m media.Source, n int) (at []time.Duration) {
	t.Helper()
	for range n {
		f, err := m.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Data) == 0 || f.Duration != 20*ms || !f.Key {
			t.Fatalf("frame %+v", f)
		}
		at = append(at, f.Time)
	}
	return at
}

func TestMicrophone(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 48000, Channels: 1}, {Rate: 44100, Channels: 2}, {Rate: 16000, Channels: 1}} {
		for _, codec := range []media.Codec{media.Opus, media.PCMU} {
			synctest.Test(t, func(t *testing.T) {
				var voices []pcm.Voice // of the Microphone's goroutine, until Close
				began := time.Now()
				m := newMicrophone(t, pcm.MicrophoneConfig{Open: hum(f).Input, Codec: codec, Hear: func(v pcm.Voice) { voices = append(voices, v) }})
				r := newReader(t, m.Track(), pcm.ReaderConfig{})
				go carry(t.Context(), m, r)
				heard := hear(t, r.Format(), r.Read, 1500*ms)
				wantTone(t, 48000, heard[24000:], 440, 9)
				s := m.Stats()
				if !s.Up || s.Level != 9 || s.Dropped > 0 || s.Input != 5*ms || s.Latency < 25*ms || s.Latency > 50*ms {
					t.Errorf("%+v", s)
				}
				m.Close()
				wantVoices(t, voices, began)
			})
		}
	}
}

// wantVoices checks what Hear was told of a hum that began then: its level every 10 ms, at the time that it had.
func wantVoices(t *testing.T, voices []pcm.Voice, began time.Time) {
	t.Helper()
	if n := time.Since(began) / (10 * ms); len(voices) < int(n)-3 || len(voices) > int(n) {
		t.Errorf("%d voices in %v", len(voices), time.Since(began))
	}
	for i, v := range voices {
		if i > 0 && v.Level != 9 { // the resampler begins with silence
			t.Errorf("%d: level -%d dBov", i, v.Level)
		}
		if late := v.At.Sub(began) - time.Duration(i+1)*10*ms; late < 0 || late > 20*ms {
			t.Errorf("%d: %v late", i, late)
		}
	}
}

func TestMicrophoneMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := hum(pcm.Format{Rate: 48000, Channels: 1})
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input})
		synctest.Wait()
		if opens, _ := r.state(); opens != 0 {
			t.Error("the device was opened before it was read")
		}
		before := frames(t, m, 10)
		m.SetMuted(true)
		m.SetMuted(true)
		synctest.Wait()
		if _, open := r.state(); open != 0 {
			t.Error("the device is open while muted")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := m.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a muted microphone said %v", err)
		}
		m.SetMuted(false)
		after := frames(t, m, 10)
		if opens, open := r.state(); opens != 2 || open != 1 {
			t.Errorf("%d opened, %d open", opens, open)
		}
		if gap := after[0] - before[9]; gap < 10*time.Second || gap > 10100*ms {
			t.Errorf("the time moved on by %v in 10 s", gap)
		}
	})
}

func TestMicrophonePulled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, e := hum(pcm.Format{Rate: 48000, Channels: 1}), &events{}
		r.set(errPulled) // not there at the start either
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input, Notify: e.notify})
		time.AfterFunc(3*time.Second, func() { r.set(nil) })
		frames(t, m, 10)
		got := e.take()
		if len(got) != 2 || got[0].Up || !errors.Is(got[0].Err, errPulled) || got[0].Device != "fake" || !got[1].Up {
			t.Fatalf("at the start: %+v", got)
		}
		last := frames(t, m, 100)[99]
		r.set(errPulled)
		synctest.Wait()
		if got := e.take(); len(got) != 1 || got[0].Up || !errors.Is(got[0].Err, errPulled) {
			t.Fatalf("pulled: %+v", got)
		}
		if m.Stats().Up {
			t.Error("up without a device")
		}
		time.AfterFunc(5*time.Second, func() { r.set(nil) })
		start := time.Now()
		first := frames(t, m, 1)[0]
		took := time.Since(start)
		if took < 5*time.Second || took > 7100*ms {
			t.Errorf("back after %v", took)
		}
		if moved := first - last; moved < took-50*ms || moved > took+50*ms {
			t.Errorf("the time moved on by %v in %v", moved, took)
		}
		if got := e.take(); len(got) != 1 || !got[0].Up || got[0].Err != nil {
			t.Fatalf("back: %+v", got)
		}
		if s := m.Stats(); !s.Up || s.Lost != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// TestMicrophoneEnds has what ends a source for good.
func TestMicrophoneEnds(t *testing.T) {
	for _, c := range []struct{ open, want error }{
		{&media.DeviceError{Fault: media.DeviceNotBuilt}, nil},
		{&media.DeviceError{Fault: media.DeviceUnsupported}, nil},
		{io.EOF, io.EOF},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := hum(pcm.Format{Rate: 48000, Channels: 1})
			r.away = c.open
			m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input})
			for range 2 {
				if _, err := m.Read(t.Context()); !errors.Is(err, c.open) {
					t.Errorf("%v, want %v", err, c.open)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		r := hum(pcm.Format{Rate: 12345, Channels: 1})
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input})
		_, err := m.Read(t.Context())
		if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Fault != media.DeviceUnsupported {
			t.Errorf("a rate that cannot be: %v", err)
		}
	})
}

func TestMicrophoneClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, muted := range []bool{false, true} {
			r := hum(pcm.Format{Rate: 48000, Channels: 1})
			m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input})
			frames(t, m, 5)
			m.SetMuted(muted)
			time.AfterFunc(7*ms, func() { m.Close() })
			for {
				if _, err := m.Read(t.Context()); errors.Is(err, fs.ErrClosed) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			if _, open := r.state(); open != 0 {
				t.Error("the device is open after Close")
			}
		}
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: hum(pcm.Format{Rate: 8000, Channels: 1}).Input})
		m.Close()
		if _, err := m.Read(t.Context()); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed before it was read: %v", err)
		}
	})
}

// TestMicrophoneStale has somebody who stops reading for a while: what is read then is new.
func TestMicrophoneStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: hum(pcm.Format{Rate: 48000, Channels: 1}).Input})
		last := frames(t, m, 5)[4]
		time.Sleep(3 * time.Second)
		first := frames(t, m, 1)[0]
		if age := 3*time.Second - (first - last); age > 20*ms {
			t.Errorf("the first frame is %v old", age)
		}
		if s := m.Stats(); s.Dropped == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestMicrophoneConfig(t *testing.T) {
	for name, cfg := range map[string]pcm.MicrophoneConfig{
		"no Open":    {},
		"no codec":   {Open: hum(pcm.Format{Rate: 8000, Channels: 1}).Input, Codec: media.VP8},
		"no bitrate": {Open: hum(pcm.Format{Rate: 8000, Channels: 1}).Input, Bitrate: -1},
	} {
		if _, err := pcm.NewMicrophone(cfg); err == nil {
			t.Error(name)
		}
	}
}
