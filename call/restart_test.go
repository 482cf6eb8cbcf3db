package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// couple is a call of two clients of ours, of so many addresses each, who send a camera.
func couple(t *testing.T, s *stage, addresses int) (a, b *Call, atA, atB *tally) {
	t.Helper()
	with := func(net string) func(*Config) {
		var list []string
		for i := range addresses {
			list = append(list, fmt.Sprintf("%s.%d", net, i+1))
		}
		return func(c *Config) { c.Media.Net = s.world.Host(list...) }
	}
	pa, pb := s.person("alice"), s.person("bob")
	pb.knows(t, pa, "Alice")
	bob := pa.knows(t, pb, "Bob")
	alice, to := s.victim(pa, with("1.2.3")), s.victim(pb, with("1.2.4"))
	atA, atB = &tally{}, &tally{}
	a, err := alice.Dial(t.Context(), bob, Media{Send: []media.Source{&lens{}}, Receive: func(media.TrackInfo) media.Sink { return atA }})
	if err != nil {
		t.Fatal(err)
	}
	b, err = to.rung(t).Answer(t.Context(), Media{Send: []media.Source{&lens{}}, Receive: func(media.TrackInfo) media.Sink { return atB }})
	if err != nil {
		t.Fatal(err)
	}
	next[Connected](t, a)
	next[Connected](t, b)
	return a, b, atA, atB
}

// ufrags are the ICE sessions that candidates belong to.
func ufrags(list []candidate) (out []string) {
	for _, k := range list {
		if _, u, _ := strings.Cut(k.Line, " ufrag "); !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// TestCandidatesOfManyRestarts: one side alone starts ICE anew, again and again. The other's candidates are those of the
// session that there is, all of them, and they are sent.
// Mutations: restarted without anew; describeOffered without restarted.
func TestCandidatesOfManyRestarts(t *testing.T) {
	const addresses = 10
	for _, who := range []role{caller, callee} {
		onStage(t, func(t *testing.T, s *stage) {
			a, b, atA, atB := couple(t, s, addresses)
			from, to := a, b
			if who == callee {
				from, to = b, a
			}
			var seen []string
			for n := range 5 {
				restarts(t, from)
				to.within(func(l *loop) {
					g := l.candidates
					u := ufrags(g.found)
					if len(g.found) != addresses || g.sent != addresses || len(u) != 1 || slices.Contains(seen, u[0]) {
						t.Errorf("by %v, restart %d: %d candidates of %d sessions, %d sent", who, n, len(g.found), len(u), g.sent)
					}
					seen = append(seen, u...)
				})
			}
			if !atA.runs() || !atB.runs() {
				t.Errorf("by %v: no media in the end", who)
			}
			a.Close()
			b.Close()
		})
	}
}

// TestRestartsThatCross: both sides start ICE anew at once. The caller's restart does for both: what the callee makes again
// is none.
// Mutation: describeApplied without its look at restart.
func TestRestartsThatCross(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		a, b, atA, atB := couple(t, s, 1)
		time.Sleep(time.Second)
		var offers, before uint64
		b.within(func(l *loop) { before = l.control.describe.n })
		a.NetworkChanged()
		b.NetworkChanged()
		time.Sleep(3 * time.Second)
		b.within(func(l *loop) {
			d := l.control.describe
			if offers = d.n - before; offers != 2 || d.restarts || d.offer != nil {
				t.Errorf("%d offers of the callee, the last one a restart: %v, unanswered: %v", offers, d.restarts, d.offer != nil)
			}
		})
		if !atA.runs() || !atB.runs() || a.State() != StateConnected || b.State() != StateConnected {
			t.Errorf("no media; %v, %v", a.State(), b.State())
		}
		a.Close()
		b.Close()
	})
}

