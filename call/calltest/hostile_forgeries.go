package calltest

import (
	"context"
	"crypto/rand"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// Types of messages that are forged: docs/PROTOCOL, section 3.
const (
	typeInvite  = 1
	typeRinging = 2
	typeAccept  = 3
	typeDecline = 4
	typeCancel  = 5
	typeWelcome = 6
	typeAck     = 7
	typeBye     = 10
)

// forgeries are messages that the relay makes itself. It is told what is in the true ones, so that nothing but the
// signature speaks against them.
func forgeries() []Attack {
	return []Attack{
		{Name: "own Invite", Tries: "ring Bob in the relay's own name, with his address and a token that it has seen", after: ownInvite},
		{Name: "false Invite", Tries: "ring Bob in Alice's name", after: falseInvite},
		{Name: "own answers", Tries: "put messages of its own before all answers of the two: Ringing, Decline, Accept and Welcome with its own keys and fingerprint, Ack, Bye",
			prepare: forgeAnswers((*mallory).ownAnswer)},
		{Name: "false answers", Tries: "the same in the name of the one who is waited for", prepare: forgeAnswers((*mallory).falseAnswer)},
		{Name: "false Cancel", Tries: "tell Bob in Alice's name, and in its own, that she hung up", prepare: falseCancel},
	}
}

// invitation is an Invite with Mallory's keys and fingerprint in place of Alice's.
func (m *mallory) invitation() e2ee.Message {
	msg := e2ee.Message{To: m.cast.Bob.Identity.Public(), Type: typeInvite}
	rand.Read(msg.Call[:])
	if true1, _, ok := m.betrayed(m.cast.Bob, typeInvite); ok {
		msg.Body = m.swapInvite(true1.Body)
	}
	return msg
}

func ownInvite(ctx context.Context, s *Scene) {
	s.ringBob(ctx, func(to e2ee.Box) []byte { return s.mallory.own(to, s.mallory.invitation()) })
}

func falseInvite(ctx context.Context, s *Scene) {
	s.ringBob(ctx, func(to e2ee.Box) []byte {
		return s.mallory.inTheNameOf(s.Alice.Identity.Public(), to, s.mallory.invitation())
	})
}

// ringBob sends an Invite to where Alice's went.
func (s *Scene) ringBob(ctx context.Context, invite func(to e2ee.Box) []byte) {
	for _, p := range s.Evil.Packets() {
		if to, ok := s.mallory.box(p); ok && p.To == signal.AddressOf(s.Bob.Identity.Mailbox()) {
			s.Evil.Deliver(p.To, invite(to))
			break
		}
	}
	s.settle(ctx)
}

// forgeAnswers puts forgeries before each packet to a mailbox of the call.
func forgeAnswers(make func(m *mallory, to e2ee.Box, me, peer *Person, msg e2ee.Message) []byte) func(*Scene) error {
	return func(s *Scene) error {
		s.Evil.Use(func(p signal.Packet) []signal.Packet {
			m := s.mallory
			to, ok := m.box(p)
			invite, ref, told := m.betrayed(s.Bob, typeInvite)
			if !ok || !told || m.isIdentity(p) {
				return []signal.Packet{p}
			}
			var bodies [][]byte
			for _, a := range m.answers(invite.Call, ref) {
				bodies = append(bodies, make(m, to, s.Alice, s.Bob, a), make(m, to, s.Bob, s.Alice, a))
			}
			return signaltest.Before(func([]byte) [][]byte { return bodies })(p)
		})
		return nil
	}
}

func (m *mallory) ownAnswer(to e2ee.Box, me, _ *Person, msg e2ee.Message) []byte {
	msg.To = me.Identity.Public()
	return m.own(to, msg)
}

func (m *mallory) falseAnswer(to e2ee.Box, me, peer *Person, msg e2ee.Message) []byte {
	msg.To = me.Identity.Public()
	return m.inTheNameOf(peer.Identity.Public(), to, msg)
}

// falseCancel comes right after the Invite.
func falseCancel(s *Scene) error {
	s.Evil.Use(func(p signal.Packet) []signal.Packet {
		m := s.mallory
		invite, ref, told := m.betrayed(s.Bob, typeInvite)
		if !told {
			return []signal.Packet{p}
		}
		msg := e2ee.Message{To: s.Bob.Identity.Public(), Call: invite.Call, Type: typeCancel, Ref: ref[:], Body: number(1, 5)}
		to := s.Bob.Identity.Public().Box(e2ee.Token{})
		s.Evil.Deliver(to.Address(), m.own(to, msg))
		s.Evil.Deliver(to.Address(), m.inTheNameOf(s.Alice.Identity.Public(), to, msg))
		return []signal.Packet{p}
	})
	return nil
}
