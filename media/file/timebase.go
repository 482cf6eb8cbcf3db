package file

import (
	"math"
	"math/bits"
	"time"
)

// A Rational is a fraction, such as the seconds that one tick of an IVF file lasts: 1/30.
type Rational struct{ Num, Den uint32 }

// duration turns ticks of tb into time, to the nearest nanosecond. It reports false when that does not fit.
func (tb Rational) duration(ticks uint64) (time.Duration, bool) {
	return scale(ticks, uint64(tb.Num)*uint64(time.Second), uint64(tb.Den))
}

// ticks turns a time into ticks of tb, to the nearest one.
func (tb Rational) ticks(d time.Duration) uint64 {
	n, _ := scale(uint64(max(d, 0)), uint64(tb.Den), uint64(tb.Num)*uint64(time.Second))
	return uint64(n)
}

// scale returns v·num/den, rounded, if it fits a Duration.
func scale(v, num, den uint64) (time.Duration, bool) {
	hi, lo := bits.Mul64(v, num)
	lo, carry := bits.Add64(lo, den/2, 0)
	hi += carry
	if hi >= den {
		return math.MaxInt64, false
	}
	q, _ := bits.Div64(hi, lo, den)
	if q > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return time.Duration(q), true
}

// samples is one tick of the 48 kHz clock that Opus granule positions count.
var samples = Rational{Num: 1, Den: 48000}
