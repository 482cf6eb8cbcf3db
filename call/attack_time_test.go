package call

import (
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// TestPitfall25StaleRing: an Invite from more than a minute ago, or from the future, does not ring. Who may ring is told that
// the clocks differ; who may not hears nothing.
// Mutation: invited without stale; freshness of an hour.
func TestPitfall25StaleRing(t *testing.T) {
	for _, tt := range []struct {
		off   time.Duration
		say   Decision
		rings bool
	}{
		{-59 * time.Second, Ring, true}, {59 * time.Second, Ring, true},
		{-61 * time.Second, Ring, false}, {61 * time.Second, Ring, false}, {-48 * time.Hour, Ring, false},
		{-61 * time.Second, Ignore, false}, {61 * time.Second, Refuse, false},
	} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			client := s.victim(v, func(c *Config) { c.Admit = (&admission{say: tt.say}).admit })
			p.time = tt.off
			p.send(msgInvite, p.inviteOf())
			switch {
			case tt.rings:
				p.hearRinging()
				client.rung(t)
				return
			case tt.say == Ring:
				p.wantDecline("the caller's clock is off", ClockSkew)
			case tt.say == Refuse:
				p.wantDecline("refused", Declined)
			}
			p.wantIdle("and nothing else")
			client.quiet(t, "stale")
		})
	}
}

// TestAttackStaleCancel: an old Cancel does not end a call that rings; it would be a Cancel of nothing that is new.
// Mutation: dispatch without the comparison of the time of a Cancel.
func TestAttackStaleCancel(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		p.rings()
		in := client.rung(t)
		p.time = -61 * time.Second
		p.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		p.time = 0
		m := p.message(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		ref := random()
		m.Ref = ref[:]
		p.post(m)
		time.Sleep(time.Second)
		if in.call.State() != StateRinging {
			t.Error("it does not ring any more")
		}
		p.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		ended(t, in.call, Cancelled, true)
	})
}

// TestAttackReplayedInvite: the same packet again rings nobody. While it rings it brings the same Ringing, byte for byte; after the end
// nothing, and when it has been forgotten it is stale.
// Mutations: InviteCache.Accept that returns true; invited without stale; the loop's repeatedInvite without its hash.
func TestAttackReplayedInvite(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		packet, h := p.sealed(p.id, p.message(msgInvite, p.inviteOf()))
		p.invite = h
		p.inject(packet)
		first := p.want("it rings", msgRinging)
		in := client.rung(t)
		s.relay.Inject(packet)
		if again := p.want("it rings", msgRinging); again.hash != first.hash {
			t.Error("Ringing was made anew")
		}
		other := p.said
		other.Name = "another"
		changed, _ := p.sealed(p.id, e2ee.Message{To: p.victim, Call: p.call, Time: time.Now(), Type: uint64(msgInvite), Body: encode(other)})
		p.inject(changed)
		p.wantNothing("another Invite of this call")
		if err := in.Decline(t.Context(), DeclineCall); err != nil {
			t.Fatal(err)
		}
		p.wantDecline("no", Declined)
		s.relay.Inject(packet)
		p.wantIdle("it is over")
		time.Sleep(4 * time.Minute)
		s.relay.Inject(packet)
		client.quiet(t, "a replay")
		if st := client.Stats(); st.Rang != 1 || st.Replayed != 3 || st.Stale != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// TestAttackInviteOfARunningCall: another Invite under the id of a call that is up changes nothing about it, also when the
// first Invite has been forgotten.
// Mutations: Client.enter that replaces; invited without known != nil.
func TestAttackInviteOfARunningCall(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		c := p.connects(client)
		for _, wait := range []time.Duration{0, 200 * time.Second} {
			time.Sleep(wait)
			p.seq = 0
			accept := p.accept
			p.send(msgInvite, p.said)
			p.accept = accept
			client.quiet(t, "a second Invite of this call")
			if c.State() != StateConnected {
				t.Fatalf("state %v", c.State())
			}
		}
		if client.Close() != nil || c.State() != StateEnded {
			t.Error("the call has outlived its client")
		}
	})
}

// TestAttackInviteUnderOurCall: an Invite under the id that we have just dialled with is not glare: the higher id goes on,
// and neither is higher.
// Mutation: invited without known != nil.
func TestAttackInviteUnderOurCall(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		c := client.dial(t, p)
		p.rung()
		answer := p.acceptOf()
		invite := p.invite
		m := p.message(msgInvite, p.inviteOf())
		m.Seq = 0
		p.post(m)
		time.Sleep(time.Second)
		if c.State() != StateDialing {
			t.Errorf("state %v", c.State())
		}
		p.invite = invite
		p.send(msgAccept, answer)
		p.want("the call goes on", msgWelcome)
	})
}

// TestAttackForgedDecline: only the callee can say no. What the relay makes up, or a third, and what the callee says of another
// Invite or too late, is nothing.
// Mutations: parseSigned without Verify (package e2ee); newLine without m.From != c.peer; inDecline without its Ref or state.
func TestAttackForgedDecline(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		c := s.victim(v).dial(t, p)
		p.rung()
		no := declineBody{Reason: uint8(Unsupported), MLSSuites: []uint16{1}, SFrameSuites: []uint16{1}}
		forged, _ := p.sealed(s.person("relay").id, p.message(msgDecline, no))
		p.inject(forged)
		m := p.message(msgDecline, no)
		ref := random()
		m.Ref = ref[:]
		p.post(m)
		for _, t := range []messageType{msgCancel, msgRejoin, 99} { // a caller is not cancelled, and nothing is unknown enough
			m = p.message(t, cancelBody{Reason: uint8(Cancelled)})
			box, _, _ := p.id.Seal(p.theirs, m)
			p.inject(packet(p.theirs, box))
		}
		time.Sleep(time.Second)
		if c.State() != StateDialing {
			t.Fatalf("state %v: %v", c.State(), c.Err())
		}
		p.send(msgAccept, p.acceptOf())
		p.hearWelcome()
		p.ack(true)
		p.send(msgDecline, no) // too late
		next[Connected](t, c)
	})
	for reason, want := range map[EndReason]EndReason{Declined: Declined, Busy: Busy, Unsupported: Unsupported,
		ClockSkew: ClockSkew, AuthFailed: Declined, Left: Declined, 200: Declined} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			c := s.victim(v).dial(t, p)
			p.rung()
			p.send(msgDecline, declineBody{Reason: uint8(reason)})
			ended(t, c, want, true)
		})
	}
}
