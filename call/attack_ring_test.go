package call

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// An admission writes down whom Admit was asked about.
type admission struct {
	say Decision
	mu  sync.Mutex
	who []Caller
}

func (a *admission) admit(_ context.Context, c Caller) Decision {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.who = append(a.who, c)
	return a.say
}

func (a *admission) asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.who)
}

// TestAttackIgnoredCaller: to a caller whom Admit ignores nothing is said, by no message at all, whatever it sends and
// however often; and what it sends is not read beyond the envelope.
// Mutations: invited that calls ring before Admit; receive that sends Ringing before reason is looked at.
func TestAttackIgnoredCaller(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		a := &admission{say: Ignore}
		client := s.victim(v, func(c *Config) { c.Admit = a.admit })
		honest := p.inviteOf()
		stored := s.relay.Stats().Envelopes
		sent := uint64(0)
		for _, body := range []any{honest, []byte("no CBOR at all"), withSuite(honest, 1), honest} {
			p.call, p.seq = random(), 0
			p.send(msgInvite, body)
			p.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
			sent += 2
			p.wantIdle("ignored")
		}
		stats := client.Stats()
		if got := s.relay.Stats().Envelopes - stored; got != sent {
			t.Errorf("the relay has stored %d packets, %d of them the caller's", got, sent)
		}
		if a.asked() != 4 || stats.Ignored != 4 || stats.Malformed != 0 || stats.Rang != 0 || s.packets.Load() > 0 {
			t.Errorf("asked %d times, %+v", a.asked(), stats)
		}
		for _, c := range a.who {
			if c.Claimed != "" || c.KeyChanged != "" || c.LookAlike != "" || c.Name != "label-of-the-peer" || c.ID != p.id.Public() {
				t.Errorf("Admit was shown %+v", c)
			}
		}
	})
}

func withSuite(b inviteBody, suite uint16) inviteBody {
	b.MLSSuite = suite
	return b
}

// TestAttackRefusedCaller: a caller whom Admit refuses learns that, and nothing else; there is no ringing first.
// Mutation: receive that starts the loop before it looks at reason.
func TestAttackRefusedCaller(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v, func(c *Config) { c.Admit = (&admission{say: Refuse}).admit })
		p.send(msgInvite, p.inviteOf())
		p.wantDecline("refused", Declined)
		p.wantIdle("after it")
		client.quiet(t, "refused")
	})
}

func (p *peer) wantDecline(why string, want EndReason) {
	p.t.Helper()
	b, err := decode[declineBody](p.want(why, msgDecline).message.Body, maxBody)
	if err != nil || EndReason(b.Reason) != want {
		p.t.Errorf("%s: declined as %v, %v; want %v", why, EndReason(b.Reason), err, want)
	}
}

// TestAttackBlockedAndUnknown: ContactsOnly says nothing to a contact that is blocked, and nothing to a stranger who has
// come by a token.
// Mutation: ContactsOnly without known.Blocked, or without ok.
func TestAttackBlockedAndUnknown(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p, stranger := s.peer(v), s.stranger(v)
		stranger.door = p.door
		client := s.victim(v)
		stranger.send(msgInvite, stranger.inviteOf())
		stranger.wantIdle("a stranger")
		if err := v.contacts.Block(p.id.Public(), true); err != nil {
			t.Fatal(err)
		}
		p.door = s.peer(v).door // its own token lets it in no more
		time.Sleep(time.Second)
		p.send(msgInvite, p.inviteOf())
		p.wantIdle("blocked")
		client.quiet(t, "blocked")
	})
}

// TestAttackFlood: of hundreds of Invites of one caller a few ring, then none for the length of the cool-down; what they
// leave behind is bounded; another contact still gets through.
// Mutation: quota.take that returns true.
func TestAttackFlood(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		other := s.peer(v)
		client := s.victim(v)
		body := p.inviteOf()
		for range 300 {
			p.call, p.seq = random(), 0
			p.send(msgInvite, body)
		}
		time.Sleep(time.Second)
		client.mu.Lock()
		calls := len(client.calls)
		client.mu.Unlock()
		if st := client.Stats(); st.Rang != 6 || calls != 6 || st.Packets != 300 {
			t.Errorf("%d calls, %+v", calls, st)
		}
		other.rings()
		time.Sleep(5 * time.Minute)
		p.ringsAgain(body)
		p.wantIdle("in the cool-down")
		time.Sleep(6 * time.Minute)
		p.ringsAgain(body)
		p.want("after the cool-down", msgRinging)
	})
}

func (p *peer) ringsAgain(body inviteBody) {
	for { // what is left of the flood
		if _, err := p.drain(); err != nil {
			break
		}
	}
	p.call, p.seq = random(), 0
	p.send(msgInvite, body)
}

// drain takes any packet out of the call's mailbox.
func (p *peer) drain() (signal.Packet, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 100*time.Millisecond)
	defer cancel()
	return p.line.Receive(ctx)
}

