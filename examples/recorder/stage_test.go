package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"os"
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

// A stage is Bob as a recorder, and Alice, in virtual time.
type stage struct {
	t     *testing.T
	bot   *bot
	net   *calltest.Net
	log   *lines
	stop  context.CancelFunc
	ended chan error
}

// withRecorder runs f while Bob is a recorder. out is a folder that is there afterwards.
func withRecorder(t *testing.T, b *bot, f func(s *stage)) (out string) {
	t.Helper()
	return withRecorderOver(t, b, calltest.Options{OneWay: 20 * time.Millisecond}, f)
}

// withRecorderOver is withRecorder over another network.
func withRecorderOver(t *testing.T, b *bot, o calltest.Options, f func(s *stage)) (out string) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "recordings")
	b.out, b.name = out, "Bob (recorder)"
	if b.limit == 0 {
		b.limit = 100 << 20
	}
	if b.policy.patience == 0 {
		b.policy.patience = time.Minute
	}
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, bot: b, net: calltest.New(t, o), log: &lines{}, ended: make(chan error, 1)}
		b.log = log.New(s.log, "", 0)
		b.person = &person.Person{Identity: s.net.Bob.Identity, Contacts: s.net.Bob.Contacts, Client: s.net.Bob.Client}
		ctx, cancel := context.WithCancel(t.Context())
		s.stop = cancel
		go func() { s.ended <- b.run(ctx) }()
		f(s)
		cancel()
		if err := <-s.ended; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the recorder said\n%s", s.log)
		}
	})
	return out
}

// A caller is Alice in a call with the recorder.
type caller struct {
	t        *testing.T
	call     *call.Call
	ended    chan call.Ended
	mu       sync.Mutex
	messages []string
	written  []bool // whether there was a file when the message came
}

// media is a tone and a test pattern.
func testMedia(t *testing.T, video bool) call.Media {
	m := call.Media{Send: []media.Source{synthetic.NewTone(synthetic.ToneOptions{})}, Receive: func(media.TrackInfo) media.Sink { return nil }}
	if video {
		p, err := synthetic.NewPattern(synthetic.PatternOptions{Width: 160, Height: 120})
		if err != nil {
			t.Fatal(err)
		}
		m.Send = append(m.Send, p)
	}
	return m
}

// ring lets Alice call.
func (s *stage) ring(video bool) *caller {
	s.t.Helper()
	c, err := s.net.Alice.Client.Dial(s.t.Context(), s.net.Alice.Peer, testMedia(s.t, video))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.follow(c)
}

func (s *stage) follow(c *call.Call) *caller {
	a := &caller{t: s.t, call: c, ended: make(chan call.Ended, 1)}
	go func() {
		for ev := range c.Events(context.Background()) {
			switch ev := ev.(type) {
			case call.Message:
				_, err := os.Stat(s.bot.out)
				a.mu.Lock()
				a.messages, a.written = append(a.messages, string(ev.Data)), append(a.written, err == nil)
				a.mu.Unlock()
			case call.Ended:
				a.ended <- ev
			}
		}
	}()
	return a
}

// notice is the one message that came, before anything was written.
func (a *caller) notice() string {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.messages) != 1 || a.written[0] || !strings.HasPrefix(a.messages[0], "This call is being recorded by Bob (recorder).") {
		a.t.Fatalf("messages %q, after a file: %t", a.messages, a.written)
	}
	return a.messages[0]
}

func (a *caller) send(text string) {
	a.t.Helper()
	if err := a.call.Send(a.t.Context(), []byte(text)); err != nil {
		a.t.Fatal(err)
	}
}

func (a *caller) hangUp() {
	a.t.Helper()
	if err := a.call.Hangup(a.t.Context(), call.Left); err != nil {
		a.t.Error(err)
	}
	<-a.ended
}

// one is the folder of the only recording; empty if there is none.
func one(t *testing.T, out string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(all) > 1 {
		t.Fatalf("recordings %q, %v", all, err)
	}
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// names are the files in a folder, without the folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v: %v", e.Name(), info.Mode(), err)
		}
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func readManifest(t *testing.T, dir string) (m manifest) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "recording.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
