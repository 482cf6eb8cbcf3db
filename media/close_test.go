package media

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestPitfall30CloseFromEveryState: Close ends in time from every state, twice and from both sides at once, and the bubble
// proves that no goroutine is left. The mutation that makes it fail: leave out c.cancel or GracefulClose in shutDown.
func TestPitfall30CloseFromEveryState(t *testing.T) {
	for _, state := range []string{
		"new", "offered", "answered", "accepted", "connecting", "connected", "no frames", "on hold", "muted",
		"describing", "restarting", "cut", "failed", "stuck source", "both at once",
	} {
		t.Run(state, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { closeFrom(t, state) }) })
	}
}

// stuckSource ignores its context, as a badly written one would; only Close frees it.
type stuckSource struct{ *scriptSource }

func (s stuckSource) Read(context.Context) (Frame, error) {
	return s.scriptSource.Read(context.Background())
}

func closeFrom(t *testing.T, state string) {
	_, p := simPair(t, sim.Link{OneWay: 50 * time.Millisecond})
	sources := []Source{newSource(Audio, 1<<20, 100), newSource(Video, 1<<20, 1000)}
	if state == "stuck source" {
		slow := newSource(Audio, 1<<20, 100)
		slow.step = time.Hour
		sources = append(sources, stuckSource{slow})
	}
	advanceTo(t, p, state, sources)
	start := time.Now()
	if state == "both at once" {
		done := make(chan struct{})
		go func() { p.b.close(); close(done) }()
		p.a.close()
		<-done
	}
	p.a.close()
	p.a.close()
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	if p.a.conn.State() != ConnClosed || !isState(ConnClosed)(p.a.seen()[len(p.a.seen())-1]) {
		t.Errorf("state %v", p.a.conn.State())
	}
	if _, err := p.a.conn.Describe(false); !errors.Is(err, ErrClosed) {
		t.Errorf("Describe after Close: %v", err)
	}
	if err := p.a.conn.SendMessage([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("SendMessage after Close: %v", err)
	}
	if err := p.a.conn.AddCandidate(Candidate{}); !errors.Is(err, ErrClosed) {
		t.Errorf("AddCandidate after Close: %v", err)
	}
	p.a.conn.Start()
	p.a.conn.Stats()
	p.a.conn.ForceKeyFrames()
	p.a.conn.RequestKeyFrames()
}

// advanceTo brings a call of p to a state.
func advanceTo(t *testing.T, p *pair, state string, sources []Source) {
	if state == "new" {
		return
	}
	if i := slices.Index([]string{"offered", "answered", "accepted", "connecting"}, state); i >= 0 {
		offer, err := p.a.conn.Offer(sources, both)
		check(t, err)
		if i == 0 {
			return
		}
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		if i == 1 {
			return
		}
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		if i == 2 {
			return
		}
		for _, c := range p.b.candidates() {
			check(t, p.a.conn.AddCandidate(c))
		}
		time.Sleep(120 * time.Millisecond)
		return
	}
	if state == "no frames" {
		sources = nil
	}
	p.dial(t, sources, nil, both, both)
	p.connected(t)
	time.Sleep(500 * time.Millisecond)
	switch state {
	case "on hold":
		check(t, p.a.conn.Hold(true))
	case "muted":
		check(t, p.a.conn.SetMuted(0, true))
	case "describing":
		_, err := p.a.conn.Describe(false)
		check(t, err)
	case "restarting":
		_, err := p.a.conn.Describe(true)
		check(t, err)
	case "cut", "failed":
		p.world(t).Cut("1.2.3.5")
		p.a.await("a disconnected", isState(ConnDisconnected))
		if state == "failed" {
			p.a.await("a failed", isState(ConnFailed))
			if i := slices.IndexFunc(p.a.seen(), isState(ConnFailed)); !errors.Is(p.a.seen()[i].(StateChanged).Err, ErrNoPath) {
				t.Errorf("%+v", p.a.seen()[i])
			}
		}
	}
}

// TestCloseReturnsWithItsContext: a source whose Close hangs holds nobody up longer than the context.
func TestCloseReturnsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		free := make(chan struct{})
		p.dial(t, []Source{hangingSource{newSource(Audio, 1<<20, 100), free}}, nil, both, both)
		p.connected(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.a.conn.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		close(free)
		p.a.close()
	})
}

