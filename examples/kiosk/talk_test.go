package main

import (
	"io"
	"log"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// An ear counts what comes from the kiosk, in pieces of 10 ms. The microphone there hears a tone all the time.
type ear struct{ loud, quiet atomic.Int64 }

// sink is what the kiosk's sound goes to.
func (e *ear) sink(t *testing.T) func(media.TrackInfo) media.Sink {
	return func(track media.TrackInfo) media.Sink {
		r, err := pcm.NewReader(track, pcm.ReaderConfig{Hear: func(v pcm.Voice) {
			if v.Level < 40 {
				e.loud.Add(1)
			} else {
				e.quiet.Add(1)
			}
		}})
		if err != nil {
			t.Error(err)
		}
		return r
	}
}

// second counts a second, once what was on its way has been heard.
func (e *ear) second() (loud, quiet int64) {
	time.Sleep(time.Second)
	e.loud.Store(0)
	e.quiet.Store(0)
	time.Sleep(time.Second)
	return e.loud.Load(), e.quiet.Load()
}

// hears wants a second of the tone, or of silence.
func (e *ear) hears(t *testing.T, when string, tone bool) {
	t.Helper()
	loud, quiet := e.second()
	if tone && (loud < 90 || quiet > 5) || !tone && (loud > 0 || quiet < 90) {
		t.Errorf("%s: %d times 10 ms of a tone, %d of silence", when, loud, quiet)
	}
}

// With push-to-talk nothing is heard until somebody pushes, and nothing after.
func TestPushToTalk(t *testing.T) {
	onStage(t, "-auto-answer alice -microphone test -talk ptt", street[:1], func(t *testing.T, s *stage) {
		s.verify("alice", true)
		if code, _ := s.http("POST", "/talk", "on"); code != conflict {
			t.Errorf("to talk to nobody: %d", code)
		}
		var e ear
		alice := s.people["alice"]
		c, err := alice.client.Dial(t.Context(), alice.kiosk, call.Media{Receive: e.sink(t)})
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		e.hears(t, "before", false)
		if code, said := s.http("POST", "/talk", "on\n"); code != fine || said != "talk\n" {
			t.Errorf("%d %q", code, said)
		}
		e.hears(t, "pushed", true)
		if said := s.command(verbTalkOff); said != "listen" {
			t.Error(said)
		}
		e.hears(t, "let go", false)
	})
	onStage(t, "-auto-answer alice -microphone test -talk half", street[:1], func(t *testing.T, s *stage) {
		if code, _ := s.http("POST", "/talk", "on"); code != conflict {
			t.Errorf("without push-to-talk: %d", code)
		}
	})
}

// hum is what a voice of -13 dBov says in so long.
func hum(d time.Duration) []int16 {
	s := make([]int16, int(d.Seconds()*48000))
	for i := range s {
		s[i] = int16(0.3 * math.MaxInt16 * math.Sin(2*math.Pi*200*float64(i)/48000))
	}
	return s
}

// While alice speaks, a half-duplex kiosk says nothing; an open one and one that ducks go on.
func TestHalfDuplex(t *testing.T) {
	for how, heard := range map[string]bool{"half": false, "open": true, "duck": true} {
		t.Run(how, func(t *testing.T) {
			onStage(t, "-auto-answer alice -microphone test -speaker test -talk "+how, street[:1], func(t *testing.T, s *stage) {
				s.verify("alice", true)
				voice, err := pcm.NewWriter(pcm.WriterConfig{})
				if err != nil {
					t.Fatal(err)
				}
				var e ear
				alice := s.people["alice"]
				c, err := alice.client.Dial(t.Context(), alice.kiosk, call.Media{Send: []media.Source{voice}, Receive: e.sink(t)})
				if err != nil {
					t.Fatal(err)
				}
				until[call.Connected](t, c)
				e.hears(t, "alice is silent", true)
				if err := voice.Write(t.Context(), hum(2200*time.Millisecond)); err != nil {
					t.Fatal(err)
				}
				e.hears(t, "alice speaks", heard)
				if err := voice.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				e.hears(t, "alice has spoken", true)
				s.wants("-speaker test: sound of -")
			})
		})
	}
}

// While somebody speaks here, a kiosk with -talk duck plays 20 dB more quietly, and what it hears is not changed.
func TestDuck(t *testing.T) {
	o, err := parse(strings.Fields("-relay ws://127.0.0.1:1 -talk duck"), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGear(o.devices, log.New(io.Discard, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := g.begin()
		defer m.end()
		if len(m.processors) != 1 {
			t.Fatalf("%d processors", len(m.processors))
		}
		for _, step := range []struct {
			here          []int16 // is said here, while alice speaks
			played, heard uint8   // -dBov, at the end
		}{
			{make([]int16, 24_000), 13, 127},
			{hum(500 * time.Millisecond), 33, 13},
			{make([]int16, 60_000), 13, 127},
		} {
			const block = 480 // 10 ms
			alice := hum(time.Duration(len(step.here)/48) * time.Millisecond)
			for at := 0; at < len(alice); at += block {
				m.processors[0].Capture(step.here[at:][:block])
				m.processors[0].Playback(alice[at:][:block], 0)
				time.Sleep(10 * time.Millisecond)
			}
			last := len(alice) - block
			if played, heard := pcm.Level(alice[last:]), pcm.Level(step.here[last:]); played != step.played || heard != step.heard {
				t.Errorf("played with -%d dBov, want -%d; heard with -%d, want -%d", played, step.played, heard, step.heard)
			}
		}
	})
}
