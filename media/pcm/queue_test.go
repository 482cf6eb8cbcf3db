package pcm

import (
	"slices"
	"testing"
)

// FuzzQueue holds a queue against a plain slice.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{1, 200, 3, 4, 250, 6, 7, 180})
	f.Fuzz(func(t *testing.T, steps []byte) {
		q := queue{most: 100}
		var want []int16
		next := int16(0)
		for _, step := range steps {
			n := int(step & 0x3f)
			switch step >> 6 {
			case 0, 1:
				samples := make([]int16, n)
				for i := range samples {
					samples[i] = next
					next++
				}
				took := q.push(samples)
				if took != min(n, 100-len(want)) {
					t.Fatalf("took %d of %d with %d there", took, n, len(want))
				}
				want = append(want, samples[:took]...)
			case 2:
				got := make([]int16, n)
				got = got[:q.pop(got)]
				if !slices.Equal(got, want[:min(n, len(want))]) {
					t.Fatalf("got %v of %v", got, want)
				}
				want = want[len(got):]
			case 3:
				n = min(n, len(want))
				q.drop(n)
				want = want[n:]
			}
			if q.n != len(want) || q.room() != 100-len(want) {
				t.Fatalf("%d are there, want %d", q.n, len(want))
			}
		}
	})
}
