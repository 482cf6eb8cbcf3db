package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/internal/heartbeat"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A lines is a log that many goroutines write.
type lines struct {
	mu   sync.Mutex
	all  []string
	when []time.Time
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all, l.when = append(l.all, string(b)), append(l.when, time.Now())
	return len(b), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "")
}

// at is when the first line with this text was written.
func (l *lines) at(text string) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.all {
		if strings.Contains(s, text) {
			return l.when[i], nil
		}
	}
	return time.Time{}, fmt.Errorf("no line with %q", text)
}

// patient takes a machine that is too busy to play without gaps for no end of a turn.
var patient = turnConfig{silence: 700 * time.Millisecond, blip: 120 * time.Millisecond, most: 30 * time.Second}

// unhurried is for those who wait for entries, not for time: no machine stands still for so long.
var unhurried = turnConfig{silence: 3 * time.Second, blip: 120 * time.Millisecond, most: 30 * time.Second}

// worlds makes one network at a time: their addresses are counted in one place, unguarded.
var worlds sync.Mutex

// startAgent lets Bob be an agent until the test ends or stop is called, and returns Alice.
func startAgent(t *testing.T, b *bot, options calltest.Options) (alice *calltest.Side, said *lines, stop func()) {
	t.Helper()
	worlds.Lock()
	net := calltest.New(t, options)
	worlds.Unlock()
	said = &lines{}
	b.log = log.New(said, "", 0)
	b.person = &person.Person{Identity: net.Bob.Identity, Contacts: net.Bob.Contacts, Client: net.Bob.Client}
	if b.turn == (turnConfig{}) {
		b.turn = someTurns
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the agent said\n%s", said)
		}
	})
	t.Cleanup(stop)
	return net.Alice, said, stop
}

// onLoopback lets both sides use sockets of this machine.
var onLoopback = calltest.Options{Configure: func(_ string, c *call.Config) { c.Media = media.Settings{Loopback: true} }}

// alone says that nothing else runs on this machine: what a test measures is held to what is promised.
func alone() bool { return os.Getenv("SOTTO_SPEED") == "1" }

// inRealTime makes up to three tries at what a busy machine may spoil. One that is said to do nothing else has one, unless it
// stood still meanwhile. A try must be good in any case: that the machine was busy excuses none of them. One in which it stood
// still for longer than sound waits in a buffer is no try, for a minute.
func inRealTime(t *testing.T, try func() error) {
	t.Helper()
	const tries = 3
	const still, stuck = 20 * time.Millisecond, 200 * time.Millisecond // a frame, a buffer
	machine := heartbeat.Start(t)
	for n, start := 1, time.Now(); ; n++ {
		machine.Forget()
		err := try()
		late := machine.Late()
		if err == nil {
			return
		}
		if late >= stuck && time.Since(start) < time.Minute {
			n--
		}
		if n == tries || alone() && late < still {
			t.Fatalf("%v; the machine let us wait for %v", err, late)
		}
		t.Logf("NOT STEADY: %v; the machine let us wait for %v; once more", err, late)
	}
}

// A caller is somebody who talks with the agent, and remembers when what was said and heard.
type caller struct {
	t     *testing.T
	call  *call.Call
	w     *pcm.Writer
	heard chan struct{} // gets a value, if there is room, when more was heard
	ended chan struct{}
	work  sync.WaitGroup

	mu      sync.Mutex
	said    []int16     // all of it
	frames  []time.Time // when a frame was sent that ends at ends[i] of said
	ends    []int
	sound   []int16     // what came, 16 kHz
	at      []time.Time // when each hop of it came
	entries []entry
}

// ring calls the agent and returns when they are connected.
func ring(t *testing.T, alice *calltest.Side) *caller {
	t.Helper()
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: spoken})
	if err != nil {
		t.Fatal(err)
	}
	a := &caller{t: t, w: w, heard: make(chan struct{}, 1), ended: make(chan struct{})}
	a.call, err = alice.Client.Dial(t.Context(), alice.Peer, call.Media{Send: []media.Source{watched{w, a}}, Receive: a.receive})
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan struct{})
	go a.follow(sync.OnceFunc(func() { close(connected) }))
	select {
	case <-connected:
	case <-a.ended:
		t.Fatal(a.call.Err())
	}
	return a
}

// follow calls connected for the first time and after each reconnection, which a busy machine may cause.
func (a *caller) follow(connected func()) {
	defer close(a.ended)
	for ev := range a.call.Events(context.Background()) {
		switch ev := ev.(type) {
		case call.Connected:
			connected()
		case call.Message:
			var e entry
			if err := json.Unmarshal(ev.Data, &e); err != nil {
				a.t.Errorf("a message that is no entry: %q", ev.Data)
			}
			a.mu.Lock()
			a.entries = append(a.entries, e)
			a.mu.Unlock()
			a.tell()
		}
	}
}

// tell wakes who waits for more.
func (a *caller) tell() {
	select {
	case a.heard <- struct{}{}:
	default:
	}
}

func (a *caller) receive(info media.TrackInfo) media.Sink {
	r, err := pcm.NewReader(info, pcm.ReaderConfig{Format: heard})
	if err != nil {
		a.t.Error(err)
		return nil
	}
	a.work.Go(func() {
		buf := make([]int16, heard.Samples(hop))
		for {
			for have := 0; have < len(buf); {
				n, err := r.Read(context.Background(), buf[have:])
				if err != nil {
					return
				}
				have += n
			}
			a.mu.Lock()
			a.sound = append(a.sound, buf...)
			a.at = append(a.at, time.Now())
			a.mu.Unlock()
			a.tell()
		}
	})
	return r
}

