package call

import (
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// TestPitfall20GrindingCaller: a caller in the middle that has seen the callee's nonce varies all that it may still choose:
// the group's secrets, its streams, its candidates, the padding. The emoji are those that Invite and Accept fixed.
// Mutation: join with the epoch's authenticator, or a hash of the Welcome, in place of hAccept.
func TestPitfall20GrindingCaller(t *testing.T) {
	for i, vary := range []func(p *peer) welcomeBody{
		(*peer).welcomeOf,
		func(p *peer) welcomeBody {
			w := p.welcomeOf()
			w.Streams = []stream{{Ctx: 77, MID: "0", Kind: 1, Codec: "opus"}}
			return w
		},
		withCommit(func(*peer) mls.CommitOptions { return mls.CommitOptions{Path: true} }),
		withCommit(func(*peer) mls.CommitOptions { return mls.CommitOptions{AuthenticatedData: []byte("grind")} }),
		func(p *peer) welcomeBody {
			w := p.welcomeOf()
			w.Candidates = []candidate{{MID: "0", Line: "candidate:1 1 udp 1 9.9.9.9 9 typ host"}}
			return w
		},
	} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			c := p.rungAndAccepted(s.victim(v))
			want := e2ee.EmojiOf(e2ee.SAS(p.nonce, [32]byte(p.took.Nonce), p.invite, p.accept)) // before the Welcome is made
			p.send(msgWelcome, vary(p))
			next[ParticipantJoined](t, c)
			if got, ok := c.Emoji(); !ok || got != want {
				t.Errorf("variation %d: the emoji are %v, %v; Invite and Accept said %v", i, got, ok, want)
			}
		})
	}
}

// TestPitfall20NonceChosenLater: the caller cannot choose its nonce after it has seen the callee's either.
// Mutation: joined without the comparison with the commitment.
func TestPitfall20NonceChosenLater(t *testing.T) {
	for range 8 {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			c := p.rungAndAccepted(s.victim(v))
			p.nonce = random()
			p.send(msgWelcome, p.welcomeOf())
			ended(t, c, AuthFailed, false)
			if _, ok := c.Emoji(); ok {
				t.Error("emoji are shown")
			}
		})
	}
}

// TestAttackRelayedNonces: Mallory is between Alice, who rings it, and Bob, whom it rings, each of whom takes it for the
// other. It passes on the call's id, the commitment and both nonces, so that the two calls share all that is random. The emoji
// still differ, for they cover both payloads, with the identities and the fingerprints in them.
// Mutation: e2ee.SAS without info: the emoji are the same.
func TestAttackRelayedNonces(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		alice, bob := s.person("alice"), s.person("bob")
		toAlice, toBob := s.peer(alice), s.peer(bob)
		va := s.victim(alice)
		vb := s.victim(bob, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.5") })

		fromAlice := va.dial(t, toAlice)
		toAlice.rung()
		toBob.call = toAlice.call
		invite := toBob.inviteOf()
		invite.Commitment = toAlice.said.Commitment // Alice's nonce, which Mallory does not know yet
		toBob.send(msgInvite, invite)
		toBob.hearRinging()
		atBob, err := vb.rung(t).Answer(t.Context(), Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		toBob.hearAccept()

		accept := toAlice.acceptOf()
		accept.Nonce = toBob.took.Nonce
		toAlice.send(msgAccept, accept)
		toBob.nonce = [32]byte(toAlice.hearWelcome().Nonce)
		toBob.send(msgWelcome, toBob.welcomeOf())
		next[ParticipantJoined](t, fromAlice)
		next[ParticipantJoined](t, atBob)

		a, okA := fromAlice.Emoji()
		b, okB := atBob.Emoji()
		if !okA || !okB || a == b {
			t.Errorf("Alice sees %v (%v), Bob %v (%v)", a, okA, b, okB)
		}
	})
}

// TestAttackResealedInvite: what the victim's Invite says (its mailbox, commitment, fingerprint and offer, its call) is sealed once more,
// to a third, by whom it was for. Signed by the victim it cannot be (package e2ee has that attack: the payload names its
// receiver), so it rings as the peer's; and the third's answer, which goes to the victim's mailbox, is nothing to the victim.
// Mutations: newLine without m.From != c.peer and found without the comparison of the identity: the victim connects.
func TestAttackResealedInvite(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		alice, bob := s.person("alice"), s.person("bob")
		mallory, toBob := s.peer(alice), s.peer(bob)
		bob.knows(t, alice, "Alice") // she may ring him
		va := s.victim(alice)
		vb := s.victim(bob, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.5") })

		c := va.dial(t, mallory)
		m := mallory.want("Alice's Invite", msgInvite)
		mallory.call, mallory.invite = m.message.Call, m.hash

		forged := m.message
		forged.To = bob.id.Public()
		packet, _ := toBob.sealed(toBob.id, forged)
		toBob.inject(packet)
		in := vb.rung(t)
		if in.Caller().ID != toBob.id.Public() {
			t.Fatalf("Bob's program names %v as the caller", in.Caller().ID)
		}
		if _, err := in.Answer(t.Context(), Media{Receive: discard}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if c.State() != StateDialing {
			t.Errorf("Alice's call is %v by somebody whom she did not ring", c.State())
		}
		if n := c.Stats().Dropped; n == 0 {
			t.Error("nothing was dropped")
		}
	})
}