// TestAttackFloodOfRefusals: saying no costs a mailbox, so beyond twice MaxCalls at once nothing is said.
// Mutation: ring with limit 0 for refusals.
func TestAttackFloodOfRefusals(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v, func(c *Config) {
			c.Admit = (&admission{say: Refuse}).admit
			c.MaxCalls = 3
			c.Transports[0] = slow{c.Transports[0].(*memory.Transport)}
		})
		body := p.inviteOf()
		for range 60 {
			p.call, p.seq = random(), 0
			p.send(msgInvite, body)
		}
		time.Sleep(100 * time.Millisecond)
		client.mu.Lock()
		most := len(client.calls)
		client.mu.Unlock()
		if most != 6 {
			t.Errorf("%d calls at once, want 6", most)
		}
		time.Sleep(10 * time.Second)
		client.mu.Lock()
		defer client.mu.Unlock()
		if len(client.calls) > 0 {
			t.Errorf("%d calls are left", len(client.calls))
		}
	})
}

// A slow transport takes a second to open a mailbox.
type slow struct{ *memory.Transport }

func (s slow) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	time.Sleep(time.Second)
	return s.Transport.Open(ctx, relay, m)
}

// TestQuotaMemory: however many callers there are, the counting takes bounded memory.
// Mutation: quota.take without clear.
func TestQuotaMemory(t *testing.T) {
	q := newQuota(Limits{})
	for i := range 3 * maxQuotas {
		var id e2ee.ID
		id[0], id[1], id[2] = byte(i), byte(i>>8), byte(i>>16)
		q.take(id, time.Unix(0, 0))
	}
	if len(q.seen) > maxQuotas {
		t.Errorf("%d callers are counted", len(q.seen))
	}
}

// TestAttackFloodOfCancels: Cancels of calls that never rang are remembered for a while, in bounded number; and one of a
// stranger's does not cancel a contact's call of the same id.
// Mutations: cancel without maxCancelled; callKey without the peer.
func TestAttackFloodOfCancels(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p, other := s.peer(v), s.peer(v)
		client := s.victim(v)
		p.rings()
		in := client.rung(t)
		for range 2 * maxCancelled {
			other.call, other.invite = random(), random()
			other.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		}
		other.call, other.invite = p.call, p.invite
		other.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		time.Sleep(time.Second)
		client.mu.Lock()
		kept := len(client.cancelled)
		client.mu.Unlock()
		if kept > maxCancelled || kept == 0 {
			t.Errorf("%d cancellations are kept", kept)
		}
		select {
		case <-in.Done():
			t.Error("somebody else has cancelled the call")
		default:
		}
	})
}

// TestPitfall02NothingLeavesBeforeTheAccept: while it rings, whatever the caller sends (its own Accept, a Welcome, Acks, candidates,
// descriptions, an offer that is no SDP), no packet leaves on the network, no connection exists, and nobody is told anything
// beyond Ringing.
// Mutations: takeAsCallee that takes inAccept or inWelcome for inAnswer; answering that calls media.NewConn and Answer.
func TestPitfall02NothingLeavesBeforeTheAccept(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v, func(c *Config) {
			c.Media.ICEServers = []media.ICEServer{{URLs: []string{"stun:6.6.6.6:3478"}}}
		})
		b := p.inviteOf()
		b.Offer = []byte("this is no session description")
		p.send(msgInvite, b)
		p.hearRinging()
		in := client.rung(t)
		p.took.KeyPackage = p.keyPackage(p.member(e2ee.Generate(), p.victim[:]))
		p.accept = p.invite
		w := welcomeBody{Welcome: p.founds(p.call[:], p.self(), noOptions), Nonce: p.nonce[:],
			Candidates: []candidate{{MID: "0", Line: "candidate:1 1 udp 1 6.6.6.6 9 typ host"}}}
		p.send(msgAccept, acceptBody{Box: b.Box, KeyPackage: p.keyPackage(p.self()), Nonce: p.nonce[:], Answer: b.Offer})
		for _, ref := range []hash{p.invite, {}} {
			p.accept = ref
			p.send(msgWelcome, w)
			p.ack(false)
			p.says(1, inCandidate, encode(w.Candidates[0]))
			p.says(2, inDescribe, encode(describeBody{Kind: describeOffer, N: 1, SDP: b.Offer}))
			p.send(msgRinging, ringingBody{b.Box})
			p.send(msgDecline, declineBody{Reason: uint8(Declined)})
			p.send(msgBye, byeBody{uint8(Left)})
		}
		p.wantIdle("it rings")
		if n := s.packets.Load(); n > 0 {
			t.Errorf("%d packets on the network", n)
		}
		v2 := in.call.look()
		if v2.state != StateRinging || v2.conn != nil || v2.checked {
			t.Errorf("state %v, connection %v", v2.state, v2.conn != nil)
		}
		c, err := in.Answer(t.Context(), Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		ended(t, c, MediaFailed, false) // only now is the offer read
		if n := s.packets.Load(); n > 0 {
			t.Errorf("%d packets on the network for an offer that is none", n)
		}
	})
}
