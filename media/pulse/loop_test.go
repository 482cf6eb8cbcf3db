package pulse_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/heartbeat"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const rate = 48000

// openInput opens a microphone and closes it at the end of the test.
func openInput(t *testing.T, open func(context.Context) (pcm.Input, error)) pcm.Input {
	t.Helper()
	in, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func openOutput(t *testing.T, open func(context.Context) (pcm.Output, error)) pcm.Output {
	t.Helper()
	out, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

// tone is n samples of a sine, from sample at on.
func tone(hz float64, amplitude float64, at, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(amplitude * math.Sin(2*math.Pi*hz*float64(at+i)/rate))
	}
	return out
}

// keepPlaying writes a tone until the context ends or the output fails, whose error it returns.
func keepPlaying(ctx context.Context, out pcm.Output, hz, amplitude float64) error {
	for at := 0; ; at += rate / 100 {
		if err := out.Write(ctx, tone(hz, amplitude, at, rate/100)); err != nil {
			return err
		}
	}
}

// A hum is a tone without end, as bytes.
type hum struct {
	hz, amplitude float64
	at            int
}

func (h *hum) Read(p []byte) (int, error) {
	n := min(len(p)/2, rate/100)
	copy(p, bytesOf(tone(h.hz, h.amplitude, h.at, n)))
	h.at += n
	return 2 * n, nil
}

func bytesOf(samples []int16) []byte {
	var b []byte
	for _, x := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return b
}

// record reads n samples.
func record(ctx context.Context, in pcm.Input, n int) ([]int16, error) {
	out := make([]int16, n)
	for at := 0; at < n; {
		k, err := in.Read(ctx, out[at:])
		if err != nil {
			return out[:at], err
		}
		at += k
	}
	return out, nil
}

// samplesOf reads n samples of what pulsetest records.
func samplesOf(t *testing.T, r io.Reader, n int) []int16 {
	t.Helper()
	b := make([]byte, 2*n)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

// amplitude is that of a frequency in samples, by Goertzel's algorithm.
func amplitude(samples []int16, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/rate)
	var a, b float64
	for _, x := range samples {
		a, b = float64(x)+c*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-c*a*b)) / float64(len(samples))
}

// quietest is the least amplitude of a frequency in any 5 ms of samples: a gap shows as one that is low.
func quietest(samples []int16, hz float64) (least float64, at time.Duration) {
	const window = rate / 200
	least = math.Inf(1)
	for i := 0; i+window <= len(samples); i += window / 2 {
		if a := amplitude(samples[i:i+window], hz); a < least {
			least, at = a, time.Duration(i)*time.Second/rate
		}
	}
	return least, at
}

// reserved says that nothing else runs on this machine: then a measurement that the machine disturbed is made again, and one
// that it disturbs each time fails.
func reserved() bool { return os.Getenv("SOTTO_SPEED") == "1" }

// wantGapless checks that a tone of an amplitude is in all that next returns. A gap while the machine did not let us run is
// not ours: then next is asked again, up to six times; and if a machine that is not reserved never keeps still, most of the
// tone is enough.
func wantGapless(t *testing.T, hz, level float64, next func() []int16) {
	t.Helper()
	machine := heartbeat.Start(t)
	for try := 1; ; try++ {
		machine.Forget()
		heard := next()
		late := machine.Late()
		a := amplitude(heard, hz)
		least, at := quietest(heard, hz)
		right := a > 0.9*level && a < 1.1*level
		switch {
		case right && least > 0.7*level:
			t.Logf("amplitude %.0f of %.0f, at the quietest %.0f", a, level, least)
			return
		case try == 6 && right && late > 8*time.Millisecond && !reserved():
			t.Logf("TOO BUSY A MACHINE for a tone without gaps: amplitude %.0f of %.0f; it let us wait for %v", a, level, late)
			return
		case try == 6 || try > 2 && late < 8*time.Millisecond:
			t.Errorf("a gap in a tone: amplitude %.0f of %.0f, at %v %.0f; the machine let us wait for %v", a, level, at, least, late)
			return
		}
		t.Logf("NOT STEADY: amplitude %.0f of %.0f, at %v %.0f; the machine let us wait for %v; once more", a, level, at, least, late)
	}
}

// onset is the first sample that is louder than a level, or len(samples).
func onset(samples []int16, level int) int {
	for i, x := range samples {
		if int(x) > level || int(x) < -level {
			return i
		}
	}
	return len(samples)
}

// wantFault checks that err is a *media.DeviceError that says so.
func wantFault(t *testing.T, what string, err error, fault media.DeviceFault) {
	t.Helper()
	var e *media.DeviceError
	if !errors.As(err, &e) || e.Fault != fault {
		t.Errorf("%s: %v, want %v", what, err, fault)
		return
	}
	t.Logf("%s: %v", what, err)
}
