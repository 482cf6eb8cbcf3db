package call

import (
	"bytes"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// rungAndAccepted is a call of the hostile peer that the victim has answered.
func (p *peer) rungAndAccepted(v *victim) *Call {
	p.t.Helper()
	p.rings()
	c, err := v.rung(p.t).Answer(p.t.Context(), Media{Receive: discard})
	if err != nil {
		p.t.Fatal(err)
	}
	p.hearAccept()
	return c
}

// withGroup is a Welcome into a group that was made with a changed member.
func withGroup(change func(*peer, *mls.Config)) func(*peer) welcomeBody {
	return func(p *peer) welcomeBody {
		c := p.self()
		change(p, &c)
		return welcomeBody{Welcome: p.founds(p.call[:], c, mls.CommitOptions{}), Nonce: p.nonce[:]}
	}
}

// withBinding is the same with another binding.
func withBinding(change func(*binding)) func(*peer) welcomeBody {
	return withGroup(func(p *peer, c *mls.Config) {
		change(&p.binding)
		*c = p.self()
	})
}

// withCommit is a Welcome made by another commit.
func withCommit(o func(p *peer) mls.CommitOptions) func(*peer) welcomeBody {
	return func(p *peer) welcomeBody {
		return welcomeBody{Welcome: p.founds(p.call[:], p.self(), o(p)), Nonce: p.nonce[:]}
	}
}

// fakes are Welcomes of the caller into a group that is not the one that was promised. Each ends the call with
// AuthFailed, and the caller is told.
// Mutations: in joined without the commitment, the group_id, the epoch; in checkLeaf without dtls, invite, or box; NoExternal
// false. Two locks are on some doors, and the test fails when both are open: "a third leaf" (len(members) != 2 and
// authenticate), "a third's" (the identity of leaf 0 and authenticate), "a GroupContext extension" (g.Extensions and NoGroupExtensions).
var fakes = map[string]func(p *peer) welcomeBody{
	"another nonce": func(p *peer) welcomeBody {
		w := p.welcomeOf()
		n := random()
		w.Nonce = n[:]
		return w
	},
	"another group_id": func(p *peer) welcomeBody {
		id := random()
		return welcomeBody{Welcome: p.founds(id[:], p.self(), mls.CommitOptions{}), Nonce: p.nonce[:]}
	},
	"a third leaf": withCommit(func(p *peer) mls.CommitOptions {
		third := p.stage.person("third")
		id := third.id.Public()
		return mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(p.parsed(p.keyPackage(p.member(third.id, id[:]))))}}
	}),
	"a third leaf of the caller's own": withCommit(func(p *peer) mls.CommitOptions {
		second := e2ee.Generate() // another signature key: MLS allows each one once
		id := p.id.Public()
		return mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(p.parsed(p.keyPackage(p.member(second, id[:]))))}}
	}),
	"a commit before": func(p *peer) welcomeBody {
		g, err := mls.NewGroup(p.call[:], p.self())
		if err != nil {
			p.t.Fatal(err)
		}
		p.group = g
		p.commit(mls.CommitOptions{})
		return welcomeBody{Welcome: p.adds(mls.CommitOptions{}), Nonce: p.nonce[:]}
	},
	"a GroupContext extension": func(p *peer) welcomeBody {
		w := p.founds(p.call[:], p.self(), mls.CommitOptions{}, mls.RequiredCapabilities{Extensions: []mls.ExtensionType{bindingType}}.Extension())
		return welcomeBody{Welcome: w, Nonce: p.nonce[:]}
	},
	"external public key": withCommit(func(*peer) mls.CommitOptions { return mls.CommitOptions{ExternalPub: true} }),
	"no ratchet tree":     withCommit(func(*peer) mls.CommitOptions { return mls.CommitOptions{OmitTree: true} }),
	"another certificate": withBinding(func(b *binding) { b.dtls = random() }),
	"no certificate":      withBinding(func(b *binding) { b.dtls = hash{} }),
	"another box":         withBinding(func(b *binding) { b.box = e2ee.NewMailbox().Card() }),
	"an Invite of its own": withBinding(func(b *binding) {
		b.invite = random()
	}),
	"a third's leaf": withGroup(func(p *peer, c *mls.Config) {
		third := p.stage.person("third")
		id := third.id.Public()
		*c = p.member(third.id, id[:])
	}),
	"a third's name": withGroup(func(p *peer, c *mls.Config) {
		id := p.stage.person("third").id.Public()
		*c = p.member(p.id, id[:])
	}),
	"own other half": withGroup(func(p *peer, c *mls.Config) {
		id, third := p.id.Public(), p.stage.person("third").id.Public()
		copy(id[32:], third[32:])
		*c = p.member(p.id, id[:])
	}),
	"the victim's own name": withGroup(func(p *peer, c *mls.Config) { *c = p.member(p.id, p.victim[:]) }),
	"a short name":          withGroup(func(p *peer, c *mls.Config) { *c = p.member(p.id, []byte("x")) }),
	"no binding":            withGroup(func(_ *peer, c *mls.Config) { c.LeafExtensions = nil }),
	"capabilities": withGroup(func(_ *peer, c *mls.Config) {
		c.Capabilities.Proposals = []mls.ProposalType{0xF00F}
	}),
	"garbage": func(p *peer) welcomeBody { return welcomeBody{Welcome: []byte("garbage"), Nonce: p.nonce[:]} },
	"a Welcome cut short": func(p *peer) welcomeBody {
		w := p.welcomeOf()
		w.Welcome = w.Welcome[:len(w.Welcome)-1]
		return w
	},
	"a Welcome with a changed byte": func(p *peer) welcomeBody {
		w := p.welcomeOf()
		w.Welcome[len(w.Welcome)-1] ^= 1
		return w
	},
	"a Welcome for somebody else": func(p *peer) welcomeBody {
		p.took.KeyPackage = p.keyPackage(p.self())
		g, err := mls.NewGroup(p.call[:], p.member(e2ee.Generate(), p.victim[:]))
		if err != nil {
			p.t.Fatal(err)
		}
		p.group = g
		return welcomeBody{Welcome: p.adds(mls.CommitOptions{}), Nonce: p.nonce[:]}
	},
	"a stream declared twice": func(p *peer) welcomeBody {
		w := p.welcomeOf()
		w.Streams = []stream{{Ctx: 0, MID: "0", Kind: 1, Codec: "opus"}, {Ctx: 0, MID: "0", Kind: 2, Codec: "VP8"}}
		return w
	},
}

