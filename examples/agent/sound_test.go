package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/sotto-calls/sotto/media/file"
)

// tone is a sine in mono, at half of full scale.
func tone(rate int, hertz float64, n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(16384 * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate))))
	}
	return s
}

// A tone comes out as the tone that it was: what else is there lies 60 dB below.
func TestResamplerKeepsATone(t *testing.T) {
	for _, from := range []int{8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000} {
		in := tone(from, 1000, from)
		r := newResampler(from, 48000)
		var out []int16
		for rest := in; len(rest) > 0; rest = rest[min(331, len(rest)):] { // in pieces of any size
			out = r.resample(out, rest[:min(331, len(rest))])
		}
		out = r.flush(out)
		if off := len(out) - 48000; off < -2 || off > 2 {
			t.Errorf("from %d Hz: a second has %d samples", from, len(out))
		}
		signal, rest := amplitude(out[4800:43200], 48000, 1000)
		if signal < 16200 || signal > 16500 || rest > signal/1000 {
			t.Errorf("from %d Hz: the tone has %.0f, all else %.1f", from, signal, rest)
		}
	}
}

// What a lower rate cannot carry is no ghost in it.
func TestResamplerRemovesWhatDoesNotFit(t *testing.T) {
	out := newResampler(96000, 48000).resample(nil, tone(96000, 30000, 96000))
	if _, rest := amplitude(out[2000:46000], 48000, 18000); rest > 16 {
		t.Errorf("30 kHz left %.1f in 48 kHz of samples", rest)
	}
}

// amplitude is that of the sine of this frequency in samples, and the root mean square of all else, times √2.
func amplitude(samples []int16, rate int, hertz float64) (signal, rest float64) {
	var re, im, power float64
	for i, s := range samples {
		angle := 2 * math.Pi * hertz * float64(i) / float64(rate)
		re += float64(s) * math.Cos(angle)
		im += float64(s) * math.Sin(angle)
		power += float64(s) * float64(s)
	}
	n := float64(len(samples))
	signal = 2 * math.Hypot(re, im) / n
	return signal, math.Sqrt(max(2*power/n-signal*signal, 0))
}

func littleEndian(samples []int16) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func collect(t *testing.T, r io.Reader, rawRate int) []int16 {
	t.Helper()
	var all []int16
	if err := decode(r, rawRate, func(s []int16) error { all = append(all, s...); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDecode(t *testing.T) {
	in := tone(16000, 500, 1600)
	wav, err := encode(in, false)
	if err != nil {
		t.Fatal(err)
	}
	if size := binary.LittleEndian.Uint32(wav[40:]); int(size) != 2*len(in) {
		t.Errorf("the header says %d bytes of samples, want %d", size, 2*len(in))
	}
	raw, _ := encode(in, true)
	endless := bytes.Clone(wav) // as a program writes it that does not know the end
	binary.LittleEndian.PutUint32(endless[40:], 0x7ffff000)
	stereo := bytes.Clone(wav)
	stereo[22], stereo[32] = 2, 4
	for _, c := range []struct {
		name string
		in   io.Reader
		want int
	}{
		{"WAV", bytes.NewReader(wav), 4800},
		{"WAV in bytes", iotest.OneByteReader(bytes.NewReader(wav)), 4800},
		{"raw", bytes.NewReader(raw), 4800},
		{"raw with half a sample", bytes.NewReader(append(raw, 1)), 4800},
		{"an endless WAV", bytes.NewReader(endless), 4800},
		{"stereo", bytes.NewReader(stereo), 2400},
		{"two samples", bytes.NewReader(raw[:4]), 6},
	} {
		if got := len(collect(t, c.in, 16000)); got < c.want-2 || got > c.want+2 {
			t.Errorf("%s: %d samples, want about %d", c.name, got, c.want)
		}
	}
	if err := decode(bytes.NewReader(nil), 16000, nil); !errors.Is(err, errSilent) {
		t.Errorf("nothing: %v", err)
	}
	if err := decode(bytes.NewReader(wav[:20]), 16000, nil); !errors.Is(err, file.ErrFormat) {
		t.Errorf("half a header: %v", err)
	}
	enough := errors.New("enough")
	if err := decode(bytes.NewReader(wav), 16000, func([]int16) error { return enough }); err != enough {
		t.Errorf("a player that stops: %v", err)
	}
}

// Sound is played while the program that makes it goes on.
func TestDecodeDoesNotWaitForTheEnd(t *testing.T) {
	r, w := io.Pipe()
	played := make(chan int, 100)
	done := make(chan error)
	go func() {
		done <- decode(r, 16000, func(s []int16) error { played <- len(s); return nil })
	}()
	if _, err := w.Write(littleEndian(tone(16000, 500, 1600))); err != nil {
		t.Fatal(err)
	}
	if n := <-played; n == 0 {
		t.Error("the first piece is empty")
	}
	w.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	wav, _ := encode(tone(16000, 500, 100), false)
	f.Add(wav)
	f.Add(wav[:30])
	f.Add([]byte("raw samples"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		_ = decode(bytes.NewReader(b), 16000, func(s []int16) error { n += len(s); return nil })
		if n > 6*len(b)/2+1000 {
			t.Errorf("%d samples of %d bytes", n, len(b))
		}
	})
}
