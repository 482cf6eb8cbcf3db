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

func isClosed(t *testing.T, why string, sources ...*clock) {
	t.Helper()
	for i, s := range sources {
		if !s.isClosed() {
			t.Errorf("%s: source %d was left open", why, i)
		}
	}
}

// TestAnOfferOfGarbage: the sources of an answer are closed though the connection never took them. The mutation that
// makes it fail: prepare in perform.go without m.close.
func TestAnOfferOfGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		check(t, n.Bob.Transport.Send(t.Context(), forge(t, n.Bob, [32]byte{1}, goodSuite)))
		in, err := n.Alice.Client.Accept(t.Context())
		check(t, err)
		start, mic, cam := time.Now(), microphone(1000), camera(1000)
		c, err := in.Answer(t.Context(), call.Media{Send: []media.Source{mic, cam}, Receive: newTape().track})
		check(t, err)
		ended(t, c, call.MediaFailed, false, start, 3*time.Second)
		isClosed(t, "garbage", mic, cam)
	})
}

// TestADialThatIsGivenUp while the relay has not said yet that it has the Invite: the callee rings by then, and is told that
// it was cancelled. The mutation that makes it fail: dial without hang(Left), but Close.
func TestADialThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond,
			Configure: oddly(odd{send: slowAnswer(300 * time.Millisecond)}, "alice")})
		ctx, cancel := context.WithCancel(t.Context())
		mic := microphone(1000)
		dialled := make(chan error, 1)
		go func() {
			_, err := n.Alice.Client.Dial(ctx, n.Alice.Peer, call.Media{Send: []media.Source{mic}, Receive: newTape().track})
			dialled <- err
		}()
		in, err := n.Bob.Client.Accept(t.Context())
		check(t, err)
		cancel()
		if err := <-dialled; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		isClosed(t, "given up", mic)
		<-in.Done()
		_, err = in.Answer(t.Context(), deaf())
		if e, ok := errors.AsType[*call.EndedError](err); !ok || e.Reason != call.Cancelled {
			t.Errorf("Bob was told: %v", err)
		}
		time.Sleep(time.Second)
		if missed := n.Bob.Contacts.Notices(); len(missed) != 1 {
			t.Errorf("Bob's missed calls: %v", missed)
		}
	})
}

// TestADialThatFailsAtOnce closes its sources, whatever it fails for. The mutation that makes it fail: Dial without
// m.close.
func TestADialThatFailsAtOnce(t *testing.T) {
	n := calltest.New(t, calltest.Options{})
	mic, cam := microphone(10), camera(10)
	cam.info.Codec = "H265"
	_, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Send: []media.Source{mic, cam}, Receive: newTape().track})
	if !errors.Is(err, media.ErrCodec) {
		t.Errorf("a codec that cannot be carried: %v", err)
	}
	isClosed(t, "bad codec", mic, cam)

	n.Alice.Client.Close()
	mic = microphone(10)
	_, err = n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Send: []media.Source{mic}, Receive: newTape().track})
	if !errors.Is(err, call.ErrClosed) {
		t.Errorf("a closed client: %v", err)
	}
	isClosed(t, "closed client", mic)
}

// TestADialWhileTheClientCloses says so, and not that somebody's context has ended.
func TestADialWhileTheClientCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := odd{open: func(ctx context.Context) error { return wait(ctx, time.Minute) }}
		n := calltest.New(t, calltest.Options{Configure: oddly(slow, "alice")})
		failed := dials(t.Context(), n)
		check(t, n.Alice.Client.Close())
		if err := <-failed; !errors.Is(err, call.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestAnAnswerWhileTheCallEnds: the caller has given up, and the callee's last messages are still on their way when the
// answer comes. The mutation that makes it fail: finished in call.go without a look into the inbox.
func TestAnAnswerWhileTheCallEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond,
			Configure: oddly(odd{send: slowAnswer(300 * time.Millisecond)}, "bob")})
		c, in := ring(t, n, deaf())
		c.Close()
		time.Sleep(25 * time.Millisecond)
		cam := camera(100)
		b, err := in.Answer(t.Context(), call.Media{Send: []media.Source{cam}, Receive: newTape().track})
		if err != nil {
			t.Fatal("the call was over already: nothing was tested")
		}
		ended(t, b, call.Closed, true, time.Now(), time.Second)
		isClosed(t, "late answer", cam)
	})
}

