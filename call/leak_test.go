package call_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// A scene is a call on its way to a state, and everything that must be gone after it.
type scene struct {
	*calltest.Net
	cut        func() // breaks the media path
	wait       time.Duration
	alice, bob *call.Call // nil: not there yet
	mu         sync.Mutex
	sources    []*clock
	adding     sync.WaitGroup
}

// send are two sources of the scene.
func (s *scene) send() call.Media {
	mic, cam := microphone(1<<30), camera(1<<30)
	s.own(mic)
	s.own(cam)
	return call.Media{Send: []media.Source{mic, cam}, Receive: newTape().track, Consent: yes}
}

func (s *scene) own(c *clock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, c)
}

func (s *scene) dial(t *testing.T) {
	peer := s.Alice.Peer
	peer.Relays = nil // there is one relay
	var err error
	if s.alice, err = s.Alice.Client.Dial(t.Context(), peer, s.send()); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) answer(t *testing.T) {
	s.dial(t)
	in, err := s.Bob.Client.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.bob, err = in.Answer(t.Context(), s.send()); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) connect(t *testing.T) {
	s.answer(t)
	until[call.Connected](t, s.alice, "Alice connects")
	until[call.Connected](t, s.bob, "Bob connects")
}

// pause lets a part of what was begun happen.
func (s *scene) pause(part int) { <-time.After(time.Duration(part) * s.wait) }

// scenes bring a call to each state, by name. Those that have parts are stopped at several moments.
var scenes = []struct {
	name  string
	parts int
	reach func(t *testing.T, s *scene, part int)
}{
	{"dialing", 1, func(t *testing.T, s *scene, _ int) { s.dial(t) }},
	{"ringing", 1, func(t *testing.T, s *scene, _ int) {
		s.dial(t)
		until[call.Ringing](t, s.alice, "it rings")
	}},
	{"connecting", 16, func(t *testing.T, s *scene, part int) {
		s.answer(t)
		s.pause(part)
	}},
	{"connected", 1, func(t *testing.T, s *scene, _ int) { s.connect(t) }},
	{"reconnecting", 2, func(t *testing.T, s *scene, part int) {
		s.connect(t)
		s.cut()
		until[call.Reconnecting](t, s.alice, "Alice notices")
		s.pause(part)
	}},
	{"on hold", 1, func(t *testing.T, s *scene, _ int) {
		s.connect(t)
		check(t, s.bob.Hold(t.Context(), true))
	}},
	{"renegotiating", 4, func(t *testing.T, s *scene, part int) {
		s.connect(t)
		second := camera(1 << 30)
		s.own(second)
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		s.adding.Go(func() { _, _ = s.alice.AddTrack(ctx, second) })
		s.pause(part)
	}},
	{"rekeying", 6, func(t *testing.T, s *scene, part int) {
		s.connect(t)
		s.bob.RenewKeys()
		s.pause(part)
	}},
	{"glare", 6, func(t *testing.T, s *scene, part int) {
		s.dial(t)
		peer := s.Bob.Peer
		peer.Relays = nil
		var err error
		s.bob, err = s.Bob.Client.Dial(t.Context(), peer, s.send())
		check(t, err)
		s.pause(part)
	}},
}

// ends are the ways out, by name.
var ends = []struct {
	name string
	take func(ctx context.Context, s *scene)
}{
	{"the caller closes", func(_ context.Context, s *scene) { s.alice.Close() }},
	{"the callee closes", func(_ context.Context, s *scene) {
		if s.bob != nil {
			s.bob.Close()
		} else {
			s.alice.Close()
		}
	}},
	{"a hang-up", func(ctx context.Context, s *scene) { _ = s.alice.Hangup(ctx, call.Left) }},
	{"both at once", func(_ context.Context, s *scene) {
		var both sync.WaitGroup
		both.Go(func() { s.Alice.Client.Close() })
		s.Bob.Client.Close()
		both.Wait()
	}},
}

