package file

import (
	"io"

	"github.com/sotto-calls/sotto/media"
)

// An AnnexBReader reads an H264 byte stream (ITU-T H.264, annex B) in access units. It is for one goroutine. The stream
// has no times: they are counted from the frame rate. A frame's Data is what stands in the file, start codes and all, so
// that the frames one after the other are the file again.
type AnnexBReader struct {
	in     *input
	frame  Rational // seconds a frame
	buf    []byte   // the access unit so far
	nal    int      // where its last NAL unit begins, after the start code; 0: none
	zeros  int      // zero bytes just read
	slices bool     // it holds a coded slice
	key    bool     // and one of an IDR picture
	count  uint64
	failed error
}

// NewAnnexBReader reads the first start code. An error is a *FormatError or what r returned.
func NewAnnexBReader(r io.Reader, fps Rational) (*AnnexBReader, error) {
	a := &AnnexBReader{in: newInput(r, "H264 Annex B"), frame: Rational{Num: fps.Den, Den: fps.Num}}
	if fps.Num == 0 || fps.Den == 0 {
		return nil, a.in.badAt(0, "the frame rate is zero", nil)
	}
	head, err := a.in.r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(head) < 4 || head[0] != 0 || head[1] != 0 || head[2] != 1 && (head[2] != 0 || head[3] != 1) {
		return nil, a.in.badAt(0, "it does not begin with a start code", nil)
	}
	return a, nil
}

// Track says H264; the size stands in the stream's parameter sets, which are not looked into.
func (a *AnnexBReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Video, Codec: media.H264, ClockRate: 90000}
}

// ReadFrame returns the next access unit.
func (a *AnnexBReader) ReadFrame() (media.Frame, error) {
	for a.failed == nil {
		c, err := a.in.r.ReadByte()
		if err != nil {
			a.failed = err
			break
		}
		a.in.offset++
		if f, ok := a.next(c); ok {
			return f, nil
		}
		if len(a.buf) > MaxFrame {
			a.failed = a.in.bad("a picture of more than 4 MiB", nil)
		}
	}
	if a.failed == io.EOF && len(a.buf) > 0 {
		return a.cut(len(a.buf)), nil
	}
	return media.Frame{}, a.failed
}

// next takes one byte. It returns an access unit when the byte shows that another has begun.
func (a *AnnexBReader) next(c byte) (f media.Frame, done bool) {
	a.buf = append(a.buf, c)
	if a.nal > 0 && len(a.buf) == a.nal+2 {
		f, done = a.classify(a.buf[a.nal], c)
	}
	switch {
	case c == 1 && a.zeros >= 2:
		a.nal = len(a.buf)
		a.zeros = 0
	case c == 0:
		a.zeros++
	default:
		a.zeros = 0
	}
	return f, done
}

// classify looks at the header of a NAL unit and the byte after it, and decides whether an access unit begins with it
// (ITU-T H.264, section 7.4.1.2.3).
func (a *AnnexBReader) classify(header, second byte) (f media.Frame, done bool) {
	kind := header & 0x1f
	slice := kind >= 1 && kind <= 5
	begins := kind >= 6 && kind <= 9 || kind >= 14 && kind <= 18 || slice && second&0x80 != 0 // first_mb_in_slice is 0
	if begins && a.slices {
		start := a.nal - 3
		if start > 0 && a.buf[start-1] == 0 {
			start-- // a start code of four bytes
		}
		f, done = a.cut(start), true
	}
	if slice {
		a.slices = true
		a.key = a.key || kind == 5
	}
	return f, done
}

// cut takes the first n bytes as a frame.
func (a *AnnexBReader) cut(n int) media.Frame {
	f := media.Frame{Data: append([]byte(nil), a.buf[:n]...), Key: a.key}
	f.Time, _ = a.frame.duration(a.count)
	end, _ := a.frame.duration(a.count + 1)
	f.Duration = end - f.Time
	a.count++
	a.buf = append(a.buf[:0], a.buf[n:]...)
	a.nal = max(a.nal-n, 0)
	a.slices, a.key = false, false
	return f
}
