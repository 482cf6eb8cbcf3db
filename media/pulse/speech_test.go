package pulse_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestSpeech: what espeak-ng says into the microphone of one end is what the speaker of the other says, by its loudness
// over time, and more so than another sentence would be. It is said up to five times, for gaps on a busy machine make it
// unlike, and a jitter buffer that stretches and squeezes speech moves its parts.
func TestSpeech(t *testing.T) {
	said, hz := speech(t, "The door is open, please come in.")
	want, limit := loudness(samplesIn(said), hz), 0.55
	if reserved() {
		limit = 0.7
	}
	other, _ := speech(t, "Six thick thistle sticks stood still.")
	silence := make([]byte, hz)
	if c, _ := alike(want, loudness(samplesIn(slices.Concat(silence, other, silence)), hz)); c > limit {
		t.Errorf("another sentence is alike by %.3f: it would be taken for what was said", c)
	}
	r := newRoom(t)
	stop := r.speak(1000) // until the call is there
	in := r.hears(t, 1000)
	stop()
	for onset(samplesOf(t, in, rate/4), 100) < rate/4 {
	}
	for range 5 {
		stop := r.server.Play("mouth", hz, bytes.NewReader(said))
		heard := samplesOf(t, in, len(said)/2*rate/hz+rate)
		stop()
		c, lag := alike(want, loudness(heard, rate))
		t.Logf("speech of %d ms: alike by %.3f, %d ms after it was started", len(said)*500/hz, c, lag*10)
		r.log(t)
		if c > limit {
			return
		}
	}
	t.Error("what is heard is not what was said")
}

// alike is the best correlation of want with any part of got, and where that begins.
func alike(want, got []float64) (best float64, at int) {
	for lag := 0; lag+len(want) <= len(got); lag++ {
		if c := correlation(want, got[lag:lag+len(want)]); c > best {
			best, at = c, lag
		}
	}
	return best, at
}

// speech is what espeak-ng makes of a text: 16 bit samples of one channel, at a rate.
func speech(t *testing.T, text string) (samples []byte, hz int) {
	t.Helper()
	wav, err := exec.Command("espeak-ng", "--stdout", text).Output()
	if err != nil || len(wav) < 44 {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but espeak-ng does not speak: %v", err)
		}
		t.Skipf("espeak-ng does not speak: %v", err)
	}
	return wav[44 : 44+(len(wav)-44)/2*2], int(binary.LittleEndian.Uint32(wav[24:]))
}

func samplesIn(b []byte) []int16 {
	out := make([]int16, len(b)/2)
	if err := binary.Read(bytes.NewReader(b), binary.LittleEndian, out); err != nil && err != io.EOF {
		panic(err)
	}
	return out
}

// loudness is the logarithm of the energy of every 10 ms.
func loudness(samples []int16, hz int) []float64 {
	n := hz / 100
	var out []float64
	for ; len(samples) >= n; samples = samples[n:] {
		e := 0.0
		for _, x := range samples[:n] {
			e += float64(x) * float64(x)
		}
		out = append(out, math.Log(1e4+e/float64(n))) // below an amplitude of 100 all is silence
	}
	return out
}

// correlation is Pearson's, from -1 to 1.
func correlation(a, b []float64) float64 {
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		saa, sbb, sab = saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	n := float64(len(a))
	return (n*sab - sa*sb) / math.Sqrt((n*saa-sa*sa)*(n*sbb-sb*sb)+1e-9)
}
