package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// An flvWriter writes H264 access units in Annex B as FLV, from the first key frame with parameter sets on. It is a
// media.Sink for one goroutine.
type flvWriter struct {
	w     io.WriteCloser
	begun bool
	last  int64 // ms
	buf   []byte
}

// units are the NAL units of Annex B, without start codes and zero bytes behind them.
func units(data []byte) (out [][]byte) {
	code := startCode[1:]
	_, rest, found := bytes.Cut(data, code)
	for found {
		var unit []byte
		unit, rest, found = bytes.Cut(rest, code)
		if unit = bytes.TrimRight(unit, "\x00"); len(unit) > 0 {
			out = append(out, unit)
		}
	}
	return out
}

// WriteFrame appends a picture at its time.
func (v *flvWriter) WriteFrame(f media.Frame) error {
	if len(f.Data) > file.MaxFrame {
		return errors.New("ffmpeg: a frame of more than 4 MiB")
	}
	nals := units(f.Data)
	if !v.begun {
		config := avcRecord(nals)
		if config == nil {
			return nil // no decoder could begin here
		}
		if _, err := io.WriteString(v.w, flvHeader); err != nil {
			return err
		}
		v.begun = true
		if err := v.tag(f, true, avcConfig, config); err != nil {
			return err
		}
	}
	var body []byte
	for _, nal := range nals {
		if nal[0]&31 != nalAUD {
			body = append(binary.BigEndian.AppendUint32(body, uint32(len(nal))), nal...)
		}
	}
	if len(body) == 0 {
		return nil
	}
	return v.tag(f, f.Key, avcFrame, body)
}

// tag writes a video tag and its length behind it. Times never go back.
func (v *flvWriter) tag(f media.Frame, key bool, packet byte, body []byte) error {
	v.last = max(v.last, f.Time.Milliseconds())
	kind := byte(2<<4 | flvAVC)
	if key {
		kind = 1<<4 | flvAVC
	}
	size, ms := 5+len(body), v.last
	b := append(v.buf[:0], flvVideo, byte(size>>16), byte(size>>8), byte(size),
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0, kind, packet, 0, 0, 0)
	b = append(b, body...)
	v.buf = binary.BigEndian.AppendUint32(b, uint32(len(b)))
	_, err := v.w.Write(v.buf)
	return err
}

// Close closes the file.
func (v *flvWriter) Close() error { return v.w.Close() }

// avcRecord is the AVCDecoderConfigurationRecord of a key frame, nil if it lacks a parameter set.
func avcRecord(nals [][]byte) []byte {
	find := func(kind byte) []byte {
		i := slices.IndexFunc(nals, func(n []byte) bool { return n[0]&31 == kind && len(n) < maxSets/2 })
		if i < 0 {
			return nil
		}
		return nals[i]
	}
	sps, pps := find(nalSPS), find(nalPPS)
	if len(sps) < 4 || pps == nil {
		return nil
	}
	b := append([]byte{1}, sps[1:4]...)
	b = append(b, 0xff, 0xe1) // lengths of four bytes; one SPS
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(sps))), sps...)
	b = append(b, 1)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(pps))), pps...)
}
