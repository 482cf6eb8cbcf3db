package media

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/pion/rtp"
)

var update = flag.Bool("update", false, "write testdata/layouts.json anew")

// A layoutVector is one frame and what travels of it. The SFrame is made up, so that the layout alone is tested.
type layoutVector struct {
	Comment  string `json:"comment"`
	Codec    Codec  `json:"codec"`
	Key      bool   `json:"key"`
	Frame    string `json:"frame"`
	SFrame   string `json:"sframe"`
	Metadata string `json:"metadata"`
	Layout   string `json:"layout"` // empty: the frame is not sent
}

// A fixedSFrame is an opener and a sealer of one frame.
type fixedSFrame struct{ frame, sframe, metadata []byte }

func (s *fixedSFrame) Seal(dst, clear, frame []byte) ([]byte, error) {
	s.frame, s.metadata = append(s.frame[:0], frame...), append(s.metadata[:0], clear...)
	return append(dst, s.sframe...), nil
}

func (s *fixedSFrame) Open(dst, clear, sealed []byte) ([]byte, error) {
	if !bytes.Equal(clear, s.metadata) || !bytes.Equal(sealed, s.sframe) {
		return dst, errTestSeal
	}
	return append(dst, s.frame...), nil
}

// received is a layout as the packets of a peer bring it.
func received(t testing.TB, codec Codec, layout []byte, key bool) wholeFrame {
	r := ruleOf(codec)
	f := wholeFrame{data: layout, rule: r, key: key}
	if codec == H264 {
		var j joint
		for nal := range nalUnits(layout) {
			if !j.unit(nal) {
				t.Fatal("too many NAL units")
			}
		}
		f.data, f.ends = j.data, j.ends
	}
	return f
}

