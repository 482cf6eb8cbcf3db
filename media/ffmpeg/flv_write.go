package ffmpeg

import (
	"bytes"
	"encoding/binary"
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
	last  int64  // ms
	buf   []byte // what is written next
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

// WriteFrame appends a picture at its time. What begins the file is written with the first one, so that no file has only
// that.
func (v *flvWriter) WriteFrame(f media.Frame) error {
	if len(f.Data) > file.MaxFrame {
		return errLarge
	}
	nals := units(f.Data)
	v.buf = v.buf[:0]
	if !v.begun {
		config := avcStart(nals)
		if config == nil {
			return nil // no decoder could begin here
		}
		v.buf = append(v.buf, flvHeader...)
		v.tag(f, true, avcConfig, config)
		v.begun = true
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
	v.tag(f, f.Key, avcFrame, body)
	_, err := v.w.Write(v.buf)
	return err
}

// tag appends a video tag and its length behind it to what will be written. Times never go back.
func (v *flvWriter) tag(f media.Frame, key bool, packet byte, body []byte) {
	v.last = max(v.last, f.Time.Milliseconds())
	kind := byte(2<<4 | flvAVC)
	if key {
		kind = 1<<4 | flvAVC
	}
	size, ms := 5+len(body), v.last
	v.buf = append(v.buf, flvVideo, byte(size>>16), byte(size>>8), byte(size),
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), 0, 0, 0, kind, packet, 0, 0, 0)
	v.buf = append(v.buf, body...)
	v.buf = binary.BigEndian.AppendUint32(v.buf, uint32(11+size))
}

// Close closes the file.
func (v *flvWriter) Close() error { return v.w.Close() }

// avcStart is the AVCDecoderConfigurationRecord of a picture that a decoder can begin with, nil for others.
func avcStart(nals [][]byte) []byte {
	if !slices.ContainsFunc(nals, func(n []byte) bool { return n[0]&31 == nalIDR }) {
		return nil
	}
	return avcRecord(nals)
}

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
