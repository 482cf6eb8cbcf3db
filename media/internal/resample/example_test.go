package resample_test

import (
	"fmt"

	"github.com/sotto-calls/sotto/media/internal/resample"
)

func Example() {
	r := resample.New(44100, 48000, 1)
	frame := make([]int16, 882) // 20 ms
	out := r.Resample(nil, frame)
	fmt.Println(len(out), "samples,", r.Delay(), "later")
	// Output: 960 samples, 997.732µs later
}