// TestLayoutVectors: every layout is what testdata/layouts.json says, which other implementations read too.
func TestLayoutVectors(t *testing.T) {
	const path = "testdata/layouts.json"
	vectors := layoutVectors()
	if *update {
		b, err := json.MarshalIndent(vectors, "", "  ")
		check(t, err)
		check(t, os.WriteFile(path, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(path)
	check(t, err)
	var want []layoutVector
	check(t, json.Unmarshal(b, &want))
	if len(want) != len(vectors) {
		t.Fatalf("%d vectors, want %d: run with -update", len(want), len(vectors))
	}
	for i, v := range want {
		if vectors[i] != v {
			t.Errorf("%s %s: %+v, want %+v", v.Codec, v.Comment, vectors[i], v)
		}
		if v.Layout == "" {
			continue
		}
		frame, sframe, metadata, layout := unhex(t, v.Frame), unhex(t, v.SFrame), unhex(t, v.Metadata), unhex(t, v.Layout)
		o := &fixedSFrame{frame: frame, sframe: sframe, metadata: metadata}
		data, key, err := ruleOf(v.Codec).layout().open(received(t, v.Codec, layout, v.Key), o)
		if err != nil || key != v.Key || !bytes.Equal(data, frame) {
			t.Errorf("%s %s: opens to %x, key %v, %v", v.Codec, v.Comment, data, key, err)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(s)
	check(t, err)
	return b
}

// layoutVectors seals what the vectors are made of.
func layoutVectors() []layoutVector {
	const sframe = "a1b2c3d4"
	const sets = "000000016742e01fda0280f680" + "0000000168ce3c80"
	vectors := []layoutVector{
		{"a frame", Opus, true, "fc010203", sframe, "", ""},
		{"a key frame", VP8, true, "50420000", sframe, "", ""},
		{"another frame", VP8, false, "31420000", sframe, "", ""},
		{"a layer", VP9, true, "8249834200", sframe, "", ""},
		{"a temporal unit with its delimiter and sequence header", AV1, true, "12000a0b00000004", sframe, "", ""},
		{"another temporal unit", AV1, false, "1200320130", sframe, "", ""},
		{"a key frame behind parameter sets, its set's id in the second byte", H264, true, sets + "0000000165888440ff", sframe, "", ""},
		{"SEI and a second slice are hidden", H264, true, sets + "0000000106051122" + "000001658884" + "00000165228811", sframe, "", ""},
		{"another frame, start codes of three bytes", H264, false, "000001419a024455", sframe, "", ""},
		{"a delimiter first", H264, false, "0000000109f0" + "00000001419a024455", sframe, "", ""},
		{"the SFrame needs escapes", H264, false, "00000001419a02", "00000000000000010000020000030000040000000300", "", ""},
		{"start ends in a zero byte, which counts", H264, false, "0000000141980400" + "80", "0001000003", "", ""},
		{"the SFrame ends in zeros", H264, false, "00000001419a02", "a1000000", "", ""},
		{"parameter sets with zeros behind them", H264, true, "000000016742e01f000000" + "0168ce3c80" + "00" + "00000165888440", sframe, "", ""},
		{"a set's id of 40", H264, true, "0000000165880a48ff11", sframe, "", ""},
		{"parameter sets alone are no picture", H264, true, sets, sframe, "", ""},
		{"a slice without an end of its first codes", H264, true, "0000000165000000", sframe, "", ""},
		{"the slice's first code is too long", H264, true, "0000000165" + "000003fffff801ffffff", sframe, "", ""},
	}
	for i := range vectors {
		v := &vectors[i]
		frame, _ := hex.DecodeString(v.Frame)
		s := &fixedSFrame{}
		s.sframe, _ = hex.DecodeString(v.SFrame)
		layout, err := ruleOf(v.Codec).layout().seal(nil, Frame{Data: frame, Key: v.Key}, s)
		if err == nil {
			v.Layout, v.Metadata = hex.EncodeToString(layout), hex.EncodeToString(s.metadata)
		}
	}
	return vectors
}

// TestEscapes: whatever is in an SFrame, no start code is in a NAL unit, which does not end in a zero byte, and the SFrame
// comes out again.
func TestEscapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		start := []byte{0x41, byte(r.IntN(4)), byte(r.IntN(4))}[:1+r.IntN(3)]
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(5))
		}
		nal := appendEscaped(bytes.Clone(start), len(start), b)
		for _, code := range []string{"\x00\x00\x00", "\x00\x00\x01", "\x00\x00\x02"} {
			if i := bytes.Index(nal, []byte(code)); i >= 0 && i+3 > len(start) {
				t.Fatalf("%x has a start code", nal)
			}
		}
		if got := appendUnescaped(nil, start, nal[len(start):]); !bytes.Equal(got, b) {
			t.Fatalf("%x came out as %x", b, got)
		}
	}
}

// TestHostileLayouts: what is not the layout of its codec is malformed, and never reaches the opener.
func TestHostileLayouts(t *testing.T) {
	o := &fixedSFrame{frame: []byte("frame"), sframe: []byte{1, 2, 3}}
	for _, c := range []struct {
		codec  Codec
		layout string
	}{
		{VP8, ""}, {VP8, "00"}, {VP8, "02010203"}, {AV1, ""}, {AV1, "30"}, {AV1, "32010203"}, {AV1, "0a010203"},
		{H264, ""}, {H264, "0000000167010203"}, {H264, "00000001419a010203"}, {H264, "000000014180"}, {H264, "00000001419a80"},
		{H264, "0000000109f000000001419a01020380"}, {H264, "00000001419a0102038000000001419a01020380"},
		{H264, "00000001061122334480"}, {H264, "0000000141000000000000000000000180"},
	} {
		f := received(t, c.codec, unhex(t, c.layout), false)
		if _, _, err := ruleOf(c.codec).layout().open(f, o); !errors.Is(err, errLayout) {
			t.Errorf("%s %s: %v", c.codec, c.layout, err)
		}
	}
}

// TestLayers: a picture in several layers comes out as one frame, and is dropped whole if one of them does not open.
func TestLayers(t *testing.T) {
	v := newVault(1)
	seal := &testSealer{v: v}
	for _, codec := range []Codec{VP9, AV1} {
		f := wholeFrame{rule: ruleOf(codec), key: true}
		var plain []byte
		for i := range 3 {
			layer := bytes.Repeat([]byte{byte('a' + i)}, 10+i)
			b, err := f.rule.layout().seal(nil, Frame{Data: layer, Key: true}, seal)
			check(t, err)
			f.data, plain = append(f.data, b...), append(plain, layer...)
			f.ends = append(f.ends, len(f.data))
		}
		f.ends = f.ends[:2]
		if codec == VP9 {
			plain = append(plain, "\xda\x0a\x00\x00\x00\x0b\x00\x00\x00\x0c\x00\x00\x00\xda"...)
		}
		data, key, err := f.rule.layout().open(f, &testOpener{v: v})
		if err != nil || !key || !bytes.Equal(data, plain) {
			t.Errorf("%s: %q, key %v, %v", codec, data, key, err)
		}
		f.data[len(f.data)-1] ^= 1
		if _, _, err := f.rule.layout().open(f, &testOpener{v: v}); !errors.Is(err, errTestSeal) {
			t.Errorf("%s: a picture that lacks a layer: %v", codec, err)
		}
	}
}

// FuzzLayout: whatever a source gives, what is sent of it is packed, put together and opened to the same bytes.
func FuzzLayout(f *testing.F) {
	f.Add(byte(0), []byte("frame"), false)
	f.Add(byte(2), h264Frame(1, 300, true), true)
	f.Add(byte(2), []byte("\x00\x00\x01\x09\x00\x00\x01\x41\x98\x04\x00\x00\x00\x00\x01\x41"), false)
	f.Add(byte(2), []byte("\x00\x00\x01\x27\x00\x00\x01\x4110"), true)
	v := newVault(1)
	f.Fuzz(func(t *testing.T, codec byte, frame []byte, key bool) {
		r := ruleOf(codecsOf(Video)[int(codec)%4])
		sealed, err := r.layout().seal(nil, Frame{Data: frame, Key: key}, &testSealer{v: v})
		if err != nil {
			return
		}
		track, a, now := newLocalTrack(Video, "t", 5, 0), newAssembler(Video), time.Unix(1, 0)
		track.rule = r
		track.writer = tapWriter{&nowhere{}, func(h *rtp.Header, b []byte) {
			if len(b) > maxPayload {
				t.Fatalf("%d bytes in a packet", len(b))
			}
			feed(a, testPacket{h.SequenceNumber, h.Timestamp, h.Marker, b, r}, now)
		}}
		check(t, track.send(sealed, 3000, key))
		got, ok := a.pop(now, 0)
		if !ok {
			t.Fatalf("%s: no frame came of %x", r.codec, sealed)
		}
		data, _, err := r.layout().open(got, &testOpener{v: v})
		if err != nil || !bytes.Equal(data, frame) {
			t.Fatalf("%s: %x came out as %x, %v", r.codec, frame, data, err)
		}
	})
}
