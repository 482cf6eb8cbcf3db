package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

// A new epoch: both keys open for 10 seconds, then the old one's frames are of no epoch.
func TestEpochChange(t *testing.T) {
	alice, bob := framePair(t)
	old := []([]byte){alice.seal(0, "old 1"), alice.seal(0, "old 2"), alice.seal(0, "old 3")}
	bob.wantOpen(0, "0", old[0], "old 1")
	bob.install(2, 0, 1)
	alice.use(2, 0, 1)
	bob.wantOpen(0, "0", alice.seal(0, "new"), "new")
	at, ok := bob.NextExpiry()
	if !ok || at != bob.clock.now.Add(10*time.Second) {
		t.Errorf("next expiry %v, %v", at, ok)
	}
	bob.Expire(at.Add(-1))
	bob.wantOpen(0, "0", old[1], "old 2")
	bob.Expire(at)
	if _, err := bob.open(0, "0", old[2]); !errors.Is(err, ErrNoKey) {
		t.Errorf("after 10 s: %v", err)
	}
	if _, ok := bob.NextExpiry(); ok {
		t.Error("the newest epoch expires")
	}
	bob.Expire(at.Add(time.Hour))
	bob.wantOpen(0, "0", alice.seal(0, "newest"), "newest")
}

func TestAtMostFiveOldEpochs(t *testing.T) {
	// Fails if retire keeps epochs however old.
	alice, bob := framePair(t)
	var frames [][]byte
	for epoch := uint64(2); epoch < 12; epoch++ {
		frames = append(frames, alice.seal(0, "x")) // of epoch - 1
		alice.use(epoch, 0, 1)
		bob.install(epoch, 0, 1)
		if n := len(bob.epochs); n > 1+oldEpochs {
			t.Fatalf("%d epochs", n)
		}
	}
	for i, sealed := range frames {
		_, err := bob.open(0, "0", sealed) // epochs 1 to 10; the newest is 11
		if old := i+1 < 11-oldEpochs; old != errors.Is(err, ErrNoKey) || !old && err != nil {
			t.Errorf("frame of epoch %d: %v", i+1, err)
		}
	}
}

// A new epoch with the same low bits evicts the old one, so a KID never means two keys.
func TestPitfall07OneKeyPerKID(t *testing.T) {
	// Fails if retire keeps an epoch that is 16 behind.
	alice, bob := framePair(t)
	old := alice.seal(0, "epoch 1")
	alice.use(17, 0, 1)
	before := bob.epochs[0]
	bob.install(17, 0, 1)
	if len(bob.epochs) != 1 || !bytes.Equal(before.baseKey, make([]byte, 32)) {
		t.Error("epoch 1 is still there")
	}
	if _, err := bob.open(0, "0", old); !errors.Is(err, ErrAuthentication) {
		t.Errorf("frame of epoch 1 under 17: %v", err)
	}
	bob.wantOpen(0, "0", alice.seal(0, "epoch 17"), "epoch 17")
}

// A removed member, who has the old keys, goes on sending: at once nothing of it is opened, and after 2 seconds no one can
// use the old keys, not in another member's name either.
func TestPitfall17RemovedMember(t *testing.T) {
	// Fails if retire does not call dropLeaf (first half) or hasten (second half).
	a, b, c := newFrameSide(t, 0), newFrameSide(t, 1), newFrameSide(t, 2)
	for _, s := range []*frameSide{a, b, c} {
		s.use(1, 0, 1, 2)
	}
	b.declare(0, micStream)
	b.declare(2, micStream)
	b.wantOpen(2, "0", c.seal(0, "still here"), "still here")
	late, later := a.seal(0, "late"), a.seal(0, "later")

	b.install(2, 0, 1)
	if _, err := b.open(2, "0", c.seal(0, "gone")); !errors.Is(err, ErrWrongSender) {
		t.Errorf("at once: %v", err)
	}
	if st := b.Stats(); st.Removed != 1 {
		t.Errorf("%+v", st)
	}
	b.Expire(b.clock.now.Add(removalTime - 1))
	b.wantOpen(0, "0", late, "late")
	b.Expire(b.clock.now.Add(removalTime))
	if _, err := b.open(0, "0", later); !errors.Is(err, ErrNoKey) {
		t.Errorf("in another's name at +2 s: %v", err)
	}
}

// A Commit removes a member and puts another into its leaf: neither gets the other's streams or frames.
func TestPitfall16LeafIsReused(t *testing.T) {
	// Fails if Install ignores Removed.
	old, b, fresh := newFrameSide(t, 0), newFrameSide(t, 1), newFrameSide(t, 0)
	old.use(1, 0, 1)
	b.use(1, 0, 1)
	b.declare(0, Stream{Ctx: 0, MID: "0", Kind: StreamVideo, Codec: "VP8"})
	b.wantOpen(0, "0", old.seal(0, "x"), "x")

	e := FrameEpoch{Number: 2, BaseKey: baseKeyOf(2), Own: 1, Leaves: []uint32{0, 1}, Removed: []uint32{0}}
	if err := b.Install(e); err != nil {
		t.Fatal(err)
	}
	fresh.use(2, 0, 1)
	sealed := fresh.seal(0, "new member")
	if _, err := b.open(0, "0", sealed); !errors.Is(err, ErrUndeclared) {
		t.Errorf("before its own declaration: %v", err)
	}
	b.declare(0, micStream)
	b.wantOpen(0, "0", sealed, "new member")
	if _, err := b.open(0, "0", old.seal(0, "old member")); !errors.Is(err, ErrWrongSender) {
		t.Errorf("the old member: %v", err)
	}
}

