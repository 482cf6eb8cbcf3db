package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/synthetic"
)

// A tape keeps what comes back.
type tape struct {
	mu     sync.Mutex
	frames map[media.Kind][]media.Frame
}

func newTape() *tape { return &tape{frames: make(map[media.Kind][]media.Frame)} }

func (p *tape) track(info media.TrackInfo) media.Sink { return reel{p, info.Kind} }

func (p *tape) all(k media.Kind) []media.Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frames[k]
}

type reel struct {
	*tape
	kind media.Kind
}

func (r reel) WriteFrame(f media.Frame) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames[r.kind] = append(r.frames[r.kind], f)
	return nil
}

func (r reel) Close() error { return nil }

// A lines is a log that many goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// withBot runs f while Bob is an echobot, in virtual time. The bot's context ends when f returns; after is called when the bot has ended.
func withBot(t *testing.T, o options, f func(t *testing.T, alice *calltest.Side, said *lines), after ...func()) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob := calltest.Pair(t)
		said := &lines{}
		o.ttl = time.Hour
		b := &bot{options: o, invitations: io.Discard, log: log.New(said, "", 0),
			person: &person.Person{Identity: bob.Identity, Contacts: bob.Contacts, Client: bob.Client}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.run(ctx) }()
		f(t, alice, said)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, f := range after {
			f()
		}
	})
}

// dialBot lets Alice ring the bot, and returns when they are connected.
func dialBot(t *testing.T, alice *calltest.Side, m call.Media) *call.Call {
	t.Helper()
	c, err := alice.Client.Dial(t.Context(), alice.Peer, m)
	if err != nil {
		t.Fatal(err)
	}
	for ev := range c.Events(t.Context()) {
		if _, ok := ev.(call.Connected); ok {
			return c
		}
	}
	t.Fatal(c.Err())
	return nil
}

func pattern(t *testing.T, length time.Duration) *synthetic.Pattern {
	t.Helper()
	p, err := synthetic.NewPattern(synthetic.PatternOptions{Width: 64, Height: 64, KeyInterval: -1, Duration: length})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Everything comes back as it was sent, with the times that it had, and a request for a key frame goes on to the caller.
func TestEchoSendsBackAndPassesKeyRequestsOn(t *testing.T) {
	record := t.TempDir()
	withBot(t, options{record: record, limit: 1 << 20}, func(t *testing.T, alice *calltest.Side, said *lines) {
		back := newTape()
		c := dialBot(t, alice, call.Media{Send: []media.Source{pattern(t, 4*time.Second), synthetic.NewTone(synthetic.ToneOptions{Duration: 4 * time.Second})}, Receive: back.track})
		time.Sleep(2 * time.Second)
		c.RequestKeyFrames() // of the bot, which has no encoder
		time.Sleep(4 * time.Second)
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		pictures, sounds := back.all(media.Video), back.all(media.Audio)
		if len(pictures) != 120 || len(sounds) != 200 {
			t.Errorf("%d pictures and %d sounds came back, want 120 and 200", len(pictures), len(sounds))
		}
		keys := 0
		for i, f := range pictures {
			if f.Key {
				keys++
			}
			if due := time.Duration(i) * time.Second / 30; (f.Time - due).Abs() > 20*time.Millisecond {
				t.Fatalf("picture %d is at %v, want about %v", i, f.Time, due)
			}
		}
		if keys != 2 {
			t.Errorf("%d key frames, want the first and the one that was asked for", keys)
		}
		time.Sleep(time.Second)
		for _, want := range []string{"rings", "is connected", "is gone", "0 failed", "recorded 120 frames of video"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("no line with %q in\n%s", want, said)
			}
		}
	})
	if files, _ := filepath.Glob(filepath.Join(record, "*", "*")); len(files) != 2 {
		t.Errorf("recorded %v", files)
	}
}

// A recording stops at its limit; the echo does not.
func TestRecordingHasALimit(t *testing.T) {
	withBot(t, options{record: t.TempDir(), limit: 4000}, func(t *testing.T, alice *calltest.Side, said *lines) {
		back := newTape()
		c := dialBot(t, alice, call.Media{Send: []media.Source{pattern(t, 2*time.Second)}, Receive: back.track})
		time.Sleep(4 * time.Second)
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		if n := len(back.all(media.Video)); n != 60 {
			t.Errorf("%d pictures came back, want 60", n)
		}
		if !strings.Contains(said.String(), "recording of video ends, the call goes on: file: size limit reached") {
			t.Errorf("the bot said\n%s", said)
		}
	})
}

// Only what the caller both sends and takes comes back.
func TestEchoOfWhatIsTaken(t *testing.T) {
	withBot(t, options{}, func(t *testing.T, alice *calltest.Side, _ *lines) {
		back := newTape()
		c := dialBot(t, alice, call.Media{Send: []media.Source{pattern(t, time.Second), synthetic.NewTone(synthetic.ToneOptions{Duration: time.Second})},
			Receive: back.track, Refuse: media.Kinds{Video: true}})
		time.Sleep(2 * time.Second)
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		if v, a := len(back.all(media.Video)), len(back.all(media.Audio)); v != 0 || a != 50 {
			t.Errorf("%d pictures and %d sounds came back, want 0 and 50", v, a)
		}
	})
}

// When the bot ends it hangs up.
func TestTheBotHangsUp(t *testing.T) {
	var c *call.Call
	withBot(t, options{}, func(t *testing.T, alice *calltest.Side, _ *lines) {
		c = dialBot(t, alice, call.Media{Receive: newTape().track})
	}, func() {
		<-c.Done()
		if e, ok := c.Err().(*call.EndedError); !ok || e.Reason != call.Left || !e.Remote {
			t.Errorf("the call ended: %v", c.Err())
		}
	})
}
