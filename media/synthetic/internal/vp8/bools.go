package vp8

// boolWriter is the boolean entropy encoder (RFC 6386, section 7).
type boolWriter struct {
	out    []byte
	low    uint32 // the lower end of the interval
	width  uint32 // of the interval, 128 to 255
	needed int    // shifts until a byte is complete
}

func (w *boolWriter) reset() {
	*w = boolWriter{out: w.out[:0], width: 255, needed: 24}
}

// put writes a bool that is false with probability p of 256.
func (w *boolWriter) put(p probability, v bool) {
	split := 1 + (w.width-1)*uint32(p)>>8
	if v {
		w.low += split
		w.width -= split
	} else {
		w.width = split
	}
	for w.width < 128 {
		w.width <<= 1
		if w.low&(1<<31) != 0 {
			w.carry()
		}
		w.low <<= 1
		if w.needed--; w.needed == 0 {
			w.out = append(w.out, byte(w.low>>24))
			w.low &= 1<<24 - 1
			w.needed = 8
		}
	}
}

// carry adds one to what has been written.
func (w *boolWriter) carry() {
	for i := len(w.out) - 1; i >= 0; i-- {
		w.out[i]++
		if w.out[i] != 0 {
			return
		}
	}
}

// bits writes the lowest n bits of v, the highest first, each as likely as not.
func (w *boolWriter) bits(v, n int) {
	for n--; n >= 0; n-- {
		w.put(128, v>>n&1 != 0)
	}
}

// finish writes what is still held back and returns all bytes, valid until reset.
func (w *boolWriter) finish() []byte {
	w.bits(0, 32)
	return w.out
}
