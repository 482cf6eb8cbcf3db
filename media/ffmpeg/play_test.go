package ffmpeg

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// played plays a track out into a file, in a format of ffmpeg's, and returns what is in it once that is so much at least. Each
// frame comes when the one before it was taken: what a player is too slow for is dropped, which is not the subject.
func played(t *testing.T, track media.TrackInfo, frames []arrival, format string, options map[string]string, least int64) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	options = maps.Clone(options)
	options["flush_packets"] = "1"
	p, err := Play(PlayConfig{Format: format, URL: "file:" + path, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	sink := p.Sink(track).(*playSink)
	for _, f := range frames {
		if err := sink.WriteFrame(f.Frame); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a frame is taken", func() bool { sink.mu.Lock(); defer sink.mu.Unlock(); return len(sink.q.frames) == 0 })
	}
	eventually(t, "they are played", func() bool { i, _ := os.Stat(path); return i != nil && i.Size() >= least })
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.Sink(track).WriteFrame(media.Frame{Data: []byte{1}}); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// retime gives frames the times of their rate, whatever was dropped between them.
func retime(frames []arrival, step time.Duration) {
	for i := range frames {
		frames[i].Time = time.Duration(i) * step
	}
}

// A track is played out by a process of its own; here into a file. Sound is heard for as long as it was given.
func TestPlay(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	s := mustOpen(t, Format("lavfi", tone, nil), Config{NoVideo: true})
	frames := mustRead(t, s.Audio(), 40)
	retime(frames, 20*time.Millisecond)
	b := played(t, s.Audio().Track(), frames, "s16le", map[string]string{"ar": "48000", "ac": "1"}, 700*96)
	if n := len(b) / 96; n > 800 {
		t.Errorf("%d ms of 800", n)
	}
	if p := power(samplesIn(b)[4800:], 1000); p < 0.9 {
		t.Errorf("%.2f of the sound is at 1 kHz", p)
	}
}

// Pictures are shown at their size, each once, in their colours.
func TestPlayPictures(t *testing.T) {
	for _, codec := range []media.Codec{media.VP8, media.H264} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			need(t, "ffmpeg")
			s := mustOpen(t, Format("lavfi", redLime, nil), Config{NoAudio: true, Codec: codec})
			frames := mustRead(t, s.Video(), 30)
			retime(frames, time.Second/30)
			track := s.Video().Track()
			size := int64(320 * 240 * 3 / 2)
			b := played(t, track, frames, "rawvideo", map[string]string{"r": "30", "pix_fmt": "yuv420p"}, 25*size)
			pictures := split(t, b, 320, 240)
			if n := len(pictures); n > 31 {
				t.Errorf("%d pictures of 30", n)
			}
			for _, p := range pictures {
				wantColour(t, p, 40, 120, red)
				wantColour(t, p, 280, 120, lime)
			}
		})
	}
}
