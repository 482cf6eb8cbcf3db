package call_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// TestALostPacketHeals drops each packet that the relay carries in a call's set-up, one a run: all of them are repeated.
func TestALostPacketHeals(t *testing.T) {
	for lost := range 10 {
		synctest.Test(t, func(t *testing.T) {
			var count atomic.Int32
			f := memory.Faults{Hook: func(p signal.Packet, f memory.Fault) memory.Fault {
				f.Drop = int(count.Add(1)) == lost+1
				return f
			}}
			p := connect(t, calltest.New(t, calltest.Options{OneWay: 10 * time.Millisecond, Faults: f}),
				call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
			flows(t, p.fromAlice, media.Video, true)
			flows(t, p.fromBob, media.Video, true)
			p.hangup(t)
		})
	}
}

func TestABadRelayHeals(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			f := memory.Faults{Seed: seed, Drop: 0.15, Duplicate: 0.2, Reorder: 0.2, Jitter: 30 * time.Millisecond}
			p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Loss: 0.02, Faults: f}),
				call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
			flows(t, p.fromAlice, media.Video, true)
			p.hangup(t)
		})
	}
}

func TestTheRelayGoesAwayInACall(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 20 * time.Millisecond}, func(t *testing.T, p *pairing) {
		p.net.Alice.Transport.Partition()
		p.net.Bob.Transport.Partition()
		time.Sleep(2 * time.Minute)
		p.alice.RenewKeys() // the Acks ride on the data channel
		until[call.KeysChanged](t, p.bob, "new keys without a relay")
		time.Sleep(time.Minute)
		flows(t, p.fromAlice, media.Video, true)
	})
}

func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{})
		if err := n.Bob.Client.Close(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		if end := until[call.Ended](t, c, "nobody is there"); end.Reason != call.Unreachable {
			t.Errorf("end %v", end)
		}
		if took := time.Since(start); took < 20*time.Second || took > 23*time.Second {
			t.Errorf("after %v, want 20 s", took)
		}
	})
}

// TestPathLost: the media path dies; it is sought anew, and the call goes on when it comes back, or ends after 20 s.
func TestPathLost(t *testing.T) {
	inCall(t, calltest.Options{OneWay: 25 * time.Millisecond}, func(t *testing.T, p *pairing) {
		p.net.World.Cut("1.2.3.4")
		until[call.Reconnecting](t, p.alice, "Alice notices")
		until[call.Reconnecting](t, p.bob, "Bob notices")
		time.Sleep(5 * time.Second)
		p.net.World.Heal("1.2.3.4")
		start := time.Now()
		until[call.Connected](t, p.alice, "Alice is back")
		until[call.Connected](t, p.bob, "Bob is back")
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("back after %v", took)
		}
		flows(t, p.fromAlice, media.Video, true)
		flows(t, p.fromBob, media.Audio, true)
	})
}

func TestPeerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 25 * time.Millisecond}),
			call.Media{Send: []media.Source{camera(90000)}}, call.Media{Send: []media.Source{camera(90000)}})
		start := time.Now()
		p.net.World.Cut("1.2.3.5")
		p.net.Bob.Transport.Partition()
		for _, c := range []*call.Call{p.alice, p.bob} {
			if end := until[call.Ended](t, c, "the other side is gone"); end.Reason != call.PeerLost {
				t.Errorf("end %v", end)
			}
		}
		if took := time.Since(start); took < 20*time.Second || took > 30*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

func TestGlare(t *testing.T) {
	for range 8 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 30 * time.Millisecond})
			fromAlice, fromBob := newTape(), newTape()
			a, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Send: []media.Source{camera(9000)}, Receive: fromBob.track})
			if err != nil {
				t.Fatal(err)
			}
			b, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, call.Media{Send: []media.Source{camera(9000)}, Receive: fromAlice.track})
			if err != nil {
				t.Fatal(err)
			}
			until[call.Connected](t, a, "Alice")
			until[call.Connected](t, b, "Bob")
			if a.ID() != b.ID() {
				t.Error("two calls")
			}
			flows(t, fromAlice, media.Video, true)
			flows(t, fromBob, media.Video, true)
			if err := b.Hangup(t.Context(), call.Left); err != nil {
				t.Error(err)
			}
			<-a.Done()
		})
	}
}

func TestCloseFromEveryState(t *testing.T) {
	for wait := time.Duration(0); wait < 600*time.Millisecond; wait += 20 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 50 * time.Millisecond})
			cam, tape := camera(9000), newTape()
			c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Send: []media.Source{cam}, Receive: tape.track})
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for in := range n.Bob.Client.Incoming(t.Context()) {
					_, _ = in.Answer(t.Context(), call.Media{Send: []media.Source{camera(9000)}, Receive: newTape().track})
				}
			}()
			time.Sleep(wait)
			c.Close()
			if !errors.Is(c.Err(), call.ErrEnded) || !cam.isClosed() {
				t.Errorf("after %v: %v, source closed %v", wait, c.Err(), cam.isClosed())
			}
			n.Bob.Client.Close()
		})
	}
}