func (p *peer) parsed(kp []byte) *mls.KeyPackage {
	p.t.Helper()
	out, err := mls.ParseKeyPackage(kp)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func TestAttackWelcomeIntoAnotherGroup(t *testing.T) {
	for name, fake := range fakes {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				c := p.rungAndAccepted(s.victim(v))
				p.send(msgWelcome, fake(p))
				p.wantBye("the caller is told", AuthFailed)
				if end := ended(t, c, AuthFailed, false); end.Err == nil {
					t.Error("the end names no cause")
				}
				if n := s.packets.Load(); n > 0 {
					t.Errorf("%d packets before the group was checked", n)
				}
			})
		})
	}
}

// TestAttackWelcomeThatIsNoAnswer: what is not the Welcome of the caller to this Accept is dropped, and the true one counts.
// Mutations: takeAsCallee without the comparison of ref; newLine without m.From != c.peer; check of welcomeBody left out.
func TestAttackWelcomeThatIsNoAnswer(t *testing.T) {
	for name, forge := range map[string]func(p *peer, w welcomeBody){
		"by another identity": func(p *peer, w welcomeBody) {
			packet, _ := p.sealed(p.stage.person("third").id, p.message(msgWelcome, w))
			p.inject(packet)
		},
		"to another ref": func(p *peer, w welcomeBody) {
			m := p.message(msgWelcome, w)
			ref := random()
			m.Ref = ref[:]
			p.post(m)
		},
		"to the Invite": func(p *peer, w welcomeBody) {
			m := p.message(msgWelcome, w)
			m.Ref = p.invite[:]
			p.post(m)
		},
		"of another call": func(p *peer, w welcomeBody) {
			m := p.message(msgWelcome, w)
			m.Call = random()
			p.post(m)
		},
		"too large":     func(p *peer, w welcomeBody) { w.Welcome = make([]byte, maxMLS+1); p.send(msgWelcome, w) },
		"half a nonce":  func(p *peer, w welcomeBody) { w.Nonce = w.Nonce[:16]; p.send(msgWelcome, w) },
		"33 candidates": func(p *peer, w welcomeBody) { w.Candidates = make([]candidate, 33); p.send(msgWelcome, w) },
		"not CBOR":      func(p *peer, w welcomeBody) { p.send(msgWelcome, []byte{0xff, 0x00}) },
		"to the identity's mailbox": func(p *peer, w welcomeBody) {
			theirs := p.theirs
			p.theirs = p.door
			p.send(msgWelcome, w)
			p.theirs = theirs
		},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				c := p.rungAndAccepted(s.victim(v))
				w := p.welcomeOf()
				forge(p, w)
				time.Sleep(100 * time.Millisecond)
				if _, joined := c.Emoji(); joined || c.State() != StateConnecting || s.packets.Load() > 0 {
					t.Fatalf("joined %v, state %v, %d packets", joined, c.State(), s.packets.Load())
				}
				p.send(msgWelcome, w)
				next[ParticipantJoined](t, c)
			})
		})
	}
}

// TestPitfall01WelcomeBeforeTheAccept: a Welcome is nothing to a callee that has not accepted, nor to one whose Accept has not
// left; afterwards the call goes on as if it had not come.
// Mutation: takeAsCallee's inWelcome without m.state or m.sealed.
func TestPitfall01WelcomeBeforeTheAccept(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		p.rings()
		p.took.KeyPackage = p.keyPackage(p.member(e2ee.Generate(), p.victim[:]))
		p.send(msgWelcome, welcomeBody{Welcome: p.founds(p.call[:], p.self(), mls.CommitOptions{}), Nonce: p.nonce[:]})
		in := client.rung(t)
		time.Sleep(time.Second)
		c, err := in.Answer(t.Context(), Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		p.hearAccept()
		p.send(msgWelcome, p.welcomeOf())
		next[ParticipantJoined](t, c)
	})
}

// TestAttackSecondWelcome: a second Welcome, into a second group, is not joined: one Accept has one group.
// Mutation: takeAsCallee's inWelcome without m.welcome == hash{}: the call ends, or has the second group.
func TestAttackSecondWelcome(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		c := p.rungAndAccepted(s.victim(v))
		p.send(msgWelcome, p.welcomeOf())
		first := p.group.EpochAuthenticator()
		next[ParticipantJoined](t, c)
		p.send(msgWelcome, p.welcomeOf())
		time.Sleep(100 * time.Millisecond)
		if got := p.ackAfter(time.Now()); !bytes.Equal(got.Authenticator, first) {
			t.Error("the victim is in another group than the first Welcome's")
		}
		if c.State() != StateConnecting {
			t.Errorf("state %v", c.State())
		}
	})
}

// ackAfter is the first Ack that was sent after a time.
func (p *peer) ackAfter(at time.Time) ackBody {
	p.t.Helper()
	for {
		m := p.want("an Ack", msgAck)
		if b, err := decode[ackBody](m.message.Body, maxBody); err == nil && m.message.Time.After(at) {
			return b
		}
	}
}
