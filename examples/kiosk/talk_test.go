package main

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// With push-to-talk nothing is heard until somebody pushes, and nothing after.
func TestPushToTalk(t *testing.T) {
	onStage(t, "-auto-answer alice -microphone test -talk ptt", street[:1], func(t *testing.T, s *stage) {
		s.verify("alice", true)
		if code, _ := s.http("POST", "/talk", "on"); code != conflict {
			t.Errorf("to talk to nobody: %d", code)
		}
		var loud, quiet atomic.Int64
		m := call.Media{Receive: func(track media.TrackInfo) media.Sink {
			r, err := pcm.NewReader(track, pcm.ReaderConfig{Hear: func(v pcm.Voice) {
				if v.Level < 40 {
					loud.Add(1)
				} else {
					quiet.Add(1)
				}
			}})
			if err != nil {
				t.Error(err)
			}
			return r
		}}
		alice := s.people["alice"]
		c, err := alice.client.Dial(t.Context(), alice.kiosk, m)
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		second := func() (int64, int64) {
			time.Sleep(time.Second) // until what was on its way has been heard
			loud.Store(0)
			quiet.Store(0)
			time.Sleep(time.Second)
			return loud.Load(), quiet.Load()
		}
		if l, q := second(); l > 0 || q < 90 {
			t.Errorf("before: %d times 10 ms of a tone, %d of silence", l, q)
		}
		if code, said := s.http("POST", "/talk", "on\n"); code != fine || said != "talk\n" {
			t.Errorf("%d %q", code, said)
		}
		if l, q := second(); l < 90 || q > 5 {
			t.Errorf("pushed: %d times 10 ms of a tone, %d of silence", l, q)
		}
		if said := s.command(verbTalkOff); said != "listen" {
			t.Error(said)
		}
		if l, q := second(); l > 0 || q < 90 {
			t.Errorf("let go: %d times 10 ms of a tone, %d of silence", l, q)
		}
	})
	onStage(t, "-auto-answer alice -microphone test -talk half", street[:1], func(t *testing.T, s *stage) {
		if code, _ := s.http("POST", "/talk", "on"); code != conflict {
			t.Errorf("without push-to-talk: %d", code)
		}
	})
}
