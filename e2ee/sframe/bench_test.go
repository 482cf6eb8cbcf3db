package sframe

import (
	"crypto/cipher"
	"fmt"
	"slices"
	"testing"
	"time"
)

// The sizes of a frame in bytes: Opus, a packet, a delta frame, a key frame.
var benchSizes = []int{100, 1200, 10_000, 60_000}

var benchSuites = []Suite{ChaCha20Poly1305SHA256, AES128GCMSHA256}

// benchPair is SFrame and the bare AEAD on the same bytes with the same AAD.
type benchPair struct {
	sealer   *Sealer
	opener   *Opener
	bare     cipher.AEAD
	nonce    []byte
	aad      []byte
	metadata []byte
	frame    []byte
	sealed   []byte // header, ciphertext, tag
	dst      []byte
}

func newBenchPair(tb testing.TB, suite Suite, size int) *benchPair {
	baseKey := make([]byte, 32)
	// A KID and a counter as a call has them an hour in: two bytes, and three.
	const kid, ctr = 0x1234, 200_000
	sealer, err := ResumeSealer(suite, kid, baseKey, ctr)
	if err != nil {
		tb.Fatal(err)
	}
	opener, err := NewOpener(suite, kid, baseKey)
	if err != nil {
		tb.Fatal(err)
	}
	p := &benchPair{sealer: sealer, opener: opener, bare: sealer.k.aead, metadata: []byte{1}, frame: make([]byte, size)}
	p.sealed, _ = sealer.Seal(nil, p.metadata, p.frame)
	p.nonce, p.aad = slices.Clone(sealer.k.nonce[:]), slices.Clone(sealer.k.aad)
	p.dst = make([]byte, 0, size+suite.Overhead())
	return p
}

func (p *benchPair) bareSeal() { p.bare.Seal(p.dst, p.nonce, p.frame, p.aad) }

func (p *benchPair) bareOpen() {
	if _, err := p.bare.Open(p.dst, p.nonce, p.sealed[len(p.aad)-1:], p.aad); err != nil {
		panic(err)
	}
}

func (p *benchPair) seal() {
	if _, err := p.sealer.Seal(p.dst, p.metadata, p.frame); err != nil {
		panic(err)
	}
}

// open forgets the frame first, so that the same one opens again: one word of the window is cleared.
func (p *benchPair) open() {
	if w := p.opener.k.window; w != nil {
		w.seen[w.highest/64%uint64(len(w.seen))] = 0
	}
	if _, err := p.opener.Open(p.dst, p.metadata, p.sealed); err != nil {
		panic(err)
	}
}

// BenchmarkOverhead measures SFrame beside the bare AEAD in 10 interleaved runs and reports the medians: ns more per
// frame, and the speed as a ratio (1 = as fast as the bare AEAD).
func BenchmarkOverhead(b *testing.B) {
	for _, suite := range benchSuites {
		for _, size := range benchSizes {
			p := newBenchPair(b, suite, size)
			b.Run(fmt.Sprintf("%v/seal/%d", suite, size), func(b *testing.B) { compare(b, size, p.bareSeal, p.seal) })
			b.Run(fmt.Sprintf("%v/open/%d", suite, size), func(b *testing.B) { compare(b, size, p.bareOpen, p.open) })
		}
	}
}

func compare(b *testing.B, size int, bare, whole func()) {
	const runs = 10
	n := max(1, 4_000_000/(size+1000)) // some milliseconds a run
	var a, s []float64
	for b.Loop() {
		for range runs {
			a = append(a, nsEach(n, bare))
			s = append(s, nsEach(n, whole))
		}
	}
	b.ReportMetric(median(a), "bare-ns")
	b.ReportMetric(median(s), "sframe-ns")
	b.ReportMetric(median(s)-median(a), "extra-ns")
	b.ReportMetric(median(a)/median(s), "ratio")
	b.ReportMetric(testing.AllocsPerRun(100, whole), "allocs/frame")
	b.ReportMetric(0, "ns/op")
}

func nsEach(n int, f func()) float64 {
	start := time.Now()
	for range n {
		f()
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkSuites is Seal and Open of a packet under every suite.
func BenchmarkSuites(b *testing.B) {
	for _, suite := range allSuites() {
		p := newBenchPair(b, suite, 1200)
		b.Run(suite.String()+"/seal", func(b *testing.B) { benchOne(b, p.seal) })
		b.Run(suite.String()+"/open", func(b *testing.B) { benchOne(b, p.open) })
	}
}

func benchOne(b *testing.B, f func()) {
	b.ReportAllocs()
	b.SetBytes(1200)
	for b.Loop() {
		f()
	}
}

func allSuites() []Suite {
	var all []Suite
	for s := range suites {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
