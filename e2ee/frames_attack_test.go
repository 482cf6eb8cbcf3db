package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// forge is a frame that claims to be of (ctx, leaf, epoch), from someone without keys.
func forge(highest, leaf uint32, ctx, epoch uint64) []byte {
	kid, err := sframe.MLSFormat(epochBits, highest).KID(ctx, leaf, epoch)
	if err != nil {
		panic(err)
	}
	return append(sframe.Header{KID: kid}.Append(nil), bytes.Repeat([]byte{0xa5}, 60)...)
}

// derivedKeys is how many keys an opener holds.
func derivedKeys(o *FrameOpener) (n int) {
	for i := range o.keys {
		if keys := o.keys[i].Load(); keys != nil {
			n += len(keys.byKID)
		}
	}
	return n
}

// A server or the peer sends our own frames back to us.
func TestAttackReflectedFrame(t *testing.T) {
	// Fails if admit does not compare leaf with e.own and the opener is for the own leaf, or does not compare with at.leaf.
	alice, _ := framePair(t)
	alice.declare(0, micStream)
	sealed := alice.seal(0, "my voice")
	for _, leaf := range []uint32{0, 1} {
		if _, err := alice.open(leaf, "0", sealed); !errors.Is(err, ErrWrongSender) {
			t.Errorf("opener of leaf %d: %v", leaf, err)
		}
	}
	if st := alice.Stats(); st.Reflected != 2 || st.Opened != 0 {
		t.Errorf("%+v", st)
	}
}

// A forwarder puts the camera's frames where the screen's belong, by the packets or by the header.
func TestAttackSwappedStreams(t *testing.T) {
	// Fails if admit does not compare stream.MID with at.mid; the second half fails if the KID is not in the key's label.
	alice, bob := framePair(t)
	camera, screen := alice.seal(1, "face"), alice.seal(2, "slides")
	for _, c := range []struct {
		mid    string
		sealed []byte
	}{{"1", screen}, {"2", camera}, {"0", camera}} {
		if _, err := bob.open(0, c.mid, c.sealed); !errors.Is(err, ErrUndeclared) {
			t.Errorf("a frame of another section in %q: %v", c.mid, err)
		}
	}
	h, n, err := sframe.ParseHeader(camera)
	if err != nil {
		t.Fatal(err)
	}
	h.KID = h.KID&(1<<5-1) | 2<<5
	relabelled := append(h.Append(nil), camera[n:]...)
	if _, err := bob.open(0, "2", relabelled); !errors.Is(err, ErrAuthentication) {
		t.Errorf("camera relabelled as screen: %v", err)
	}
	if st := bob.Stats(); st.WrongMID != 3 || st.Forged != 1 || st.Opened != 0 {
		t.Errorf("%+v", st)
	}
	bob.wantOpen(0, "1", camera, "face")
	bob.wantOpen(0, "2", screen, "slides")
}

// Headers with ever other ctx, leaves and epochs: no key is derived, no memory kept, nothing allocated.
func TestAttackUndeclaredFlood(t *testing.T) {
	// Fails if deriveOpener derives before admit.
	_, bob := framePair(t)
	o := bob.Opener(0, "1")
	n := uint64(0)
	for epoch := range uint64(16) {
		for ctx := range uint64(300) {
			for leaf := range uint32(2) {
				_, err := o.Open(nil, nil, forge(1, leaf, ctx, epoch))
				if want := epoch == 1 && leaf == 0 && ctx == 1; errors.Is(err, ErrAuthentication) != want {
					t.Fatalf("epoch %d, leaf %d, ctx %d: %v", epoch, leaf, ctx, err)
				}
				n++
			}
		}
	}
	st := bob.Stats()
	if derivedKeys(o) != 1 || st.Dropped() != n || st.Undeclared != 297 || st.WrongMID != 2 || st.Forged != 1 ||
		st.Reflected != 300 || st.NoEpoch != 15*600 {
		t.Errorf("%d keys, %+v", derivedKeys(o), st)
	}
	sealed := forge(1, 0, 77, 1)
	if n := testing.AllocsPerRun(100, func() { _, _ = o.Open(nil, nil, sealed) }); n != 0 {
		t.Errorf("%v allocations per undeclared frame", n)
	}
}

