package g711

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"testing"
)

type codec struct {
	name   string // of ffmpeg
	encode func([]byte, []int16) []byte
	decode func([]int16, []byte) []int16
	bits   int // that are kept of a sample
}

var codecs = []codec{{"mulaw", EncodeU, DecodeU, 14}, {"alaw", EncodeA, DecodeA, 13}}

// TestPublished holds values of G.711, tables 1 and 2, in the recommendation's own units: 13 bits for A-law, 14 for µ-law, sign
// included. Character signals are those that are sent, after the inversion of bits.
func TestPublished(t *testing.T) {
	tests := []struct {
		c      codec
		level  int // decoder output value
		signal byte
	}{
		{codecs[1], 1, 0xd5}, {codecs[1], 3, 0xd4}, {codecs[1], 31, 0xda}, {codecs[1], 33, 0xc5}, {codecs[1], 63, 0xca},
		{codecs[1], 66, 0xf5}, {codecs[1], 132, 0xe5}, {codecs[1], 264, 0x95}, {codecs[1], 528, 0x85}, {codecs[1], 1056, 0xb5},
		{codecs[1], 2112, 0xa5}, {codecs[1], 4032, 0xaa}, {codecs[1], -1, 0x55}, {codecs[1], -4032, 0x2a},
		{codecs[0], 0, 0xff}, {codecs[0], 2, 0xfe}, {codecs[0], 30, 0xf0}, {codecs[0], 33, 0xef}, {codecs[0], 99, 0xdf},
		{codecs[0], 231, 0xcf}, {codecs[0], 495, 0xbf}, {codecs[0], 1023, 0xaf}, {codecs[0], 2079, 0x9f}, {codecs[0], 4191, 0x8f},
		{codecs[0], 8031, 0x80}, {codecs[0], -2, 0x7e}, {codecs[0], -8031, 0x00},
	}
	for _, x := range tests {
		sample := int16(x.level << (16 - x.c.bits))
		if got := x.c.decode(nil, []byte{x.signal})[0]; got != sample {
			t.Errorf("%s: %#x is %d, not %d", x.c.name, x.signal, got, sample)
		}
		if got := x.c.encode(nil, []int16{sample})[0]; got != x.signal {
			t.Errorf("%s: %d is %#x, not %#x", x.c.name, sample, got, x.signal)
		}
	}
}

// TestEveryCode: what a code stands for is coded as it. µ-law has two codes for 0.
func TestEveryCode(t *testing.T) {
	for _, c := range codecs {
		seen := map[int16]byte{}
		for i := range 256 {
			v := c.decode(nil, []byte{byte(i)})[0]
			if at, twice := seen[v]; twice && v != 0 {
				t.Errorf("%s: %d is both %#x and %#x", c.name, v, at, i)
			}
			seen[v] = byte(i)
			want := byte(i)
			if c.name == "mulaw" && v == 0 {
				want = 0xff
			}
			if got := c.encode(nil, []int16{v}); got[0] != want {
				t.Errorf("%s: %#x is %d, which is %#x", c.name, i, v, got[0])
			}
		}
	}
}

// TestEverySample: the coding is monotonic, and off by half a step at most.
func TestEverySample(t *testing.T) {
	for _, c := range codecs {
		last := int16(math.MinInt16)
		for v := math.MinInt16; v <= math.MaxInt16; v++ {
			got := c.decode(nil, c.encode(nil, []int16{int16(v)}))[0]
			if got < last {
				t.Fatalf("%s: %d became %d, less than %d", c.name, v, got, last)
			}
			last = got
			d := math.Abs(float64(v) - float64(got))
			if limit := max(8, math.Abs(float64(v))/32+5); d > limit {
				t.Fatalf("%s: %d became %d", c.name, v, got)
			}
		}
	}
}

// TestAgainstFFmpeg compares all 256 codes, and every sample to within the two codes that are next to it: between steps, ffmpeg
// takes the nearest and G.711 the one its decision values say.
func TestAgainstFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	var codes, samples []byte
	for i := range 256 {
		codes = append(codes, byte(i))
	}
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		samples = binary.LittleEndian.AppendUint16(samples, uint16(v))
	}
	for _, c := range codecs {
		decoded := ffmpeg(t, codes, c.name, "s16le")
		for i, want := range c.decode(nil, codes) {
			if got := int16(binary.LittleEndian.Uint16(decoded[2*i:])); got != want {
				t.Errorf("%s: ffmpeg decodes %#x to %d, not %d", c.name, i, got, want)
			}
		}
		for i, code := range ffmpeg(t, samples, "s16le", c.name) {
			v := int16(binary.LittleEndian.Uint16(samples[2*i:]))
			theirs, ours := c.decode(nil, []byte{code})[0], c.decode(nil, c.encode(nil, []int16{v}))[0]
			if d := math.Abs(float64(theirs) - float64(ours)); d > max(16, math.Abs(float64(v))/15+5) {
				t.Fatalf("%s: %d is %d by ffmpeg and %d by us", c.name, v, theirs, ours)
			}
		}
	}
}

func ffmpeg(t *testing.T, in []byte, from, to string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", from, "-ar", "8000", "-ac", "1", "-i", "-", "-f", to, "-")
	cmd.Stdin = bytes.NewReader(in)
	var fault bytes.Buffer
	cmd.Stderr = &fault
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err, fault.String())
	}
	return out
}

func TestNoise(t *testing.T) {
	pcm := make([]int16, 8000)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/8000))
	}
	for _, c := range codecs {
		var s, e float64
		for i, v := range c.decode(nil, c.encode(nil, pcm)) {
			d := float64(pcm[i]) - float64(v)
			s, e = s+float64(pcm[i])*float64(pcm[i]), e+d*d
		}
		if snr := 10 * math.Log10(s/e); snr < 36 {
			t.Errorf("%s: %.1f dB", c.name, snr)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	pcm, b := make([]int16, 160), make([]byte, 0, 160)
	for _, c := range codecs {
		if n := testing.AllocsPerRun(100, func() { c.decode(pcm[:0], c.encode(b, pcm)) }); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

// BenchmarkCode: 20 ms both ways.
func BenchmarkCode(b *testing.B) {
	pcm, buf := make([]int16, 160), make([]byte, 0, 160)
	for i := range pcm {
		pcm[i] = int16(i * i * 7)
	}
	for _, c := range codecs {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.decode(pcm[:0], c.encode(buf, pcm))
			}
		})
	}
}
