package call

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// A dialler is a transport at one relay that writes down which others it is asked to dial, and takes what is sent there.
type dialler struct {
	signal.Transport
	at    string
	gone  []string // refuse connections
	black []string // never answer
	asked []string
}

func (d *dialler) Relay() string { return d.at }

func (d *dialler) Open(ctx context.Context, relay string, _ signal.Mailbox) (signal.Transport, error) {
	d.asked = append(d.asked, relay)
	switch {
	case slices.Contains(d.gone, relay):
		return nil, signal.ErrUnavailable
	case slices.Contains(d.black, relay):
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return taker{}, nil
}

type taker struct{ signal.Transport }

func (taker) Send(context.Context, signal.Packet) error { return nil }
func (taker) Close() error                              { return nil }

// routing is a client of these transports, as far as routes need one.
func routing(s media.Settings, transports ...signal.Transport) *Client {
	return &Client{config: Config{Transports: transports, Media: s}}
}

// TestTheNextRelayIsTried: of the relays on a contact's card the first that can be reached is taken, within reachTime,
// though one refuses and one is silent; the call's mailbox is opened there too. A relay of ours goes first.
// Mutations: way.Open that returns the first fault, step.open without its part, way.Open that keeps its steps.
func TestTheNextRelayIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &dialler{at: "ours", gone: []string{"gone"}, black: []string{"silent"}}, &dialler{at: "second", gone: []string{""}}
		c := routing(media.Settings{}, first, second)
		card := []string{"gone", "silent", "there", "second"}
		start := time.Now()
		o, relay := c.route(card)
		for n := range 2 {
			if _, err := o.Open(t.Context(), relay, nil); err != nil {
				t.Fatalf("opened %d: %v", n, err)
			}
		}
		if !slices.Equal(second.asked, []string{""}) || !slices.Equal(first.asked, []string{"gone", "silent", "there", "there"}) {
			t.Errorf("tried: %q, before them %q of ours", first.asked, second.asked)
		}
		if took := time.Since(start); took > reachTime/2 {
			t.Errorf("one silent relay of four took %v", took)
		}
		if o.Relay() != "there" {
			t.Errorf("led to %q", o.Relay())
		}
		if err := c.Deliver(t.Context(), e2ee.Letter{Relays: card}); err != nil {
			t.Errorf("a letter: %v", err)
		}

		start = time.Now()
		err := c.Deliver(t.Context(), e2ee.Letter{Relays: []string{"silent", "gone", "silent", "gone"}})
		if !errors.Is(err, ErrNoRoute) || !errors.Is(err, signal.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("where no relay is there: %v", err)
		}
		if took := time.Since(start); took > reachTime {
			t.Errorf("gave up after %v", took)
		}

		little, end := context.WithTimeout(t.Context(), time.Second)
		defer end()
		if err := c.Deliver(little, e2ee.Letter{Relays: []string{"silent", "there"}}); err != nil {
			t.Errorf("in a second: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		first.asked = nil
		if err := c.Deliver(ctx, e2ee.Letter{Relays: []string{"silent", "there"}}); err == nil || len(first.asked) != 1 {
			t.Errorf("after the caller gave up: %q, %v", first.asked, err)
		}
	})
}

// TestAttackHintToALocalService: a link or a letter names a relay on our own machine or network, so that we ask whatever
// listens there. Only who has a relay at such a place, or calls inside of it, dials it.
// Mutations: mayDial that is true; placeOf without Unmap, lower case, the final dot or the numbers.
func TestAttackHintToALocalService(t *testing.T) {
	const public, loop, lan = "wss://relay.example:443/v1", "ws://127.0.0.1:8443/v1", "wss://10.0.0.1:443/v1"
	onHost := []string{"ws://127.0.0.1:631/admin", "ws://127.8.8.8/v1", "ws://localhost:80/", "WS://LOCALHOST:80", "ws://localhost.:80",
		"ws://a.localhost", "ws://[::1]:80/", "ws://[::ffff:127.0.0.1]:80", "ws://0.0.0.0:80", "ws://[::]:80", "wss://127.1/", "wss://0x7f000001/",
		"wss://2130706433/", "wss://127.0.0.1.:9/"}
	onNet := []string{"wss://10.1.2.3/", "wss://192.168.1.1/reboot", "wss://172.16.0.1", "wss://169.254.169.254/latest", "wss://100.64.0.1", "wss://[::ffff:100.64.0.1]",
		"wss://[fe80::1%25eth0]:443", "wss://[fd00::1]", "wss://[::ffff:192.168.1.1]", "wss://224.0.0.1"}
	far := []string{"wss://relay.example", "wss://other.example:8443/x", "wss://9.9.9.9", "wss://[2001:db8::1]", "wss://127.0.0.1.example",
		"wss://localhost.example", "home", ""}
	for _, tt := range []struct {
		name        string
		ours        []string
		settings    media.Settings
		host, local bool // whether hints to this machine, and to its network, are followed
	}{
		{name: "a public relay", ours: []string{public}},
		{name: "a relay in memory", ours: []string{"relay"}},
		{name: "a relay here", ours: []string{loop}, host: true},
		{name: "a relay nearby", ours: []string{lan}, local: true},
		{name: "two relays", ours: []string{public, loop}, host: true},
		{name: "loopback calls", ours: []string{public}, settings: media.Settings{Loopback: true}, host: true},
		{name: "local calls", ours: []string{public}, settings: media.Settings{LAN: true}, local: true},
	} {
		check := func(hints []string, followed bool) {
			for _, hint := range hints {
				first := &dialler{at: tt.ours[0]}
				all := []signal.Transport{first}
				for _, at := range tt.ours[1:] {
					all = append(all, &dialler{at: at})
				}
				err := routing(tt.settings, all...).Deliver(t.Context(), e2ee.Letter{Relays: []string{hint}})
				if got := err == nil && slices.Equal(first.asked, []string{hint}); got != followed || !got && !errors.Is(err, errLocalHint) {
					t.Errorf("%s: %q: dialled %q, %v", tt.name, hint, first.asked, err)
				}
			}
		}
		check(onHost, tt.host)
		check(onNet, tt.local)
		check(far, true)
	}

	d := &dialler{at: public}
	if err := routing(media.Settings{}, d).Deliver(t.Context(), e2ee.Letter{Relays: []string{loop, "wss://other.example/v1"}}); err != nil ||
		!slices.Equal(d.asked, []string{"wss://other.example/v1"}) {
		t.Errorf("beside an honest hint: dialled %q, %v", d.asked, err)
	}
}