// nextRestart is when the machine starts ICE anew, if nothing happens but time.
func nextRestart(t *testing.T, m *machine) time.Time {
	t.Helper()
	for range 100 {
		at := m.deadline()
		if slices.Contains(m.step(at, nil), effect(fxRestart{})) {
			return at
		}
	}
	t.Fatal("ICE is not started anew")
	return time.Time{}
}

// TestARestartUnderWay: a path that is lost while ICE starts anew, by whichever side, brings no further restart before that
// one has had its time; when the path has come up since, it does.
// Mutations: lost without restarted; underWay without its timer; transport that leaves restarted as it was.
func TestARestartUnderWay(t *testing.T) {
	begin := time.Unix(10, 0)
	for r, patience := range map[role]time.Duration{caller: 0, callee: politeTime} {
		for name, in := range map[string]input{"ours": inRoam{}, "theirs": inRestarted{}} {
			m := reach(r, StateConnected)
			m.step(begin, in)
			if fx := m.step(begin.Add(time.Second), inTransport{pathDown}); slices.Contains(fx, effect(fxRestart{})) {
				t.Errorf("role %d, %s: another restart at once", r, name)
			}
			if at := nextRestart(t, m).Sub(begin); at != restartTime {
				t.Errorf("role %d, %s: the next restart after %v", r, name, at)
			}

			m = reach(r, StateReconnecting)
			m.step(begin, in)
			if at := nextRestart(t, m).Sub(begin); at != restartTime {
				t.Errorf("role %d, %s, without a path: the next restart after %v", r, name, at)
			}

			m = reach(r, StateConnected)
			m.step(begin, in)
			m.step(begin, inTransport{pathUp})
			at := begin
			if fx := m.step(begin, inTransport{pathDown}); !slices.Contains(fx, effect(fxRestart{})) {
				at = nextRestart(t, m)
			}
			if got := at.Sub(begin); got != patience {
				t.Errorf("role %d, %s, up since: the next restart after %v", r, name, got)
			}
		}
	}
}

// TestAClosedConnectionEndsTheCall: the media layer has closed the connection of a peer who invents streams. No restart
// brings that back, so the call does not look for a path until it gives up.
// Mutation: observe without ErrDescription.
func TestAClosedConnectionEndsTheCall(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, _ *peer, c *Call) {
		start := time.Now()
		var generation uint64
		c.within(func(l *loop) { generation = l.keys.generation })
		c.notify(media.ConnEvent{Generation: generation, Event: media.StateChanged{State: media.ConnFailed,
			Err: fmt.Errorf("%w: more streams than a call has", media.ErrDescription)}})
		ended(t, c, MediaFailed, false)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("after %v", took)
		}
	})
}

// A lender is a relay that lends one server.
type lender struct {
	signal.Transport
	url  string
	away bool
}

func (l *lender) ICEServers(context.Context) ([]signal.ICEServer, error) {
	if l.away {
		return nil, errors.New("away")
	}
	return []signal.ICEServer{{URLs: []string{l.url}}}, nil
}

// TestARelayThatIsAwayHasLent: of two relays one does not answer when ICE starts anew: its servers stay, and those of the
// other are taken as they are now.
// Mutation: lent without loans.
func TestARelayThatIsAwayHasLent(t *testing.T) {
	first, second := &lender{url: "turn:1"}, &lender{url: "turn:2"}
	c := Config{Transports: []signal.Transport{first, second}, Logger: slog.New(slog.DiscardHandler)}
	w := &worker{ctx: t.Context()}
	lent := func() (out []string) {
		for _, s := range w.lent(c) {
			out = append(out, s.URLs...)
		}
		return out
	}
	if got := lent(); !slices.Equal(got, []string{"turn:1", "turn:2"}) {
		t.Fatal(got)
	}
	first.away, second.url = true, "turn:3"
	if got := lent(); !slices.Equal(got, []string{"turn:1", "turn:3"}) {
		t.Error(got)
	}
	second.away = true
	if got := lent(); !slices.Equal(got, []string{"turn:1", "turn:3"}) {
		t.Error(got)
	}
}
