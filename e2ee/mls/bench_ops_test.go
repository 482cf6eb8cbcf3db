package mls_test

import (
	"fmt"
	"testing"
)

func BenchmarkOperations(b *testing.B) {
	for _, n := range []int{2, 50, 1000} {
		c := newCrowd(b, n, false)
		for _, o := range operations {
			b.Run(fmt.Sprintf("%s/%d", o.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					f := o.run(b, c)
					b.StartTimer()
					f()
				}
			})
		}
	}
}
