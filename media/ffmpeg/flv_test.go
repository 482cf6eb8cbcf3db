package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

type buffer struct{ bytes.Buffer }

func (*buffer) Close() error { return nil }

func annexB(nals ...[]byte) (out []byte) {
	for _, n := range nals {
		out = append(append(out, startCode...), n...)
	}
	return out
}

var (
	testSPS = []byte{0x67, 66, 0xc0, 31, 1, 2, 3}
	testPPS = []byte{0x68, 9, 8, 7}
)

// flvClip is what the writer makes of three pictures.
func flvClip(t testing.TB) (data []byte, frames []media.Frame) {
	frames = []media.Frame{
		{Data: annexB([]byte{0x65, 1}), Key: true}, // before the parameter sets: left out
		{Data: annexB(testSPS, testPPS, []byte{0x65, 1, 2, 3}), Time: 40 * time.Millisecond, Key: true},
		{Data: annexB([]byte{9, 0xf0}, []byte{0x41, 4, 5}), Time: 80 * time.Millisecond},
		{Data: annexB(testSPS, testPPS, []byte{0x65, 6}), Time: 5 * time.Hour, Key: true},
	}
	var b buffer
	w := &flvWriter{w: &b}
	for _, f := range frames {
		if err := w.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	frames[2].Data = annexB([]byte{0x41, 4, 5}) // without the delimiter
	return b.Bytes(), frames[1:]
}

// What is written is read again: times, key frames, bytes.
func TestFLV(t *testing.T) {
	data, want := flvClip(t)
	r, err := flv(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range want {
		got, err := r.ReadFrame()
		if err != nil || got.Time != f.Time || got.Key != f.Key || !bytes.Equal(got.Data, f.Data) {
			t.Errorf("%d: %+v %v, want %+v", i, got, err, f)
		}
	}
	if _, err := r.ReadFrame(); err != io.EOF {
		t.Error(err)
	}
	for n := range len(data) { // cut anywhere: an error or the end, never a picture that was not there
		r, err := flv(bytes.NewReader(data[:n]))
		count := 0
		for err == nil {
			if _, err = r.ReadFrame(); err == nil {
				count++
			}
		}
		if count > len(want) || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %d pictures, %v", n, count, err)
		}
	}
}

// Parameter sets that the stream has only in its header stand before key frames that lack them.
func TestFLVParameterSets(t *testing.T) {
	var b buffer
	w := &flvWriter{w: &b}
	_ = w.WriteFrame(media.Frame{Data: annexB(testSPS, testPPS, []byte{0x65, 1}), Key: true})
	_ = w.WriteFrame(media.Frame{Data: annexB([]byte{0x65, 2}), Key: true, Time: time.Second})
	r, err := flv(&b.Buffer)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = r.ReadFrame()
	f, err := r.ReadFrame()
	if want := annexB(testSPS, testPPS, []byte{0x65, 2}); err != nil || !bytes.Equal(f.Data, want) {
		t.Errorf("%x %v, want %x", f.Data, err, want)
	}
}

func FuzzFLV(f *testing.F) {
	data, _ := flvClip(f)
	f.Add(data)
	f.Add([]byte(flvHeader + "\x09\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := flv(bytes.NewReader(data))
		for total := 0; err == nil; {
			var frame media.Frame
			if frame, err = r.ReadFrame(); err == nil {
				if total += len(frame.Data); len(frame.Data) == 0 || frame.Time < 0 || len(frame.Data) > file.MaxFrame+maxSets*4 {
					t.Fatalf("%d bytes at %v", len(frame.Data), frame.Time)
				}
			}
		}
	})
}

func FuzzFLVWriter(f *testing.F) {
	f.Add(annexB(testSPS, testPPS, []byte{0x65, 1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b buffer
		w := &flvWriter{w: &b}
		for range 2 {
			if err := w.WriteFrame(media.Frame{Data: data, Key: true}); err != nil {
				t.Fatal(err)
			}
		}
		if b.Len() == 0 {
			return
		}
		r, err := flv(&b.Buffer)
		for err == nil {
			_, err = r.ReadFrame()
		}
		if err != io.EOF {
			t.Fatal(err)
		}
	})
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte(`{"streams":[{"codec_type":"video","avg_frame_rate":"30000/1001","disposition":{"attached_pic":0}},{"codec_type":"audio"}]}`))
	f.Add([]byte(`{"streams":[{"codec_type":"video","avg_frame_rate":"0/0","disposition":{"attached_pic":1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := parseProbe(data)
		if found.rate < 0 || found.rate > 60 || err != nil && found != (contents{}) {
			t.Errorf("%+v %v", found, err)
		}
	})
}

func TestProbe(t *testing.T) {
	found, err := parseProbe([]byte(`{"streams":[{"codec_type":"video","avg_frame_rate":"9/1","disposition":{"attached_pic":1}},
		{"codec_type":"audio"},{"codec_type":"video","avg_frame_rate":"30000/1001"},{"codec_type":"subtitle"}]}`))
	if err != nil || found != (contents{video: true, audio: true, rate: 30}) {
		t.Errorf("%+v %v", found, err)
	}
	for s, want := range map[string]int{"25/1": 25, "0/0": 0, "90000/1": 0, "1/2": 1, "": 0, "NaN/1": 0, "Inf/1": 0, "24": 0, "-25/1": 0} {
		if got := rate(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}
