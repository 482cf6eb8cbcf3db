package call

import (
	"bytes"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// TestAttackOfferThatLies: an offer whose fingerprint is not the one of the Invite rings like any other, since nobody has
// read it; with the local accept it ends the call, and nothing was sent but the refusal. One that is too long does not even
// ring. Mutations: prepare that takes the fingerprint from the offer; mediaReason without ErrFingerprint; inviteBody.check
// without maxSDP.
func TestAttackOfferThatLies(t *testing.T) {
	for name, lie := range map[string]func(*inviteBody){
		"another fingerprint": func(b *inviteBody) { b.Offer = otherDigit(b.Offer) },
		"two fingerprints":    func(b *inviteBody) { b.Offer = twoFingerprints(b.Offer) },
		"no fingerprint": func(b *inviteBody) {
			b.Offer = bytes.ReplaceAll(b.Offer, []byte("a=fingerprint:"), []byte("a=footprints:"))
		},
		"sha-1": func(b *inviteBody) {
			b.Offer = bytes.ReplaceAll(b.Offer, []byte("a=fingerprint:sha-256 "), []byte("a=fingerprint:sha-1 "))
		},
		"another certificate in the Invite": func(b *inviteBody) { other := random(); b.DTLS = other[:] },
	} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			client := s.victim(v)
			b := p.inviteOf()
			lie(&b)
			p.send(msgInvite, b)
			p.hearRinging()
			c, err := client.rung(t).Answer(t.Context(), Media{Receive: discard})
			if err != nil {
				t.Fatal(err)
			}
			if end := ended(t, c, AuthFailed, false); end.Err == nil {
				t.Errorf("%s: the end names no cause", name)
			}
			p.wantDecline(name, Declined)
			if n := s.packets.Load(); n > 0 {
				t.Errorf("%s: %d packets left", name, n)
			}
		})
	}
}

func TestAttackOfferThatIsTooLong(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		b := p.inviteOf()
		b.Offer = append(b.Offer, bytes.Repeat([]byte("a=x\r\n"), maxSDP/5)...)
		p.send(msgInvite, b)
		p.wantIdle("17 KiB of offer")
		client.quiet(t, "17 KiB of offer")
		if st := client.Stats(); st.Malformed != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestAttackFloodBeforeTheWelcome: what overtakes the Welcome is kept, for a moment and up to a bound; what is not of the
// group is dropped when there is one. Mutation: mlsMessage without maxEarly, or that drops what is early.
func TestAttackFloodBeforeTheWelcome(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		p.rings()
		c, err := client.rung(t).Answer(t.Context(), Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		p.hearAccept()
		w := p.welcomeOf()
		early, err := p.group.Protect(encode(inCallBody{Type: inChat, Seq: 1, Body: []byte("early")}), mls.MessageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.send(msgInCall, early)
		for range 500 {
			p.send(msgInCall, bytes.Repeat([]byte("x"), maxMLS))
		}
		time.Sleep(time.Second)
		kept := 0
		done := make(chan struct{})
		c.post(task(func(l *loop) { kept = len(l.early); close(done) }))
		<-done
		if kept != maxEarly {
			t.Errorf("%d messages are kept, want %d", kept, maxEarly)
		}
		if err := p.conn.Accept(string(p.took.Answer), c.fingerprint()); err != nil {
			t.Fatal(err)
		}
		addAll(p.conn, p.took.Candidates)
		w.Candidates = p.candidates()
		p.send(msgWelcome, w)
		p.ack(true)
		if m := next[Message](t, c); string(m.Data) != "early" {
			t.Errorf("heard %q", m.Data)
		}
		next[Connected](t, c)
		if n := c.Stats().Dropped; n < 500 {
			t.Errorf("%d of 500 were dropped", n)
		}
	})
}
