package synthetic

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// What a decoder plays is one tone, over the seams of the loop too: 440 Hz, always as loud.
func TestToneHasNoSeam(t *testing.T) {
	var frames []media.Frame
	synctest.Test(t, func(t *testing.T) {
		tone := NewTone(ToneOptions{Duration: 4 * time.Second})
		start := time.Now()
		for {
			f, err := tone.Read(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if since := time.Since(start); since != f.Time || f.Duration != 20*time.Millisecond || !f.Key || len(f.Data) != 80 {
				t.Fatalf("packet of %d bytes at %v, came at %v", len(f.Data), f.Time, since)
			}
			frames = append(frames, f)
		}
		if err := tone.Close(); err != nil {
			t.Error(err)
		}
		if _, err := NewTone(ToneOptions{}).Read(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(frames) != 200 {
		t.Fatalf("%d packets, want 200", len(frames))
	}
	f := create(t, "tone.ogg")
	store(t, file.NewOggWriter(f, file.OggOptions{}), frames)
	pcm := run(t, "ffmpeg", "-v", "error", "-i", f.Name(), "-f", "s16le", "-")
	checkTone(t, pcm)
}

// checkTone looks at windows of 50 ms, 22 periods, after the first: how much of each is 440 Hz, and how loud it is.
func checkTone(t *testing.T, pcm []byte) {
	t.Helper()
	const window = 2400
	if len(pcm)/2 < 190000 {
		t.Fatalf("%d samples, want some 192000", len(pcm)/2)
	}
	var loudest, quietest float64
	for start := window; start+window <= len(pcm)/2; start += window {
		var sin, cos, power float64
		for i := range window {
			v := float64(int16(binary.LittleEndian.Uint16(pcm[2*(start+i):])))
			phase := 2 * math.Pi * 440 * float64(i) / 48000
			sin, cos, power = sin+v*math.Sin(phase), cos+v*math.Cos(phase), power+v*v
		}
		pure := 2 * (sin*sin + cos*cos) / window / power
		if pure < 0.995 {
			t.Errorf("after %.2f s only %.4f of the sound is 440 Hz", float64(start)/48000, pure)
		}
		power = math.Sqrt(power / window)
		if loudest = max(loudest, power); quietest == 0 || power < quietest {
			quietest = power
		}
	}
	if loudest > 1.05*quietest || quietest < 3000 {
		t.Errorf("the loudness goes from %.0f to %.0f", quietest, loudest)
	}
}

func TestToneClose(t *testing.T) {
	tone := NewTone(ToneOptions{})
	if err := errors.Join(tone.Close(), tone.Close()); err != nil {
		t.Error(err)
	}
	if _, err := tone.Read(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
