package signaltest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A hostile relay that only listens is a relay: what a program sees through it is what the contract says.
func TestHostileConformance(t *testing.T) {
	signaltest.Run(t, func(t *testing.T) signaltest.Dial {
		n := memory.New(memory.Faults{})
		t.Cleanup(n.Close)
		h := signaltest.NewHostile()
		return func(_ context.Context, m signal.Mailbox) (signal.Transport, error) {
			return h.Wrap(n.Relay("home").Dial(m), m), nil
		}
	})
}

// prey is a mailbox and a sender, both at a hostile relay.
type prey struct {
	relay         *signaltest.Hostile
	owner, sender signal.Transport
	mailbox       *signaltest.Mailbox
	token         signal.Token
}

func newPrey(t *testing.T) *prey {
	t.Helper()
	n := memory.New(memory.Faults{})
	h, m := signaltest.NewHostile(), signaltest.NewMailbox()
	p := &prey{h, h.Wrap(n.Relay("home").Dial(m), m), h.Wrap(n.Relay("home").Dial(nil), nil), m, signaltest.NewToken()}
	if err := p.owner.(signal.Registrar).Admit(t.Context(), [][32]byte{p.token.Hash()}, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.owner.Close()
		p.sender.Close()
		n.Close()
	})
	return p
}

func (p *prey) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		if err := p.sender.Send(t.Context(), signal.Packet{To: p.mailbox.Address(), Token: p.token, Body: []byte(b)}); err != nil {
			t.Fatal(err)
		}
	}
}

// all is what the owner receives within a second.
func (p *prey) all(t *testing.T) (bodies []string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for {
		q, err := p.owner.Receive(ctx)
		if err != nil {
			return bodies
		}
		bodies = append(bodies, string(q.Body))
	}
}

func plain(r signaltest.Rule) func(*signaltest.Hostile) signaltest.Rule {
	return func(*signaltest.Hostile) signaltest.Rule { return r }
}

func swap(h *signaltest.Hostile) signaltest.Rule { return h.Swap(100 * time.Millisecond) }

// What nothing overtakes comes late, and once.
func TestHostileSwapLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrey(t)
		p.relay.Use(swap(p.relay))
		start := time.Now()
		p.send(t, "one", "two", "three")
		if got := p.all(t); len(got) != 3 || got[2] != "three" || time.Since(start) < 100*time.Millisecond {
			t.Errorf("received %q after %v", got, time.Since(start))
		}
	})
}

func TestHostileRules(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule func(*signaltest.Hostile) signaltest.Rule
		want []string
	}{
		{"none", plain(signaltest.Drop(func(signal.Packet) bool { return false })), []string{"one", "two", "three", "four"}},
		{"repeat", plain(signaltest.Repeat(1)), []string{"one", "one", "two", "two", "three", "three", "four", "four"}},
		{"swap", swap, []string{"two", "one", "four", "three"}},
		{"drop every second", plain(signaltest.DropEvery(2)), []string{"two", "four"}},
		{"drop every third", plain(signaltest.DropEvery(3)), []string{"two", "three"}},
		{"drop all", plain(signaltest.Drop(func(signal.Packet) bool { return true })), nil},
		{"cut", plain(signaltest.Before(func(b []byte) [][]byte { return signaltest.Cut(b)[:1] })),
			[]string{"o", "one", "t", "two", "t", "three", "f", "four"}},
		{"flip", plain(signaltest.Before(signaltest.Flip(1))), []string{"nne", "one", "uwo", "two", "uhree", "three", "gour", "four"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPrey(t)
			p.relay.Use(tt.rule(p.relay))
			p.send(t, "one", "two", "three", "four")
			got := p.all(t)
			if len(got) != len(tt.want) {
				t.Fatalf("%s: %q, want %q", tt.name, got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Fatalf("%s: %q, want %q", tt.name, got, tt.want)
				}
			}
			if acted := p.relay.Acts() > 0; acted != (tt.name != "none") {
				t.Errorf("%s: %d acts", tt.name, p.relay.Acts())
			}
		})
	}
}

// What no token admits is delivered all the same: a relay keeps its own door.
func TestHostileDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrey(t)
		if n := p.relay.Deliver(p.mailbox.Address(), []byte("invented")); n != 1 {
			t.Errorf("%d readers", n)
		}
		if got := p.all(t); len(got) != 1 || got[0] != "invented" {
			t.Errorf("received %q", got)
		}
		p.owner.Close()
		if n := p.relay.Deliver(p.mailbox.Address(), []byte("late")); n != 0 {
			t.Errorf("%d readers after Close", n)
		}
	})
}

func TestHostileFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrey(t)
		secret := []byte("a marker, leaked on purpose")
		p.send(t, "nothing of it")
		if hits := p.relay.Find(secret); len(hits) != 0 {
			t.Errorf("found what is not there: %v", hits)
		}
		want := []string{"raw", "hex", "base64", "base64", "base64", "base64"}
		p.send(t, "xx"+string(secret)+"yy", "xx"+hex.EncodeToString(secret),
			base64.StdEncoding.EncodeToString(append([]byte("1"), secret...)),
			base64.StdEncoding.EncodeToString(append([]byte("12"), secret...)),
			base64.URLEncoding.EncodeToString(append(bytes.Clone(secret), "and more"...)),
			base64.RawURLEncoding.EncodeToString(append(append([]byte("123456"), secret...), "and more"...)))
		hits := p.relay.Find(secret)
		if len(hits) != len(want) {
			t.Fatalf("hits %v", hits)
		}
		for i, h := range hits {
			if h.Form != want[i] {
				t.Errorf("hit %d is %v, want %s", i, h, want[i])
			}
		}
		key, _ := p.mailbox.PublicKeys()
		if len(p.relay.Find(key)) == 0 || len(p.relay.Find(p.token[:])) == 0 {
			t.Error("what a relay does have is not found: the owner's key, a token")
		}
	})
}

// A relayed relay challenge gives the visitor's mailbox away nowhere. It fails when AuthMessage leaves the origin out, or
// when a relay checks the answer for an origin that the client names.
func TestHostileRelayedChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPrey(t)
		honest := memory.New(memory.Faults{}).Relay("honest")
		for origin, want := range map[string]error{"memory://home": signal.ErrRejected, "memory://honest": nil} {
			m, ok := p.relay.Relayed(p.mailbox.Address(), origin)
			if !ok {
				t.Fatal("the relay does not know its visitor")
			}
			stolen := honest.Dial(m)
			if err := stolen.Admit(t.Context(), nil, true); !errors.Is(err, want) {
				t.Errorf("visitor who dialled %s, at memory://honest: %v, want %v", origin, err, want)
			}
			stolen.Close()
		}
		if _, ok := p.relay.Relayed(signal.Address{1}, ""); ok {
			t.Error("a mailbox that was never here")
		}
	})
}