// A peer that declares all it may and sends in every epoch: the keys for it are bounded.
func TestDerivedKeysAreBounded(t *testing.T) {
	// Fails if Declare does not count, or retire keeps all epochs.
	bob := newFrameSide(t, 1)
	var all []Stream
	for ctx := range uint16(MaxStreams) {
		all = append(all, Stream{Ctx: ctx, MID: "0", RID: fmt.Sprint(ctx), Kind: StreamVideo, Codec: "VP8"})
	}
	bob.declare(0, all...)
	if err := bob.Declare(0, []Stream{{Ctx: MaxStreams, MID: "0", Kind: StreamVideo, Codec: "VP8"}}); !errors.Is(err, ErrStreams) {
		t.Errorf("one more stream: %v", err)
	}
	o := bob.Opener(0, "0")
	for epoch := uint64(1); epoch < 40; epoch++ {
		bob.install(epoch, 0, 1)
		for ctx := range uint64(200) {
			_, _ = o.Open(nil, nil, forge(1, 0, ctx, epoch))
		}
		if n := derivedKeys(o); n > (1+oldEpochs)*MaxStreams {
			t.Fatalf("%d keys", n)
		}
	}
	if n := derivedKeys(o); n != (1+oldEpochs)*MaxStreams {
		t.Errorf("%d keys, want %d", n, (1+oldEpochs)*MaxStreams)
	}
}

// A program that lost its counters, or an application that installs an epoch again, must not start at 0 under the same key.
func TestAttackCounterAfterRestart(t *testing.T) {
	// Fails if admitEpoch does not look into used, SwitchSend goes back, or Sealer makes a new object each time.
	alice, bob := framePair(t)
	bob.wantOpen(0, "0", alice.seal(0, "first"), "first")
	again := FrameEpoch{Number: 1, BaseKey: baseKeyOf(1), Own: 0, Leaves: []uint32{0, 1}}
	if err := alice.Install(again); !errors.Is(err, ErrEpoch) {
		t.Errorf("the epoch again: %v", err)
	}
	again.Number = 2
	if err := alice.Install(again); !errors.Is(err, ErrEpoch) {
		t.Errorf("its key under another number: %v", err)
	}
	alice.use(5, 0, 1)
	alice.use(6, 0, 1)
	first := alice.seal(0, "x")
	if err := alice.SwitchSend(5); !errors.Is(err, ErrEpoch) {
		t.Errorf("back to epoch 5: %v", err)
	}
	if err := alice.SwitchSend(6); err != nil {
		t.Errorf("to the same epoch: %v", err)
	}
	second := alice.seal(0, "x")
	h1, _, _ := sframe.ParseHeader(first)
	h2, _, _ := sframe.ParseHeader(second)
	if h1.CTR != 0 || h2.CTR != 1 {
		t.Errorf("counters %d and %d", h1.CTR, h2.CTR)
	}
}

// A browser's Worker restarted and takes an unused ctx: frames under the old one, from 0 again, are replays to us.
func TestAttackCounterRestartsAtThePeer(t *testing.T) {
	// Fails if the window is not checked.
	alice, bob := framePair(t)
	bob.wantOpen(0, "0", alice.seal(0, "first"), "first")
	restarted := newFrameSide(t, 0)
	restarted.use(1, 0, 1)
	if _, err := bob.open(0, "0", restarted.seal(0, "other")); !errors.Is(err, ErrReplay) {
		t.Errorf("counter 0 twice: %v", err)
	}
	bob.declare(0, Stream{Ctx: 4, MID: "0", Kind: StreamAudio, Codec: "opus"})
	bob.wantOpen(0, "0", restarted.seal(4, "other"), "other")
}

// A group of leaves 0 and 5, all between blank. The RFC's S = 1 would give leaf 5 the KIDs of leaf 1 in ctx 2.
func TestAttackBlankLowLeaf(t *testing.T) {
	// Fails if Install takes S from the number of leaves, or admit does not look at the roster.
	a, b := newFrameSide(t, 5), newFrameSide(t, 0)
	a.use(1, 0, 5)
	b.use(1, 0, 5)
	for leaf := range uint32(8) {
		b.declare(leaf, micStream, cameraStream, screenStream)
	}
	b.wantOpen(5, "0", a.seal(0, "leaf 5"), "leaf 5")
	for _, leaf := range []uint32{1, 2, 3, 4, 6, 7} {
		if _, err := b.open(leaf, "0", forge(5, leaf, 0, 1)); !errors.Is(err, ErrWrongSender) {
			t.Errorf("blank leaf %d: %v", leaf, err)
		}
	}
	if st := b.Stats(); st.BlankLeaf != 6 {
		t.Errorf("%+v", st)
	}
}

