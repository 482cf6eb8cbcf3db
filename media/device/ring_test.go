package device

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func bytesOf(samples ...int16) (b []byte) {
	for _, s := range samples {
		b = binary.NativeEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func TestRingRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(4)
		go func() {
			time.Sleep(time.Second)
			r.record(bytesOf(1, 2, 3))
		}()
		buf := make([]int16, 2)
		n, err := r.read(t.Context(), buf)
		if err != nil || n != 2 || buf[0] != 1 || buf[1] != 2 {
			t.Fatal(n, err, buf)
		}
		r.record(bytesOf(4, 5, 6, 7)) // one too many
		buf = make([]int16, 9)
		if n, err = r.read(t.Context(), buf); err != nil || !slices.Equal(buf[:n], []int16{4, 5, 6, 7}) || r.missed != 1 {
			t.Fatal(buf[:n], err, r.missed)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.read(ctx, buf); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		gone := errors.New("gone")
		go func() {
			time.Sleep(time.Second)
			r.fail(gone)
			r.fail(errClosed)
		}()
		for range 2 {
			if _, err := r.read(t.Context(), buf); err != gone {
				t.Error(err)
			}
		}
	})
}

func TestRingPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(4)
		done := make(chan error)
		go func() { done <- r.write(t.Context(), []int16{1, 2, 3, 4, 5, 6, 7}) }()
		synctest.Wait()
		var played []byte
		for range 3 {
			b := make([]byte, 6)
			r.play(b)
			played = append(played, b...)
			synctest.Wait()
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if !slices.Equal(played, bytesOf(1, 2, 3, 4, 5, 6, 7, 0, 0)) || r.missed != 2 {
			t.Errorf("%v, %d missed", played, r.missed)
		}
		go func() { done <- r.write(t.Context(), make([]int16, 9)) }()
		synctest.Wait()
		r.fail(errClosed)
		if err := <-done; err != errClosed {
			t.Error(err)
		}
	})
}

func TestRingAllocatesNothing(t *testing.T) {
	r := newRing(9600)
	b, buf := make([]byte, 960), make([]int16, 480)
	if n := testing.AllocsPerRun(100, func() {
		r.record(b)
		if _, err := r.read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
		if err := r.write(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
		r.play(b)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