// TestSlowSourceHoldsUpNothing: a source whose Close hangs holds up neither whoever replaces, removes or drops it nor what
// closes beside it. The mutation that makes it fail: release that closes the source itself.
func TestSlowSourceHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		free := make(chan struct{})
		hanging := func() Source { return hangingSource{newSource(Video, 1<<20, 100), free} }
		sound := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{sound, hanging()}, nil, both, both)
		p.connected(t)
		start := time.Now()
		replaced, err := p.a.conn.ReplaceTrack(1, hanging())
		check(t, err)
		removed, err := p.a.conn.RemoveTrack(1)
		check(t, err)
		_, err = p.a.conn.AddTrack(hanging())
		check(t, err)
		_, err = p.a.conn.Describe(false)
		check(t, err)
		if gone := p.a.conn.Refused(); len(gone) != 1 {
			t.Errorf("%+v", gone)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.a.conn.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || !sound.closedNow() {
			t.Errorf("%v", err)
		}
		if took := time.Since(start); took != time.Second || len(replaced)+len(removed) > 0 {
			t.Errorf("took %v; %d replaced and %d removed are closed", took, len(replaced), len(removed))
		}
		close(free)
		p.a.close()
		check(t, errors.Join(<-replaced, <-removed))
	})
}

// TestSourcesCloseBesideTheNetwork: a TURN server that does not answer holds up the end of the connection, but no device.
// The mutation that makes it fail: close the sources after GracefulClose.
func TestSourcesCloseBesideTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: time.Millisecond})
		away := []ICEServer{{URLs: []string{"turn:9.9.9.9"}, Username: "u", Credential: "p"}}
		p := newPair(t, Settings{Net: w.Host("1.2.3.4"), ICEServers: away}, Settings{Net: w.Host("1.2.3.5")})
		source := newSource(Audio, 1<<20, 100)
		offer, err := p.a.conn.Offer([]Source{source}, both)
		check(t, err)
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		time.Sleep(100 * time.Millisecond) // the server is asked
		closed := make(chan error, 1)
		go func() { closed <- p.a.conn.Close(t.Context()) }()
		<-source.done
		if len(closed) > 0 {
			t.Error("the source was closed last")
		}
		check(t, <-closed)
	})
}

// taken leaves out when the source of a ReplaceTrack or RemoveTrack has closed.
func taken(_ <-chan error, err error) error { return err }

type hangingSource struct {
	*scriptSource
	free chan struct{}
}

func (s hangingSource) Close() error { <-s.free; return s.scriptSource.Close() }

// TestFailedHealsByRestart: even after ICE gave up, a restart brings the call back.
func TestFailedHealsByRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 20 * time.Millisecond})
		audio := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{audio}, nil, both, both)
		p.connected(t)
		w.Cut("1.2.3.5")
		p.a.await("a failed", isState(ConnFailed))
		p.b.await("b failed", isState(ConnFailed))
		w.Heal("1.2.3.5")
		stop := relayCandidates(t, p)
		before := len(p.b.sinkOf("0").all())
		describe(t, p.a, p.b, true, nil)
		time.Sleep(3 * time.Second)
		stop()
		if n := len(p.b.sinkOf("0").all()) - before; n < 50 || p.a.conn.State() != ConnConnected {
			t.Errorf("%d frames after the restart, state %v", n, p.a.conn.State())
		}
	})
}

// TestCloseLeavesNothing on real sockets: as many goroutines and open files as before.
func TestCloseLeavesNothing(t *testing.T) {
	once := func() {
		settings := Settings{Loopback: true}
		p := newPair(t, settings, settings)
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Video, 1<<20, 100)}, both, both)
		p.connected(t)
		p.a.await("a frame", isA[FirstFrame])
		p.close()
	}
	once() // the runtime opens what it keeps
	goroutines, files := runtime.NumGoroutine(), openFiles()
	for range 5 {
		once()
	}
	deadline, tick := time.After(5*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for runtime.NumGoroutine() > goroutines || openFiles() > files {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d goroutines and %d files, before %d and %d", runtime.NumGoroutine(), openFiles(), goroutines, files)
		}
	}
}

// openFiles counts where the system shows them, and is 0 elsewhere.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
