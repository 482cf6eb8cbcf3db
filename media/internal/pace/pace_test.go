package pace_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media/internal/pace"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := pace.New()
		time.Sleep(time.Hour) // a clock begins when it is first waited for
		start := time.Now()
		wait := func(at, wantAt, wantNow time.Duration) {
			t.Helper()
			got, err := c.Wait(t.Context(), at)
			if err != nil || got != wantAt || time.Since(start) != wantNow {
				t.Fatalf("Wait(%v) = %v, %v at %v, want %v at %v", at, got, err, time.Since(start), wantAt, wantNow)
			}
		}
		const ms = time.Millisecond
		wait(0, 0, 0)
		wait(20*ms, 20*ms, 20*ms)
		time.Sleep(980 * ms)
		wait(40*ms, 40*ms, 1000*ms) // late by less than a second: no shift
		wait(1020*ms, 1020*ms, 1020*ms)
		time.Sleep(5 * time.Second)
		wait(1040*ms, 6020*ms, 6020*ms) // a pause
		wait(1060*ms, 6040*ms, 6040*ms)
		ctx, cancel := context.WithTimeout(t.Context(), ms)
		defer cancel()
		if _, err := c.Wait(ctx, 2000*ms); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("cancelled: %v", err)
		}
		if _, err := c.Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("cancelled before: %v", err)
		}
		wait(1080*ms, 6060*ms, 6060*ms)
		time.AfterFunc(ms, c.Close)
		if _, err := c.Wait(t.Context(), time.Hour); !errors.Is(err, fs.ErrClosed) || time.Since(start) != 6061*ms {
			t.Fatalf("closed: %v at %v", err, time.Since(start))
		}
		c.Close()
		if _, err := c.Wait(t.Context(), 0); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("closed before: %v", err)
		}
	})
}