// over asserts that the calls have ended and their sources are closed.
func (s *scene) over(t *testing.T) {
	t.Helper()
	for _, c := range []*call.Call{s.alice, s.bob} {
		if c == nil {
			continue
		}
		select {
		case <-c.Done():
		case <-time.After(2 * time.Minute):
			t.Fatalf("a call goes on: %v", c.State())
		}
		if !errors.Is(c.Err(), call.ErrEnded) {
			t.Errorf("ended with %v", c.Err())
		}
	}
	s.adding.Wait() // it closes the source after the call has ended
	for i, c := range s.sources {
		if !c.isClosed() {
			t.Errorf("source %d was left open", i)
		}
	}
}

// TestNothingIsLeft: whatever state a call is in when it ends, and however it ends, no goroutine of it is left while its
// clients go on, and none of the clients after Close; no source stays open. The mutations that make it fail: closeMedia
// in finish.go without the connection that the worker has made, AddTrack without Close.
func TestNothingIsLeft(t *testing.T) {
	for _, at := range scenes {
		for _, end := range ends {
			t.Run(at.name+"/"+end.name, func(t *testing.T) {
				for part := range at.parts {
					if testing.Short() && part%4 != 0 {
						continue
					}
					synctest.Test(t, func(t *testing.T) {
						s := &scene{Net: calltest.New(t, calltest.Options{OneWay: 50 * time.Millisecond}), wait: 30 * time.Millisecond}
						s.cut = func() { s.World.Cut("1.2.3.4") }
						synctest.Wait()
						before := inBubble()
						at.reach(t, s, part)
						end.take(t.Context(), s)
						s.over(t)
						time.Sleep(2 * time.Minute) // what rings has rung out
						synctest.Wait()
						if n := inBubble(); n > before {
							t.Errorf("part %d: %d goroutines, %d before\n%s", part, n, before, stacks())
						}
					})
				}
			})
		}
	}
}

// inBubble counts the goroutines of the bubble. runtime.NumGoroutine counts the runtime's finalizers with them, now and then.
func inBubble() int { return strings.Count(stacks(), "synctest bubble") }

// stacks is what all goroutines do.
func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// TestADialThatGoesNowhere: the relay is away, and the application gives up, or its client does.
func TestADialThatGoesNowhere(t *testing.T) {
	for _, giveUp := range []string{"context", "client"} {
		synctest.Test(t, func(t *testing.T) {
			s := &scene{Net: calltest.New(t, calltest.Options{})}
			synctest.Wait()
			before := inBubble()
			s.Alice.Transport.Partition()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if giveUp == "client" {
				time.AfterFunc(time.Second, func() { s.Alice.Client.Close() })
			}
			if _, err := s.Alice.Client.Dial(ctx, s.Alice.Peer, s.send()); err == nil {
				t.Error("an Invite was stored by a relay that is away")
			}
			s.over(t)
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := inBubble(); n > before {
				t.Errorf("%s: %d goroutines, %d before\n%s", giveUp, n, before, stacks())
			}
		})
	}
}

// TestSourcesOfARefusedAnswer: an answer that comes too late, or again, or fails, closes what it was given. The mutation
// that makes it fail: take in loop.go without a look at the state.
func TestSourcesOfARefusedAnswer(t *testing.T) {
	for _, late := range []time.Duration{0, 50 * time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := &scene{Net: calltest.New(t, calltest.Options{OneWay: 50 * time.Millisecond})}
			s.dial(t)
			in, err := s.Bob.Client.Accept(t.Context())
			check(t, err)
			go s.alice.Close()
			time.Sleep(late)
			for range 3 {
				if c, err := in.Answer(t.Context(), s.send()); err == nil {
					s.bob = c
				}
			}
			<-in.Done()
			s.over(t)
			if _, err := s.Alice.Client.Dial(t.Context(), s.Bob.Peer, s.send()); err == nil {
				t.Error("rang itself")
			}
			s.over(t)
		})
	}
}