// TestTheFirstAnswerCounts: a second one fails, closes its sources and changes nothing. The mutation that makes it fail:
// Answer in incoming.go without settled.
func TestTheFirstAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		c, in := ring(t, n, speaks())
		first, second, cam := newTape(), newTape(), camera(100)
		b, err := in.Answer(t.Context(), call.Media{Receive: first.track})
		check(t, err)
		_, err = in.Answer(t.Context(), call.Media{Send: []media.Source{cam}, Receive: second.track})
		if !errors.Is(err, call.ErrState) {
			t.Errorf("answered twice: %v", err)
		}
		isClosed(t, "second answer", cam)
		time.Sleep(5 * time.Second)
		if a, b := first.count(media.Audio), second.count(media.Audio); a < 200 || b != 0 {
			t.Errorf("%d frames for the first answer, %d for the second", a, b)
		}
		check(t, c.Hangup(t.Context(), call.Left))
		<-b.Done()
	})
}

// TestACancelWhileTheAnswerIsPrepared: the connection is just being made. The mutation that makes it fail: closeMedia in
// finish.go without the connection that the worker has made.
func TestACancelWhileTheAnswerIsPrepared(t *testing.T) {
	for _, stubborn := range []bool{false, true} { // whether the relay's servers heed the context
		synctest.Test(t, func(t *testing.T) {
			slow := odd{ice: func(ctx context.Context) {
				if stubborn {
					ctx = context.Background()
				}
				_ = wait(ctx, 200*time.Millisecond)
			}}
			n := calltest.New(t, calltest.Options{Configure: func(name string, c *call.Config) {
				oddly(slow, "bob")(name, c)
			}})
			synctest.Wait()
			before := inBubble()
			c, in := ring(t, n, deaf())
			cam := camera(10)
			b, err := in.Answer(t.Context(), call.Media{Send: []media.Source{cam}, Receive: newTape().track})
			check(t, err)
			time.Sleep(50 * time.Millisecond)
			start := time.Now()
			c.Close()
			ended(t, b, call.Closed, true, start, 2*time.Second)
			isClosed(t, "cancelled", cam)
			synctest.Wait()
			if n := inBubble(); n > before {
				t.Errorf("%d goroutines, %d before\n%s", n, before, stacks())
			}
		})
	}
}

// TestConsentDoesNotHoldUpTheEnd: somebody thinks about a track for ever, and the other side hangs up. The mutation that
// makes it fail: consents in worker.go without a look at its context.
func TestConsentDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, told := make(chan struct{}), make(chan struct{})
		b := speaks()
		b.Consent = func(ctx context.Context, _ media.TrackInfo) bool {
			<-ctx.Done()
			close(told)
			<-release
			return true
		}
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), speaks(), b)
		go func() { _, _ = p.alice.AddTrack(t.Context(), camera(1000)) }()
		time.Sleep(time.Second)
		start := time.Now()
		check(t, p.alice.Hangup(t.Context(), call.Left))
		ended(t, p.bob, call.Left, true, start, 5*time.Second)
		<-told
		close(release)
	})
}

// TestCloseIsHeard: the other side of a call that is closed does not wait for its timeouts. The mutation that makes it
// fail: fxBye in perform.go without byeByRelay.
func TestCloseIsHeard(t *testing.T) {
	for _, loss := range []float64{0, 0.5, 1} {
		synctest.Test(t, func(t *testing.T) {
			p := talk(t, calltest.Options{})
			p.net.World.SetLoss(loss)
			start := time.Now()
			p.alice.Close()
			if took := time.Since(start); took > 4*time.Second {
				t.Errorf("Close took %v", took)
			}
			ended(t, p.bob, call.Closed, true, start, 4*time.Second)
		})
	}
}

// TestAClientThatClosesLeavesTheOthersRinging: a person's other devices may still take the call. The mutation that makes
// it fail: hangup in machine.go without the case of a ringing call that is closed.
func TestAClientThatClosesLeavesTheOthersRinging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		start := time.Now()
		c, in := ring(t, n, deaf())
		n.Bob.Client.Close()
		<-in.Done()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Close took %v", took)
		}
		ended(t, c, call.TimedOut, false, start, 63*time.Second)
		if took := time.Since(start); took < 60*time.Second {
			t.Errorf("the caller has given up after %v", took)
		}
	})
}
