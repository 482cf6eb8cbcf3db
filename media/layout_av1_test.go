package media

import (
	"bytes"
	"errors"
	"testing"
)

// TestAV1SequenceHeaderOfABrowser: a browser's transform puts a sequence header in front of a key frame, for its
// packetiser; it is dropped, there and nowhere else.
func TestAV1SequenceHeaderOfABrowser(t *testing.T) {
	sequence := unhex(t, "0800000024c4ffdf006802") // a packetiser takes the size out
	sealed := append([]byte{obuFrame}, 1, 2, 3)
	o := &fixedSFrame{frame: []byte("frame"), sframe: sealed[1:], metadata: sealed[:1]}
	packet := append([]byte{2<<4 | av1NewSequence, byte(len(sequence))}, append(bytes.Clone(sequence), sealed...)...)
	h, ok := av1Packing{}.head(packet)
	var j joint
	if !ok || !h.key || !h.start || !(av1Packing{}).join(&j, h, packet) {
		t.Fatalf("the packet is refused: %+v, %v", h, ok)
	}
	data, key, err := newAV1Layout().open(wholeFrame{data: j.data, ends: j.ends, key: h.key}, o)
	if err != nil || !key || string(data) != "frame" {
		t.Errorf("opened %q, key %v, %v", data, key, err)
	}

	for name, parts := range map[string][][]byte{
		"alone":  {sequence},
		"twice":  {sequence, sequence, sealed},
		"behind": {sealed, sequence},
	} {
		var f wholeFrame
		for i, p := range parts {
			if i > 0 {
				f.ends = append(f.ends, len(f.data))
			}
			f.data = append(f.data, p...)
		}
		if _, _, err := newAV1Layout().open(f, o); !errors.Is(err, errLayout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
