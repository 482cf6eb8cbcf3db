package calltest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// Attacks lists what a relay can try with the packets of a call, the cards of the people and their mailboxes. Each is
// independent of the others, and they may run at the same time.
func Attacks() []Attack {
	return slices.Concat(packetAttacks(), forgeries(), cardAttacks())
}

// packetAttacks need no key: the relay does with sealed packets what it likes.
func packetAttacks() []Attack {
	return []Attack{
		{Name: "replay", Tries: "store every packet three times, and deliver all of them again when the call is over",
			prepare: rules(signaltest.Repeat(2)), after: redeliver},
		{Name: "reorder", Tries: "let every second packet overtake the one before it", prepare: func(s *Scene) error {
			s.Evil.Use(s.Evil.Swap(300 * time.Millisecond))
			return nil
		}},
		{Name: "drop some", Tries: "lose every second packet, and say that it was stored", stops: true, prepare: rules(signaltest.DropEvery(2))},
		{Name: "drop all", Tries: "lose every packet, and say that it was stored", stops: true,
			prepare: rules(signaltest.Drop(func(signal.Packet) bool { return true }))},
		{Name: "truncate", Tries: "put four mutilated copies before every packet: three shorter ones, one longer",
			prepare: rules(signaltest.Before(signaltest.Cut))},
		{Name: "flip bits", Tries: "put eight copies with one bit changed before every packet, from its first byte to its last",
			prepare: rules(signaltest.Before(signaltest.Flip(8)))},
		{Name: "misdeliver", Tries: "deliver every packet to all other mailboxes too, its sender's own among them", prepare: misdeliver},
		{Name: "old packets", Tries: "put all packets of one call, the Accept and the Welcome among them, before those of the next one",
			during: oldPackets},
		{Name: "relayed challenge", Tries: "pass the challenge of an honest relay on to Bob, and open his mailbox there with his answer",
			after: relayChallenge},
	}
}

func rules(r ...signaltest.Rule) func(*Scene) error {
	return func(s *Scene) error {
		s.Evil.Use(r...)
		return nil
	}
}

func redeliver(ctx context.Context, s *Scene) {
	for _, p := range s.Evil.Packets() {
		s.Evil.Deliver(p.To, p.Body)
	}
	s.settle(ctx)
}

func misdeliver(s *Scene) error {
	s.Evil.Use(func(p signal.Packet) []signal.Packet {
		for _, seen := range s.Evil.Seen() {
			if seen.What == signaltest.Opened && seen.Mailbox != p.To {
				s.Evil.Deliver(seen.Mailbox, p.Body)
			}
		}
		return []signal.Packet{p}
	})
	return nil
}

// oldPackets has two calls. What the first one needed comes again in the second, to the mailboxes of the second.
func oldPackets(ctx context.Context, s *Scene) {
	bob := s.Alice.Contact(s.Bob.Identity.Public())
	s.Cast.Talk(ctx, bob)
	var old [][]byte
	for _, p := range s.Evil.Packets() {
		old = append(old, p.Body)
	}
	s.Evil.Use(signaltest.Before(func([]byte) [][]byte { return old }))
	s.Talk = s.Cast.Talk(ctx, bob)
	s.calls = 2
}

// relayChallenge: Bob's program believes to speak to "wss://evil.example", and signs that.
func relayChallenge(ctx context.Context, s *Scene) {
	honest := s.stage.Dial
	m, ok := s.Evil.Relayed(signal.AddressOf(s.Bob.Identity.Mailbox()), "wss://evil.example:443")
	if !ok {
		return
	}
	t, err := honest(ctx, m)
	if err == nil {
		err = t.(signal.Registrar).Admit(ctx, nil, true)
		t.Close()
	}
	s.why("honest relay: %v", err)
	if !errors.Is(err, signal.ErrRejected) {
		s.broken("an honest relay took Bob's answer to a hostile one: %v", err)
	}
}
