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

// says sends a message from another goroutine, and gives how that ends.
func says(ctx context.Context, c *call.Call, data []byte) <-chan error {
	sent := make(chan error, 1)
	go func() { sent <- c.Send(ctx, data) }()
	synctest.Wait() // it waits
	return sent
}

// TestSendBeforeBothRang: both ring at once and say something meanwhile; whoever yields has not lost it. Mutation: takeOver in
// glare.go without chats.
func TestSendBeforeBothRang(t *testing.T) {
	for range 8 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			tarries := odd{send: func(_ context.Context, send func() error) error {
				time.AfterFunc(time.Second, func() { _ = send() })
				return nil
			}}
			n := calltest.New(t, calltest.Options{OneWay: 30 * time.Millisecond, Configure: oddly(tarries, "alice", "bob")})
			a, b := bothDial(t, n, deaf(), deaf())
			fromA, fromB := says(t.Context(), a, []byte("from Alice")), says(t.Context(), b, []byte("from Bob"))
			if m := until[call.Message](t, a, "Alice reads"); string(m.Data) != "from Bob" {
				t.Errorf("Alice reads %q", m.Data)
			}
			if m := until[call.Message](t, b, "Bob reads"); string(m.Data) != "from Alice" {
				t.Errorf("Bob reads %q", m.Data)
			}
			check(t, errors.Join(<-fromA, <-fromB))
			check(t, a.Hangup(t.Context(), call.Left))
			<-b.Done()
		})
	}
}

// TestSendGivenUp: what waited when its context ended is not sent later, and what is sent is what was given. Mutations:
// flushChats without gone; Send without the copy.
func TestSendGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		a, in := ring(t, n, speaks())
		ctx, cancel := context.WithCancel(t.Context())
		data := []byte("kept")
		gone, kept := says(ctx, a, []byte("given up")), says(t.Context(), a, data)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("a message that was given up: %v", err)
		}
		clear(data)
		b, err := in.Answer(t.Context(), deaf())
		check(t, err)
		if m := until[call.Message](t, b, "the one that waited on"); string(m.Data) != "kept" {
			t.Errorf("Bob reads %q", m.Data)
		}
		check(t, <-kept)
		check(t, a.Hangup(t.Context(), call.Left))
		<-b.Done()
	})
}

// TestUnmutedBeforeTheSources: what the application unmutes before sound could flow is heard. Mutation: startSources without
// chosen.
func TestUnmutedBeforeTheSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		fromBob := newTape()
		a, in := ring(t, n, call.Media{Receive: fromBob.track})
		b, err := in.Answer(t.Context(), call.Media{Send: []media.Source{microphone(9000)},
			Receive: newTape().track, Muted: media.Kinds{Audio: true}})
		check(t, err)
		until[call.ParticipantJoined](t, b, "there is a group")
		if s := b.State(); s != call.StateConnecting {
			t.Fatalf("nothing was tested: %v", s)
		}
		for _, s := range b.Streams() {
			check(t, b.SetMuted(t.Context(), s.Ctx, false))
		}
		flows(t, fromBob, media.Audio, true)
		check(t, a.Hangup(t.Context(), call.Left))
		<-b.Done()
	})
}
