package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
	"github.com/sotto-calls/sotto/media/pcm"
)

var (
	heard  = pcm.Format{Rate: 16000, Channels: 1} // what the agent hears, as speech-to-text programs want it
	spoken = pcm.Format{Rate: 48000, Channels: 1} // what it says
)

// errSilent is for a program that wrote no sound.
var errSilent = errors.New("it wrote no sound: WAV or raw 16-bit samples were expected on its stdout")

// decode reads WAV, or else raw little-endian samples, mono, of this rate, and gives them to play in the shape of spoken,
// piece by piece as they come.
func decode(r io.Reader, rawRate int, play func([]int16) error) error {
	in := bufio.NewReader(r)
	var frames file.FrameReader = &rawReader{r: in, rate: rawRate}
	head, err := in.Peek(4)
	switch {
	case errors.Is(err, io.EOF):
		return errSilent
	case err != nil:
		return err
	case string(head) == "RIFF":
		if frames, err = file.NewWAVReader(in); err != nil {
			return err
		}
	}
	return convert(frames, play)
}

func convert(frames file.FrameReader, play func([]int16) error) error {
	track := frames.Track()
	shape := newResampler(track.ClockRate, spoken.Rate)
	var samples, out []int16
	for {
		f, err := frames.ReadFrame()
		if errors.Is(err, io.EOF) {
			return play(shape.flush(out[:0]))
		}
		if err != nil {
			return err
		}
		samples = mono(samples[:0], f.Data, track.Channels)
		out = shape.resample(out[:0], samples)
		if err := play(out); err != nil {
			return err
		}
	}
}

// mono appends 16-bit little-endian samples, as the mean of the channels.
func mono(dst []int16, b []byte, channels int) []int16 {
	for ; len(b) >= 2*channels; b = b[2*channels:] {
		sum := 0
		for c := range channels {
			sum += int(int16(binary.LittleEndian.Uint16(b[2*c:])))
		}
		dst = append(dst, int16(sum/channels))
	}
	return dst
}

// A rawReader reads samples without a header, in frames of at most 20 ms.
type rawReader struct {
	r    io.Reader
	rate int
}

func (r *rawReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Audio, Codec: file.PCM16, ClockRate: r.rate, Channels: 1}
}

func (r *rawReader) ReadFrame() (media.Frame, error) {
	b := make([]byte, r.rate/50*2)
	n, err := io.ReadFull(r.r, b)
	if n > 1 && (errors.Is(err, io.ErrUnexpectedEOF) || err == nil) {
		return media.Frame{Data: b[:n&^1]}, nil
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return media.Frame{}, err
}

// encode makes what -listen reads: a WAV file, or raw little-endian samples.
func encode(samples []int16, raw bool) ([]byte, error) {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	if raw {
		return b, nil
	}
	var m memory
	w, err := file.NewWAVWriter(&m, heard.Rate, heard.Channels)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.WriteFrame(media.Frame{Data: b}), w.Close()); err != nil {
		return nil, err
	}
	return m.Bytes(), nil
}

// A memory is a file in memory, whose header can be completed.
type memory struct{ bytes.Buffer }

// WriteAt writes over what is there.
func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	return copy(m.Bytes()[at:], p), nil
}

// fade lets sound begin and end without a click.
func fade(samples []int16, f pcm.Format) {
	n := min(f.Samples(5*time.Millisecond), len(samples)/2)
	for i := range n {
		samples[i] = int16(int(samples[i]) * i / n)
		last := len(samples) - 1 - i
		samples[last] = int16(int(samples[last]) * i / n)
	}
}
