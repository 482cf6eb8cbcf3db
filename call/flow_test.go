package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// A pairing is a call that both sides are in.
type pairing struct {
	net        *calltest.Net
	alice, bob *call.Call
	fromAlice  *tape // what Bob has received
	fromBob    *tape
}

// connect lets Alice ring Bob, who answers; it returns when both are connected.
func connect(t *testing.T, n *calltest.Net, a, b call.Media) *pairing {
	t.Helper()
	p := &pairing{net: n, fromAlice: newTape(), fromBob: newTape()}
	if a.Receive == nil {
		a.Receive = p.fromBob.track
	}
	if b.Receive == nil {
		b.Receive = p.fromAlice.track
	}
	ctx := t.Context()
	var err error
	if p.alice, err = n.Alice.Client.Dial(ctx, n.Alice.Peer, a); err != nil {
		t.Fatal(err)
	}
	in, err := n.Bob.Client.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if p.bob, err = in.Answer(ctx, b); err != nil {
		t.Fatal(err)
	}
	until[call.Connected](t, p.alice, "Alice connects")
	until[call.Connected](t, p.bob, "Bob connects")
	return p
}

func TestACallForTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 50 * time.Millisecond})
		aliceCam, aliceMic, bobCam, bobMic := camera(250), microphone(500), camera(250), microphone(500)
		p := connect(t, n, call.Media{Send: []media.Source{aliceMic, aliceCam}}, call.Media{Send: []media.Source{bobMic, bobCam}})

		ae, ok := p.alice.Emoji()
		be, ok2 := p.bob.Emoji()
		if !ok || !ok2 || ae != be {
			t.Errorf("emoji %v (%v) and %v (%v)", ae, ok, be, ok2)
		}
		for _, c := range []*call.Call{p.alice, p.bob} {
			if r := c.Roster(); len(r) != 2 || r[0].ID != n.Alice.Identity.Public() || r[1].ID != n.Bob.Identity.Public() {
				t.Errorf("roster %v", r)
			}
		}
		time.Sleep(11 * time.Second)
		if err := p.alice.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		end := until[call.Ended](t, p.bob, "Bob hears the end")
		if end.Reason != call.Left || !end.Remote {
			t.Errorf("Bob's end: %v", end)
		}
		var ended *call.EndedError
		if err := p.alice.Err(); !errors.As(err, &ended) || ended.Reason != call.Left || ended.Remote {
			t.Errorf("Alice's end: %v", err)
		}
		<-p.bob.Done()
		p.fromAlice.check(t, aliceCam)
		p.fromAlice.check(t, aliceMic)
		p.fromBob.check(t, bobCam)
		p.fromBob.check(t, bobMic)
		for _, s := range []*clock{aliceCam, aliceMic, bobCam, bobMic} {
			if !s.isClosed() {
				t.Error("a source was left open")
			}
		}
	})
}

func TestDeclined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if w := in.Caller(); w.Name != "Alice" || !w.Contact() {
			t.Errorf("caller %+v", w)
		}
		until[call.Ringing](t, c, "Alice hears it ring")
		if err := in.Decline(t.Context(), call.DeclineBusy); err != nil {
			t.Fatal(err)
		}
		if end := until[call.Ended](t, c, "the decline arrives"); end.Reason != call.Busy || !end.Remote {
			t.Errorf("end %v", end)
		}
	})
}

func TestRingsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{})
		start := time.Now()
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		end := until[call.Ended](t, c, "it rings out")
		if took := time.Since(start); end.Reason != call.TimedOut || took < 60*time.Second || took > 63*time.Second {
			t.Errorf("end %v after %v", end, took)
		}
		<-in.Done()
		if _, err := in.Answer(t.Context(), call.Media{Receive: newTape().track}); !errors.Is(err, call.ErrEnded) {
			t.Errorf("answering too late: %v", err)
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		<-in.Done()
		var ended *call.EndedError
		if !errors.As(c.Err(), &ended) || ended.Reason != call.Cancelled {
			t.Errorf("Alice: %v", c.Err())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Bob.Client.Accept(ctx); err == nil {
			t.Error("a cancelled call still rings")
		}
	})
}
