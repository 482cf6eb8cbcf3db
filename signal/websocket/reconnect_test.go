package websocket

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

func TestConnectionBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer bob.Close()
		defer alice.Close()
		for i := range 20 {
			send(t, alice, bob.packet(string(rune('a'+i))))
			w.cut()
			want(t, bob, string(rune('a'+i)))
		}
		wantIdle(t, bob, "no duplicate reaches Receive")
	})
}

// A relay that restarts loses no call that is up: the owner registers again by itself, and a packet that overtakes it waits.
// It fails when rewind returns no admission, and when the store drops what is not admitted yet.
func TestRelayRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		bob, alice := w.owner(t), w.dial(t, nil)
		defer bob.Close()
		defer alice.Close()
		for range 10 {
			send(t, alice, bob.packet("before"))
			want(t, bob, "before")
			w.set(false)
			relay.Close()
			sent := make(chan error, 1)
			go func() { sent <- alice.Send(t.Context(), bob.packet("meanwhile")) }()
			time.Sleep(3 * time.Second)
			w.set(true)
			relay = w.start(t, RelayConfig{})
			want(t, bob, "meanwhile")
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
		}
		relay.Close()
	})
}

// Whoever returns first after a restart, the sender's packet is not lost.
func TestSenderReturnsBeforeTheOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		m, token := signaltest.NewMailbox(), signaltest.NewToken()
		alice := w.dial(t, nil)
		defer alice.Close()
		send(t, alice, signal.Packet{To: m.Address(), Token: token, Body: []byte("early")})
		time.Sleep(59 * time.Second)
		bob := w.dial(t, m)
		defer bob.Close()
		if err := bob.Admit(t.Context(), [][32]byte{token.Hash()}, false); err != nil {
			t.Fatal(err)
		}
		want(t, bob, "early")
	})
}

// No packet acknowledged is lost within its 60 s while the relay runs; and none is handed out after.
func TestStoredForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer alice.Close()
		mailbox := bob.mailbox
		bob.Close()
		send(t, alice, bob.packet("gone"))
		time.Sleep(5 * time.Second)
		send(t, alice, bob.packet("kept"))
		notice := bob.packet("missed call")
		notice.Class = signal.ClassNotice
		send(t, alice, notice)
		time.Sleep(signal.Retention - time.Second)
		again := w.dial(t, mailbox)
		defer again.Close()
		want(t, again, "kept")
		want(t, again, "missed call")
		wantIdle(t, again, "a packet of a minute ago")
	})
}

func TestNoticeWaitsForDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob := w.owner(t)
		mailbox := bob.mailbox
		bob.Close()
		notice := bob.packet("missed call")
		notice.Class = signal.ClassNotice
		alice := w.dial(t, nil)
		send(t, alice, notice)
		alice.Close()
		time.Sleep(6 * 24 * time.Hour)
		again := w.dial(t, mailbox)
		defer again.Close()
		want(t, again, "missed call")
	})
}

// A dead connection is noticed by pings, and packets in the pipe are not lost.
func TestSilenceIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob := w.owner(t)
		defer bob.Close()
		before := w.attempts()
		time.Sleep(10 * time.Minute)
		if n := w.attempts() - before; n != 0 {
			t.Errorf("%d reconnections on a healthy connection in ten minutes", n)
		}
		w.setMute(true)
		time.Sleep(defaultKeepAlive + pongTimeout)
		w.setMute(false)
		start := time.Now()
		alice := w.dial(t, nil)
		defer alice.Close()
		send(t, alice, bob.packet("after the silence"))
		want(t, bob, "after the silence")
		if d := time.Since(start); d > connectTimeout+2*time.Second { // an attempt may be under way, and lost
			t.Errorf("the owner was back %v after the silence", d)
		}
	})
}

func TestSendWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		bob, alice := w.owner(t), w.dial(t, nil)
		w.set(false)
		relay.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := alice.Send(ctx, bob.packet("x")); !errors.Is(err, signal.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Send while the relay is away: %v", err)
		}
		blocked := make(chan error, 1)
		go func() { blocked <- alice.Send(t.Context(), bob.packet("x")) }()
		synctest.Wait()
		alice.Close()
		if err := <-blocked; !errors.Is(err, signal.ErrClosed) {
			t.Errorf("Close while the relay is away: %v", err)
		}
		bob.Close()
	})
}

// Attempts to connect grow apart to 30 s, with full jitter.
func TestBackoff(t *testing.T) {
	b := backoff{first: time.Second, limit: 30 * time.Second}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		if got := b.next(0.5); got != want*time.Second/2 {
			t.Errorf("wait %d at half: %v, want %v", i, got, want*time.Second/2)
		}
	}
	if b.next(0) != 0 {
		t.Error("full jitter begins at nothing")
	}
	for range 100 {
		if got := b.next(0.999); got > 30*time.Second {
			t.Fatalf("wait of %v", got)
		}
	}
	b.reset()
	if got := b.next(0.5); got != time.Second/2 {
		t.Errorf("after a connection that held: %v", got)
	}

	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		alice := w.dial(t, nil)
		defer alice.Close()
		w.set(false)
		relay.Close()
		time.Sleep(10 * time.Minute)
		// 0.25+0.5+1+2+4+8 s and then one in 15 s on the average: about 45.
		if n := w.attempts() - 1; n < 25 || n > 90 {
			t.Errorf("%d attempts in ten minutes", n)
		}
	})
}

// What Receive returned just before Close is not delivered again to the next reader: an Invite would ring again. It fails
// when Close cuts the connection instead of taking its leave, and when the relay waits for a reader that left.
func TestCloseAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{Limits: Limits{FrameBurst: 1e6}})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer alice.Close()
		for range 20 {
			for range 10 {
				send(t, alice, bob.packet("ring"))
			}
			send(t, alice, bob.packet("last"))
			for range 10 {
				want(t, bob, "ring")
			}
			bob.Close()
			again := w.dial(t, bob.mailbox)
			want(t, again, "last")
			wantIdle(t, again, "acknowledged before Close")
			bob.Transport = again
		}
		bob.Close()
	})
}

// Close does not wait for a relay that says nothing any more. It fails when leave has no deadline.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		bob := w.owner(t)
		synctest.Wait()
		w.setMute(true)
		start := time.Now()
		bob.Close()
		if d := time.Since(start); d > 2*closeTimeout {
			t.Errorf("Close took %v", d)
		}
		w.setMute(false)
		w.cut()
		relay.Close()
	})
}
