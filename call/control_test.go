package call_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// inCall runs f in a bubble with a call that sends a camera and a microphone each way for an hour.
func inCall(t *testing.T, o calltest.Options, f func(t *testing.T, p *pairing)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, o)
		p := connect(t, n, call.Media{Send: []media.Source{microphone(180000), camera(90000)}, Consent: yes},
			call.Media{Send: []media.Source{microphone(180000), camera(90000)}, Consent: yes})
		f(t, p)
		p.hangup(t)
	})
}

func yes(context.Context, media.TrackInfo) bool { return true }

func (p *pairing) hangup(t *testing.T) {
	t.Helper()
	if err := p.alice.Hangup(t.Context(), call.Left); err != nil {
		t.Error(err)
	}
	<-p.bob.Done()
}

// flows asserts that frames of a kind arrive at a tape within two seconds.
func flows(t *testing.T, to *tape, k media.Kind, want bool) {
	t.Helper()
	time.Sleep(500 * time.Millisecond)
	before := to.count(k)
	time.Sleep(2 * time.Second)
	if got := to.count(k) - before; got > 0 != want {
		t.Errorf("%d %v frames in 2 s, want some: %v", got, k, want)
	}
}

func TestChatIsOrderedAndFromTheOtherSide(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 40 * time.Millisecond, Loss: 0.02}, func(t *testing.T, p *pairing) {
		for i := range 40 {
			if err := p.alice.Send(t.Context(), fmt.Appendf(nil, "message %d", i)); err != nil {
				t.Fatal(err)
			}
		}
		big := bytes.Repeat([]byte("x"), 16<<10)
		if err := p.alice.Send(t.Context(), big); err != nil {
			t.Fatal(err)
		}
		if err := p.alice.Send(t.Context(), append(big, 'y')); err == nil {
			t.Error("more than 16 KiB was sent")
		}
		for i := range 40 {
			m := until[call.Message](t, p.bob, "a message")
			if want := fmt.Sprintf("message %d", i); string(m.Data) != want || m.From != p.net.Alice.Identity.Public() {
				t.Fatalf("got %q from %v, want %q", m.Data, m.From, want)
			}
		}
		if m := until[call.Message](t, p.bob, "the big message"); !bytes.Equal(m.Data, big) {
			t.Errorf("the big message arrived as %d bytes", len(m.Data))
		}
	})
}

func TestMuteStopsTheSourceAndIsTold(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 20 * time.Millisecond}, func(t *testing.T, p *pairing) {
		for _, s := range p.alice.Streams() {
			flows(t, p.fromAlice, s.Kind, true)
			if err := p.alice.SetMuted(t.Context(), s.Ctx, true); err != nil {
				t.Fatal(err)
			}
			if m := until[call.MuteChanged](t, p.bob, "Bob hears of it"); !m.Muted || m.Track.Kind != s.Kind {
				t.Errorf("%+v", m)
			}
			flows(t, p.fromAlice, s.Kind, false)
			if err := p.alice.SetMuted(t.Context(), s.Ctx, false); err != nil {
				t.Fatal(err)
			}
			if m := until[call.MuteChanged](t, p.bob, "Bob hears of it"); m.Muted {
				t.Errorf("%+v", m)
			}
			flows(t, p.fromAlice, s.Kind, true)
		}
	})
}

func TestHoldStopsBothWays(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 20 * time.Millisecond}, func(t *testing.T, p *pairing) {
		if err := p.bob.Hold(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if h := until[call.HoldChanged](t, p.alice, "Alice hears of it"); !h.Held {
			t.Errorf("%+v", h)
		}
		flows(t, p.fromAlice, media.Video, false)
		flows(t, p.fromBob, media.Video, false)
		if err := p.bob.Hold(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		flows(t, p.fromAlice, media.Video, true)
		flows(t, p.fromBob, media.Audio, true)
	})
}

func TestNewKeysInTheCall(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 30 * time.Millisecond}, func(t *testing.T, p *pairing) {
		for i, c := range []*call.Call{p.alice, p.bob, p.alice} { // the callee asks, the caller commits
			c.RenewKeys()
			want := uint64(i + 2)
			if k := until[call.KeysChanged](t, p.alice, "Alice's epoch"); k.Epoch != want {
				t.Errorf("Alice's epoch %d, want %d", k.Epoch, want)
			}
			if k := until[call.KeysChanged](t, p.bob, "Bob's epoch"); k.Epoch != want {
				t.Errorf("Bob's epoch %d, want %d", k.Epoch, want)
			}
			flows(t, p.fromAlice, media.Video, true)
			flows(t, p.fromBob, media.Audio, true)
			if err := p.bob.Send(t.Context(), []byte("still there")); err != nil {
				t.Error(err)
			}
			until[call.Message](t, p.alice, "a message in the new epoch")
		}
		if s := p.bob.Stats(); s.Frames.Dropped() > 0 {
			t.Errorf("frames were dropped at the change of keys: %+v", s.Frames)
		}
	})
}

func TestKeysAreRenewedByTheHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, calltest.New(t, calltest.Options{}), call.Media{}, call.Media{})
		start := time.Now()
		if k := until[call.KeysChanged](t, p.alice, "a new epoch by itself"); k.Epoch != 2 {
			t.Errorf("epoch %d", k.Epoch)
		}
		if took := time.Since(start).Round(time.Minute); took != time.Hour {
			t.Errorf("after %v, want an hour", took)
		}
		p.hangup(t)
	})
}

// TestHangupOnHold: on hold nothing is under way, so hanging up waits for nothing.
// Mutation: let media's Drain wait for acknowledgements on hold; then it takes 2 s more.
func TestHangupOnHold(t *testing.T) {
	for _, who := range []string{"alice", "bob"} {
		synctest.Test(t, func(t *testing.T) {
			p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}),
				call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
			flows(t, p.fromAlice, media.Video, true)
			c := p.alice
			if who == "bob" {
				c = p.bob
			}
			if err := c.Hold(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			start := time.Now()
			p.hangup(t)
			if took := time.Since(start); took > 1500*time.Millisecond {
				t.Errorf("%s holds: %v to hang up", who, took)
			}
		})
	}
}
