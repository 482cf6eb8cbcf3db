package pcm

import (
	"fmt"
	"time"
)

// What everything is mixed, processed and encoded in: blocks of 10 ms at 48 kHz.
const (
	rate  = 48000
	block = 10 * time.Millisecond
	frame = 20 * time.Millisecond // of encoded sound
)

// mono is the shape Processors work in.
var mono = Format{Rate: rate, Channels: 1}

// or is f, or 48 kHz mono where nothing was said.
func (f Format) or() Format {
	if f == (Format{}) {
		return mono
	}
	return f
}

// valid says what is wrong with a format, or nil.
func (f Format) valid() error {
	switch f.Rate {
	case 8000, 16000, 24000, 48000:
	default:
		return fmt.Errorf("pcm: %d samples a second: use 8000, 16000, 24000 or 48000", f.Rate)
	}
	if f.Channels != 1 && f.Channels != 2 {
		return fmt.Errorf("pcm: %d channels: use 1 or 2", f.Channels)
	}
	return nil
}

// reshape appends src, which has from channels, to dst with to channels: two are averaged to one, one is said twice.
func reshape(dst, src []int16, from, to int) []int16 {
	switch {
	case from == to:
		return append(dst, src...)
	case to == 1:
		for i := 0; i+1 < len(src); i += 2 {
			dst = append(dst, int16((int32(src[i])+int32(src[i+1]))>>1))
		}
	default:
		for _, s := range src {
			dst = append(dst, s, s)
		}
	}
	return dst
}
