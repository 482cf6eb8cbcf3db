package pcm

import "errors"

// ErrFlushed is what [Writer.Write] and [Writer.Drain] return when a Flush dropped what they were about.
var ErrFlushed = errors.New("pcm: flushed")
