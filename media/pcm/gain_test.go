package pcm

import (
	"math"
	"slices"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

var (
	_ media.Source     = (*Microphone)(nil)
	_ media.Muter      = (*Microphone)(nil)
	_ media.RateSetter = (*Microphone)(nil)
	_ media.Source     = (*Writer)(nil)
	_ media.RateSetter = (*Writer)(nil)
	_ media.PromptSink = (*Reader)(nil)
	_ media.PromptSink = (*speakerSink)(nil)
	_ media.PromptSink = (*mixerSink)(nil)
)

// TestLimiter has sums that fit, which stay as they are, then some that do not, then such that fit again.
func TestLimiter(t *testing.T) {
	var l limiter
	fit := []int32{math.MinInt16, -1, 0, 1, math.MaxInt16}
	if got := l.apply(nil, fit); !slices.Equal(got, []int16{math.MinInt16, -1, 0, 1, math.MaxInt16}) {
		t.Errorf("what fits became %v", got)
	}
	loud := make([]int32, 480)
	for i := range loud {
		loud[i] = int32(4 * math.MaxInt16 * math.Sin(2*math.Pi*float64(i)/48))
	}
	first := l.apply(nil, loud)
	for i, s := range l.apply(nil, loud) { // the gain stands: the wave is whole
		if want := float64(loud[i]) * limitPeak / (4 * math.MaxInt16); math.Abs(float64(s)-want) > 40 {
			t.Fatalf("sample %d is %d, want %.0f", i, s, want)
		}
	}
	for i := 1; i < len(first); i++ { // into it without a wrap
		if d := int(first[i]) - int(first[i-1]); d > 20000 || d < -20000 {
			t.Errorf("a step of %d at sample %d", d, i)
		}
	}
	quiet := slices.Repeat([]int32{1000}, 480)
	last := int16(0)
	for range 50 {
		got := l.apply(nil, quiet)
		if got[0] < last || !slices.IsSorted(got) {
			t.Fatal("the gain does not rise evenly")
		}
		last = got[479]
	}
	if last != 1000 {
		t.Errorf("half a second later the gain is still %d/1000", last)
	}
}

// TestRunOut has a stereo frame that ends in the middle of a wave.
func TestRunOut(t *testing.T) {
	r := newRunOut(Format{Rate: 8000, Channels: 2})
	frame := make([]int16, 320)
	frame[8], frame[9] = 4000, -8000
	r.fill(frame, 10)
	for i := 10; i < len(frame); i += 2 {
		a, b := int(frame[i-2]-frame[i]), int(frame[i+1]-frame[i-1])
		if a < 0 || a > 101 || b < 0 || b > 201 {
			t.Fatalf("at %d: from %v to %v", i, frame[i-2:i], frame[i:i+2])
		}
	}
	if !slices.Equal(frame[90:], make([]int16, 230)) {
		t.Error("not silent after 5 ms")
	}
}
