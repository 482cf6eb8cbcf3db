package e2ee

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// FuzzFrameOpener: whatever arrives, no panic, no plaintext that was not sealed, one key at most, and it is counted once.
func FuzzFrameOpener(f *testing.F) {
	seal := func(ctx uint16) []byte {
		a := NewFrames(frameSuite, nil)
		e := FrameEpoch{Number: 1, BaseKey: baseKeyOf(1), Own: 0, Leaves: []uint32{0, 1}}
		if a.Install(e) != nil || a.SwitchSend(1) != nil {
			f.Fatal("set-up failed")
		}
		sealed, err := a.Sealer(ctx).Seal(nil, []byte{1}, []byte("frame"))
		if err != nil {
			f.Fatal(err)
		}
		return sealed
	}
	authentic := [][]byte{seal(0), seal(1), seal(9)}
	for _, sealed := range authentic {
		f.Add([]byte{1}, sealed)
	}
	f.Add([]byte{}, forge(1, 0, 1, 1))
	f.Add([]byte{0}, forge(1, 1, 4000, 15))
	f.Fuzz(func(t *testing.T, clear, sealed []byte) {
		b := NewFrames(frameSuite, nil)
		e := FrameEpoch{Number: 1, BaseKey: baseKeyOf(1), Own: 1, Leaves: []uint32{0, 1}}
		if b.Install(e) != nil || b.Declare(0, []Stream{micStream, cameraStream}) != nil {
			t.Fatal("set-up failed")
		}
		o := b.Opener(0, "0")
		wanted := bytes.Equal(sealed, authentic[0]) && bytes.Equal(clear, []byte{1})
		got, err := o.Open([]byte("dst"), clear, bytes.Clone(sealed))
		if wanted != (err == nil) || err != nil && string(got) != "dst" || err == nil && string(got) != "dstframe" {
			t.Errorf("%x beside %x: %q, %v", sealed, clear, got, err)
		}
		if st := b.Stats(); st.Opened+st.Dropped() != 1 || derivedKeys(o) > 1 {
			t.Errorf("%d keys, %+v", derivedKeys(o), st)
		}
	})
}

// Nothing of a frame key gets into a log, by any verb, in any nesting.
func TestPitfall28FrameKeysRedactThemselves(t *testing.T) {
	// Fails if FrameEpoch has no Format.
	alice, bob := framePair(t)
	bob.wantOpen(0, "0", alice.seal(0, "x"), "x")
	key := bytes.Repeat([]byte{0xc7}, 32)
	epoch := FrameEpoch{Number: 2, BaseKey: key, Own: 0, Leaves: []uint32{0, 1}}
	if err := alice.Install(epoch); err != nil {
		t.Fatal(err)
	}
	if err := alice.SwitchSend(2); err != nil {
		t.Fatal(err)
	}
	alice.seal(0, "x")
	for _, v := range []any{
		alice.Frames, epoch, &epoch, alice.Sealer(0), alice.Opener(1, "0"), alice.Stats(), []any{epoch, alice.Frames},
		struct {
			F *Frames
			E FrameEpoch
			f *Frames
			s *FrameSealer
			o *FrameOpener
		}{alice.Frames, epoch, alice.Frames, alice.Sealer(0), alice.Opener(1, "0")},
	} {
		var log bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&log, verb, v)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("keys", "v", v)
		for _, form := range []string{"c7c7", "C7C7", "199 199", "0xc7, 0xc7", "x8fHx", "\xc7\xc7"} {
			if strings.Contains(log.String(), form) {
				t.Errorf("a key is in %q", log.String())
			}
		}
	}
}
