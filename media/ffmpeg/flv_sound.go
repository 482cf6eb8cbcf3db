package ffmpeg

import (
	"encoding/binary"
	"io"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

const (
	flvSoundHeader = "FLV\x01\x04\x00\x00\x00\x09\x00\x00\x00\x00" // there is sound
	flvAudio       = 8
	flvALaw        = 7 << 4 // 8 kHz, mono
	flvMuLaw       = 8 << 4
)

// An flvSound writes G.711 as FLV, which has a time at each frame; a WAV file has none. It is a media.Sink for one goroutine.
type flvSound struct {
	w     io.WriteCloser
	kind  byte
	begun bool
	last  int64  // ms
	buf   []byte // what is written next
}

func newFLVSound(w io.WriteCloser, codec media.Codec) *flvSound {
	if codec == media.PCMA {
		return &flvSound{w: w, kind: flvALaw}
	}
	return &flvSound{w: w, kind: flvMuLaw}
}

// WriteFrame appends a frame at its time. Times never go back.
func (s *flvSound) WriteFrame(f media.Frame) error {
	if len(f.Data) > file.MaxFrame {
		return errLarge
	}
	s.buf = s.buf[:0]
	if !s.begun {
		s.buf = append(s.buf, flvSoundHeader...)
		s.begun = true
	}
	s.last = max(s.last, f.Time.Milliseconds())
	size, ms := 1+len(f.Data), s.last
	s.buf = append(s.buf, flvAudio, byte(size>>16), byte(size>>8), byte(size),
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0, s.kind)
	s.buf = append(s.buf, f.Data...)
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(11+size))
	_, err := s.w.Write(s.buf)
	return err
}

// Close closes the file.
func (s *flvSound) Close() error { return s.w.Close() }