// A watched writer notes when each frame was sent.
type watched struct {
	*pcm.Writer
	a *caller
}

func (w watched) Read(ctx context.Context) (media.Frame, error) {
	f, err := w.Writer.Read(ctx)
	w.a.mu.Lock()
	defer w.a.mu.Unlock()
	waiting := w.Writer.Stats().Waiting
	end := len(w.a.said) - spoken.Samples(waiting)
	if n := len(w.a.ends); n == 0 || w.a.ends[n-1] != end {
		w.a.ends, w.a.frames = append(w.a.ends, end), append(w.a.frames, time.Now())
	}
	return f, err
}

// say speaks. It returns at once, and where in all that was said the samples begin.
func (a *caller) say(samples []int16) (from int) {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	from = len(a.said)
	a.said = append(a.said, samples...)
	if err := a.w.Write(a.t.Context(), samples); err != nil {
		a.t.Fatal(err)
	}
	return from
}

// saidAt is when a sample of all that was said went through the microphone, if there were one: a frame is sent when its
// last sample was heard.
func (a *caller) saidAt(sample int) (time.Time, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, end := range a.ends {
		if end > sample {
			return a.frames[i].Add(-spoken.Duration(end - sample)), nil
		}
	}
	return time.Time{}, errors.New("it was not said yet")
}

// sayUntil says something until enough says so, which may look at what was heard. What is said while the machine stands still
// may be lost, so it is said again. what is for the error.
func (a *caller) sayUntil(length time.Duration, what string, enough func() bool) {
	a.t.Helper()
	for range 4 {
		a.say(buzz(length))
		for again := time.After(5 * time.Second); again != nil; {
			if a.holds(enough) {
				return
			}
			select {
			case <-a.heard:
			case <-time.After(5 * time.Millisecond): // nobody tells us of a file
			case <-a.ended:
				a.t.Fatalf("%s: the call has ended", what)
			case <-again:
				again = nil
			}
		}
	}
	a.t.Fatalf("%s: not so, whatever was said; entries %+v", what, a.written())
}

func (a *caller) holds(enough func() bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return enough()
}

// wait waits until enough says so. what is for the error.
func (a *caller) wait(what string, enough func() bool) error {
	patience := time.After(15 * time.Second)
	for !a.holds(enough) {
		select {
		case <-a.heard:
		case <-a.ended:
			return fmt.Errorf("%s: the call has ended", what)
		case <-patience:
			return fmt.Errorf("%s: not in 15 s; entries %+v", what, a.written())
		}
	}
	return nil
}

// loud are the first and the last hop from the given one on that are a voice; -1: none. Needs mu.
func (a *caller) loud(from int) (first, last int) {
	first, last = -1, -1
	n := heard.Samples(hop)
	for i := from; i < len(a.at); i++ {
		if pcm.Level(a.sound[i*n:][:n]) < 50 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first, last
}

// answers says whether there is an answer in what was heard. Needs mu.
func (a *caller) answers() bool {
	first, _ := a.loud(0)
	return first >= 0
}

// waitHops waits for n more hops of sound.
func (a *caller) waitHops(n int) error {
	a.mu.Lock()
	n += len(a.at)
	a.mu.Unlock()
	return a.wait("sound", func() bool { return len(a.at) >= n })
}

// waitEntries waits for so many entries of the transcript.
func (a *caller) waitEntries(n int) ([]entry, error) {
	err := a.wait("the transcript", func() bool { return len(a.entries) >= n })
	return a.written(), err
}

// awaitEntries is waitEntries where nothing is tried again.
func (a *caller) awaitEntries(n int) []entry {
	a.t.Helper()
	e, err := a.waitEntries(n)
	if err != nil {
		a.t.Fatal(err)
	}
	return e
}

// written is the transcript so far.
func (a *caller) written() []entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.entries)
}

// hangUp ends the call, if it has not ended.
func (a *caller) hangUp() {
	a.t.Helper()
	if err := a.call.Hangup(a.t.Context(), call.Left); err != nil && !errors.Is(err, call.ErrEnded) {
		a.t.Error(err)
	}
	<-a.ended
	<-a.call.Done()
	a.work.Wait()
}

// require skips a test that needs a program, or fails it where SOTTO_REQUIRE=1.
func require(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// speech is what espeak-ng says, in the shape of spoken, without the silence around it.
func speech(t *testing.T, text string) []int16 {
	t.Helper()
	require(t, "espeak-ng")
	path := filepath.Join(t.TempDir(), "speech.wav")
	if out, err := exec.Command("espeak-ng", "-w", path, text).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return trim(collect(t, bytes.NewReader(b), 0))
}

// trim cuts off what is 35 dB fainter than the loudest, before and after.
func trim(samples []int16) []int16 {
	n := spoken.Samples(hop)
	loudest := uint8(127)
	for i := 0; i+n <= len(samples); i += n {
		loudest = min(loudest, pcm.Level(samples[i:i+n]))
	}
	for len(samples) >= n && pcm.Level(samples[:n]) > loudest+35 {
		samples = samples[n:]
	}
	for len(samples) >= n && pcm.Level(samples[len(samples)-n:]) > loudest+35 {
		samples = samples[:len(samples)-n]
	}
	return samples
}
