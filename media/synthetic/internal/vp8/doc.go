// Package vp8 is a small VP8 encoder (RFC 6386) for pictures that are made, not filmed: a test pattern.
//
// A key frame predicts each macroblock from its neighbours, a delta frame from the last frame without motion, and what the
// prediction leaves is transformed, quantised and written. That is enough for a picture in which little moves; there is no
// motion search, no loop filter, no rate control.
//
// An [Encoder] is for one goroutine and starts none.
package vp8
