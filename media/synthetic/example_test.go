package synthetic_test

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/media/synthetic"
)

// The first frame is a key frame, and so is the next one after it was asked for.
func ExampleNewPattern() {
	pattern, err := synthetic.NewPattern(synthetic.PatternOptions{Width: 320, Height: 240, FPS: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pattern.Close()
	for n := range 4 {
		if n == 2 {
			pattern.ForceKeyFrame()
		}
		f, err := pattern.Read(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Time, f.Key)
	}
	// Output:
	// 0s true
	// 10ms false
	// 20ms true
	// 30ms false
}

func ExampleNewTone() {
	tone := synthetic.NewTone(synthetic.ToneOptions{})
	defer tone.Close()
	for range 2 {
		f, err := tone.Read(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tone.Track().Codec, f.Time, f.Duration, len(f.Data))
	}
	// Output:
	// opus 0s 20ms 80
	// opus 20ms 20ms 80
}