// The member at one connection's end sends frames in the name of another member.
func TestAttackOtherMembersFrames(t *testing.T) {
	// Fails if admit does not compare leaf with at.leaf.
	a, b, c := newFrameSide(t, 0), newFrameSide(t, 1), newFrameSide(t, 2)
	for _, s := range []*frameSide{a, b, c} {
		s.use(1, 0, 1, 2)
	}
	b.declare(0, micStream)
	b.declare(2, micStream)
	if _, err := b.open(2, "0", a.seal(0, "from leaf 0")); !errors.Is(err, ErrWrongSender) {
		t.Errorf("a frame of leaf 0 on the connection to leaf 2: %v", err)
	}
	if st := b.Stats(); st.WrongLeaf != 1 {
		t.Errorf("%+v", st)
	}
}

func TestPitfall09ReplayByForwarder(t *testing.T) {
	// Fails if Opener gives a new object, with a new window, each time.
	alice, bob := framePair(t)
	var all [][]byte
	for range 2000 {
		all = append(all, alice.seal(1, "x"))
	}
	for _, sealed := range all {
		bob.wantOpen(0, "1", sealed, "x")
	}
	for i, sealed := range all {
		if _, err := bob.open(0, "1", sealed); !errors.Is(err, ErrReplay) {
			t.Fatalf("frame %d again: %v", i, err)
		}
	}
	if st := bob.Stats(); st.Replayed != 1024 || st.TooOld != 976 || st.Opened != 2000 {
		t.Errorf("%+v", st)
	}
}

// There is no frame too short, too silent or too odd to be encrypted.
func TestPitfall13PlaintextIsDropped(t *testing.T) {
	// Fails if Open returns short input as it is, or derives a key for what has no room for a tag.
	_, bob := framePair(t)
	if _, err := bob.open(0, "0", forge(1, 0, 0, 1)[:1+15]); !errors.Is(err, ErrMalformed) || derivedKeys(bob.Opener(0, "0")) != 0 {
		t.Errorf("a tag cut by one byte: %v, %d keys", err, derivedKeys(bob.Opener(0, "0")))
	}
	for name, frame := range map[string][]byte{
		"nothing":              {},
		"Opus silence":         {0xf8, 0xff, 0xfe},
		"one byte":             {0x01},
		"a VP8 key frame":      append([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a}, make([]byte, 500)...),
		"KID 0, CTR 0, zeros":  make([]byte, 17),
		"right KID and no tag": forge(1, 0, 0, 1)[:12],
	} {
		for _, mid := range []string{"0", "1"} {
			if got, err := bob.Opener(0, mid).Open(nil, nil, frame); err == nil || len(got) != 0 {
				t.Errorf("%s in %q: %q, %v", name, mid, got, err)
			}
		}
	}
	if st := bob.Stats(); st.Dropped() != 13 || st.Opened != 0 {
		t.Errorf("%+v", st)
	}
}

// One frame has one encoding: a KID or counter with zeros in front is no other name for it.
func TestAttackKIDWithLeadingZeros(t *testing.T) {
	// Fails if ParseHeader does not compare fieldLen with the size.
	alice, bob := framePair(t)
	sealed := alice.seal(0, "frame") // KID 1, CTR 0: the header is 0x10
	rest := sealed[1:]
	for _, header := range [][]byte{
		{0x80, 0x01}, {0x90, 0x00, 0x01}, {0xf0, 0, 0, 0, 0, 0, 0, 0, 1}, {0x18, 0x00}, {0x88, 0x01, 0x00}, {0x1f, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if _, err := bob.open(0, "0", append(bytes.Clone(header), rest...)); !errors.Is(err, ErrMalformed) {
			t.Errorf("header %x: %v", header, err)
		}
	}
	if sealed[0] != 0x10 {
		t.Errorf("header %x", sealed[0])
	}
	bob.wantOpen(0, "0", sealed, "frame")
}

// Every byte that travels, the clear ones beside the frame too, is authenticated.
func TestPitfall08EveryByteIsAuthenticated(t *testing.T) {
	// Fails if Open does not pass clear on.
	alice, bob := framePair(t)
	clear := []byte{0x00, 0x01, 0x02}
	sealed, err := alice.Sealer(1).Seal(nil, clear, []byte("frame"))
	if err != nil {
		t.Fatal(err)
	}
	o := bob.Opener(0, "1")
	for _, b := range [][]byte{clear, sealed} {
		for i := range len(b) * 8 {
			b[i/8] ^= 1 << (i % 8)
			if _, err := o.Open(nil, clear, sealed); err == nil {
				t.Fatalf("bit %d changed", i)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
	if got, err := o.Open(nil, clear, sealed); err != nil || string(got) != "frame" {
		t.Errorf("%q, %v", got, err)
	}
}
