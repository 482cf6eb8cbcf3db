package e2ee

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
	"golang.org/x/crypto/chacha20poly1305"
)

// BenchmarkFramePath is the whole path of a frame (keys of the epoch, stream, header, AAD, seal; checks, replay window,
// open) beside the bare AEAD on the same bytes, in 10 interleaved runs. It reports the medians for one seal and one open:
// ns more, and the speed as a ratio.
func BenchmarkFramePath(b *testing.B) {
	for _, size := range []int{100, 1200, 10_000, 60_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchFramePath(b, size) })
	}
}

func benchFramePath(b *testing.B, size int) {
	alice, bob := NewFrames(frameSuite, nil), NewFrames(frameSuite, nil)
	for own, f := range []*Frames{alice, bob} {
		e := FrameEpoch{Number: 1, BaseKey: baseKeyOf(1), Own: uint32(own), Leaves: []uint32{0, 1}}
		if f.Install(e) != nil || f.SwitchSend(1) != nil || f.Declare(uint32(1-own), []Stream{cameraStream}) != nil {
			b.Fatal("set-up failed")
		}
	}
	sealer, opener := alice.Sealer(1), bob.Opener(0, "1")
	clear, frame := []byte{1}, make([]byte, size)
	sealed, opened := make([]byte, 0, size+100), make([]byte, 0, size+100)
	whole := func() {
		out, err := sealer.Seal(sealed, clear, frame)
		if err == nil {
			_, err = opener.Open(opened, clear, out)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	aead, _ := chacha20poly1305.New(make([]byte, 32))
	nonce, aad := make([]byte, 12), slices.Concat(sframe.Header{KID: 0x21, CTR: 70_000}.Append(nil), clear)
	bare := func() {
		out := aead.Seal(sealed, nonce, frame, aad)
		if _, err := aead.Open(opened, nonce, out, aad); err != nil {
			b.Fatal(err)
		}
	}
	n := max(1, 3_000_000/(size+1000))
	var with, without []float64
	for b.Loop() {
		for range 10 {
			without = append(without, nsPerFrame(n, bare))
			with = append(with, nsPerFrame(n, whole))
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	w, o := with[len(with)/2], without[len(without)/2]
	b.ReportMetric((w-o)/2, "extra-ns")
	b.ReportMetric(o/w, "ratio")
	b.ReportMetric(o/2, "bare-ns")
	b.ReportMetric(testing.AllocsPerRun(100, whole), "allocs/frame")
	b.ReportMetric(0, "ns/op")
}

func nsPerFrame(n int, f func()) float64 {
	start := time.Now()
	for range n {
		f()
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}
