package mls

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls f for 0 … n-1 on all cores and returns when all calls have: public-key operations are most of the
// cost of a large group, and they do not depend on each other. It joins what f reports.
func parallel(n int, f func(i int) error) error {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		return serial(n, f)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = f(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func serial(n int, f func(i int) error) error {
	for i := range n {
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}