// The sending keys of the epoch before are gone with the switch.
func TestSwitchDestroysOldSendKeys(t *testing.T) {
	alice, _ := framePair(t)
	alice.seal(0, "x")
	old := alice.send.Load()
	alice.use(2, 0, 1)
	if !bytes.Equal(old.baseKey, make([]byte, 32)) {
		t.Error("the base key is not wiped")
	}
	if _, err := alice.deriveSealer(old, alice.Sealer(1)); !errors.Is(err, ErrNoKey) {
		t.Errorf("derived from a wiped key: %v", err)
	}
	if st := alice.Stats(); st.EpochFrames != 0 || st.Sealed != 1 {
		t.Errorf("%+v", st)
	}
}

func TestFramesInstallRefuses(t *testing.T) {
	_, bob := framePair(t)
	good := FrameEpoch{Number: 2, BaseKey: baseKeyOf(2), Own: 1, Leaves: []uint32{0, 1}}
	for name, change := range map[string]func(e *FrameEpoch){
		"short key":       func(e *FrameEpoch) { e.BaseKey = e.BaseKey[:16] },
		"long key":        func(e *FrameEpoch) { e.BaseKey = make([]byte, 33) },
		"no key":          func(e *FrameEpoch) { e.BaseKey = nil },
		"same epoch":      func(e *FrameEpoch) { e.Number = 1 },
		"earlier epoch":   func(e *FrameEpoch) { e.Number = 0 },
		"nobody":          func(e *FrameEpoch) { e.Leaves = nil },
		"without oneself": func(e *FrameEpoch) { e.Own = 7 },
	} {
		e := good
		change(&e)
		if err := bob.Install(e); !errors.Is(err, ErrEpoch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := bob.SwitchSend(2); !errors.Is(err, ErrEpoch) {
		t.Errorf("switch to an epoch that is not there: %v", err)
	}
	if len(bob.epochs) != 1 {
		t.Errorf("%d epochs", len(bob.epochs))
	}
}

func TestFramesDeclare(t *testing.T) {
	f := newFrameSide(t, 0)
	f.declare(1, micStream, cameraStream)
	f.declare(1, micStream)
	f.declare(1, screenStream, cameraStream)
	for ctx, want := range []Stream{micStream, cameraStream, screenStream} {
		if got, ok := f.Stream(1, uint16(ctx)); !ok || got != want {
			t.Errorf("ctx %d: %+v, %v", ctx, got, ok)
		}
	}
	for name, s := range map[string]Stream{
		"another codec":   {Ctx: 1, MID: "1", Kind: StreamVideo, Codec: "H264"},
		"another section": {Ctx: 1, MID: "2", Kind: StreamVideo, Codec: "VP8"},
		"another kind":    {Ctx: 0, MID: "0", Kind: StreamVideo, Codec: "opus"},
		"ctx too high":    {Ctx: 4096, MID: "0", Kind: StreamAudio, Codec: "opus"},
		"no kind":         {Ctx: 9, MID: "0", Codec: "opus"},
		"kind 3":          {Ctx: 9, MID: "0", Kind: 3, Codec: "opus"},
		"no section":      {Ctx: 9, Kind: StreamAudio, Codec: "opus"},
		"no codec":        {Ctx: 9, MID: "0", Kind: StreamAudio},
		"long section":    {Ctx: 9, MID: fmt.Sprintf("%033d", 0), Kind: StreamAudio, Codec: "opus"},
		"long layer":      {Ctx: 9, MID: "0", RID: fmt.Sprintf("%033d", 0), Kind: StreamAudio, Codec: "opus"},
	} {
		fine := Stream{Ctx: 8, MID: "8", Kind: StreamAudio, Codec: "opus"}
		if err := f.Declare(1, []Stream{fine, s}); !errors.Is(err, ErrStreams) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := f.Stream(1, 8); ok {
		t.Error("a declaration with a fault was taken in part")
	}
}

func TestTooManySealers(t *testing.T) {
	f := newFrameSide(t, 0)
	f.use(1, 0, 1)
	for ctx := range uint16(MaxStreams) {
		f.seal(ctx, "x")
	}
	for _, ctx := range []uint16{MaxStreams, MaxContext, MaxContext + 1, 65535} {
		if _, err := f.Sealer(ctx).Seal(nil, nil, nil); !errors.Is(err, ErrUndeclared) {
			t.Errorf("ctx %d: %v", ctx, err)
		}
	}
}
