package e2ee

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

const frameSuite = sframe.ChaCha20Poly1305SHA256

// frameClock is a clock that stands until it is moved.
type frameClock struct{ now time.Time }

func (c *frameClock) time() time.Time { return c.now }

// frameSide is one member's end of a call.
type frameSide struct {
	*Frames
	t     *testing.T
	own   uint32
	clock *frameClock
}

func newFrameSide(t *testing.T, own uint32) *frameSide {
	clock := &frameClock{time.Unix(1_700_000_000, 0)}
	return &frameSide{NewFrames(frameSuite, clock.time), t, own, clock}
}

// baseKeyOf stands for the MLS exporter: members of an epoch have the same.
func baseKeyOf(epoch uint64) []byte { return bytes.Repeat([]byte{byte(epoch), 0xb5}, 16) }

func (s *frameSide) install(epoch uint64, leaves ...uint32) {
	s.t.Helper()
	if err := s.Install(FrameEpoch{Number: epoch, BaseKey: baseKeyOf(epoch), Own: s.own, Leaves: leaves}); err != nil {
		s.t.Fatalf("install %d: %v", epoch, err)
	}
}

func (s *frameSide) use(epoch uint64, leaves ...uint32) {
	s.t.Helper()
	s.install(epoch, leaves...)
	if err := s.SwitchSend(epoch); err != nil {
		s.t.Fatalf("switch to %d: %v", epoch, err)
	}
}

func (s *frameSide) declare(leaf uint32, streams ...Stream) {
	s.t.Helper()
	if err := s.Declare(leaf, streams); err != nil {
		s.t.Fatal(err)
	}
}

// The streams of a usual call.
var (
	micStream    = Stream{Ctx: 0, MID: "0", Kind: StreamAudio, Codec: "opus"}
	cameraStream = Stream{Ctx: 1, MID: "1", Kind: StreamVideo, Codec: "VP8"}
	screenStream = Stream{Ctx: 2, MID: "2", Kind: StreamVideo, Codec: "VP8"}
)

// framePair is a call for two in epoch 1: alice is leaf 0, bob leaf 1; both have declared microphone, camera and screen.
func framePair(t *testing.T) (alice, bob *frameSide) {
	alice, bob = newFrameSide(t, 0), newFrameSide(t, 1)
	for _, s := range []*frameSide{alice, bob} {
		s.use(1, 0, 1)
		s.declare(1-s.own, micStream, cameraStream, screenStream)
	}
	return alice, bob
}

func (s *frameSide) seal(ctx uint16, frame string) []byte {
	s.t.Helper()
	sealed, err := s.Sealer(ctx).Seal(nil, []byte{1}, []byte(frame))
	if err != nil {
		s.t.Fatalf("seal: %v", err)
	}
	return sealed
}

func (s *frameSide) open(leaf uint32, mid string, sealed []byte) (string, error) {
	got, err := s.Opener(leaf, mid).Open(nil, []byte{1}, sealed)
	return string(got), err
}

func (s *frameSide) wantOpen(leaf uint32, mid string, sealed []byte, want string) {
	s.t.Helper()
	if got, err := s.open(leaf, mid, sealed); err != nil || got != want {
		s.t.Errorf("opened %q, %v; want %q", got, err, want)
	}
}

// bubble runs a test in virtual time; goroutines left behind fail it.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
