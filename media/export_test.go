//go:build unix

package media

import (
	"sync/atomic"
	"testing"
	"time"
)

// What the comparison of whole calls, which is outside this package, shares with the one of connections.

// A Cost is what some calls used.
type Cost = cost

// CPUPerFrame is the processor time of a frame from its source to its sink.
func (c cost) CPUPerFrame() float64 { return float64(c.cpu) / float64(c.frames) }

// Heap is what was live, in bytes.
func (c cost) Heap() float64 { return float64(c.heap) }

// Frames is the number of frames that arrived.
func (c cost) Frames() int64 { return c.frames }

// BareStock runs bare connections as pion makes them.
func BareStock(t testing.TB, calls int, d time.Duration) Cost { return bare(t, stock, calls, d) }

// BareAlike runs bare connections with our own engines.
func BareAlike(t testing.TB, calls int, d time.Duration) Cost { return bare(t, alike, calls, d) }

// Measure is measure.
func Measure(d time.Duration, frames *atomic.Int64) Cost { return measure(d, frames) }

// NewSteady is a source of 1 Mbit/s of video, or of Opus.
func NewSteady(k Kind) Source { return newSteady(k) }

// NewCountingSink counts frames.
func NewCountingSink(n *atomic.Int64) Sink { return countingSink{n} }
