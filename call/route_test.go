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
