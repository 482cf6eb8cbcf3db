package call

import (
	"bytes"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// TestHostilePeerCanBehave: what the scripted peer says when nothing is changed leads to a call, in both directions; else
// the attacks below would prove nothing.
func TestHostilePeerCanBehave(t *testing.T) {
	for name, connect := range map[string]func(*peer, *victim) *Call{"as caller": (*peer).connects, "as callee": (*peer).answers} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				c := connect(p, s.victim(v))
				p.says(1, inChat, []byte("hello"))
				if m := next[Message](t, c); m.From != p.id.Public() || string(m.Data) != "hello" {
					t.Errorf("got %q of %v", m.Data, m.From)
				}
				p.send(msgBye, byeBody{uint8(Left)})
				ended(t, c, Left, true)
			})
		})
	}
}

// otherDigit changes the last digit of the fingerprint in a session description.
func otherDigit(sdp []byte) []byte {
	at := bytes.Index(sdp, []byte("a=fingerprint:sha-256 ")) + len("a=fingerprint:sha-256 ")
	out := bytes.Clone(sdp)
	if out[at] == 'A' {
		out[at] = 'B'
	} else {
		out[at] = 'A'
	}
	return out
}

// twoFingerprints adds another one beside the first.
func twoFingerprints(sdp []byte) []byte {
	at := bytes.Index(sdp, []byte("a=fingerprint:"))
	line := sdp[at : at+bytes.IndexByte(sdp[at:], '\n')+1]
	return bytes.Replace(sdp, line, append(bytes.Clone(line), otherDigit(line)...), 1)
}

// lying are Accepts of the right person that contradict themselves, the Invite, or the profile of the group. Each ends
// the call with AuthFailed before a frame key is used.
// Mutations: found without the comparison of invite ("another Invite") or of the box ("another box"); found without the comparison of the
// identity, and authenticate that believes everyone ("a third's", "own other half"); config without Policy.Capabilities
// ("capabilities") or MaxLifetime ("a year"); k.dtlsTheirs taken from the answer ("another certificate", "another fingerprint").
var lying = map[string]func(p *peer, b *acceptBody){
	"another box": func(p *peer, b *acceptBody) {
		b.Box = boxOf(e2ee.NewMailbox().Card())
	},
	"another token in the box": func(p *peer, b *acceptBody) {
		b.Box.Token = bytes.Repeat([]byte{7}, 16)
	},
	"another Invite": func(p *peer, b *acceptBody) {
		p.binding.invite = random()
		b.KeyPackage = p.keyPackage(p.self())
	},
	"no Invite": func(p *peer, b *acceptBody) {
		p.binding.invite = hash{}
		b.KeyPackage = p.keyPackage(p.self())
	},
	"another certificate in the leaf": func(p *peer, b *acceptBody) {
		p.binding.dtls = random()
		b.KeyPackage = p.keyPackage(p.self())
	},
	"another fingerprint in the answer": func(p *peer, b *acceptBody) { b.Answer = otherDigit(b.Answer) },
	"two fingerprints in the answer":    func(p *peer, b *acceptBody) { b.Answer = twoFingerprints(b.Answer) },
	"no fingerprint in the answer": func(p *peer, b *acceptBody) {
		b.Answer = bytes.ReplaceAll(b.Answer, []byte("a=fingerprint:"), []byte("a=footprints:"))
	},
	"sha-1 in the answer": func(p *peer, b *acceptBody) {
		b.Answer = bytes.ReplaceAll(b.Answer, []byte("a=fingerprint:sha-256 "), []byte("a=fingerprint:sha-1 "))
	},
	"a third's KeyPackage": func(p *peer, b *acceptBody) {
		third := p.stage.person("third")
		id := third.id.Public()
		b.KeyPackage = p.keyPackage(p.member(third.id, id[:]))
	},
	"a third's identity": func(p *peer, b *acceptBody) {
		id := p.stage.person("third").id.Public()
		b.KeyPackage = p.keyPackage(p.member(p.id, id[:]))
	},
	"own other half": func(p *peer, b *acceptBody) {
		id, third := p.id.Public(), p.stage.person("third").id.Public()
		copy(id[32:], third[32:])
		b.KeyPackage = p.keyPackage(p.member(p.id, id[:]))
	},
	"the victim's identity":   func(p *peer, b *acceptBody) { b.KeyPackage = p.keyPackage(p.member(p.id, p.victim[:])) },
	"a short identity":        func(p *peer, b *acceptBody) { b.KeyPackage = p.keyPackage(p.member(p.id, []byte("me"))) },
	"an empty identity":       func(p *peer, b *acceptBody) { b.KeyPackage = p.keyPackage(p.member(p.id, nil)) },
	"no binding":              withConfig(func(c *mls.Config) { c.LeafExtensions = nil }),
	"an empty binding":        withConfig(func(c *mls.Config) { c.LeafExtensions[0].Data = nil }),
	"a binding of version 2":  withConfig(func(c *mls.Config) { c.LeafExtensions[0].Data[0] = 2 }),
	"a longer binding":        withConfig(func(c *mls.Config) { c.LeafExtensions[0].Data = append(c.LeafExtensions[0].Data, 0) }),
	"another suite":           withConfig(func(c *mls.Config) { c.Suite = mls.X25519AES128; c.Capabilities = nil }),
	"capabilities":            withConfig(func(c *mls.Config) { c.Capabilities.Suites = append(c.Capabilities.Suites, 1) }),
	"a year of validity":      withConfig(func(c *mls.Config) { c.Lifetime = 365 * 24 * time.Hour }),
	"a lifetime that is over": withConfig(func(c *mls.Config) { c.Clock = func() time.Time { return time.Now().Add(-96 * time.Hour) } }),
	"a broken signature": func(p *peer, b *acceptBody) {
		b.KeyPackage[len(b.KeyPackage)-1] ^= 1
	},
	"no KeyPackage at all": func(p *peer, b *acceptBody) { b.KeyPackage = []byte("no KeyPackage") },
	"a small-order key in the box": func(p *peer, b *acceptBody) {
		b.Box.HPKE = make([]byte, 32)
	},
}

// withConfig is a KeyPackage of a member with a changed configuration.
func withConfig(change func(*mls.Config)) func(*peer, *acceptBody) {
	return func(p *peer, b *acceptBody) {
		c := p.self()
		change(&c)
		b.KeyPackage = p.keyPackage(c)
	}
}

func TestAttackAcceptThatLies(t *testing.T) {
	for name, twist := range lying {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				c := s.victim(v).dial(t, p)
				p.rung()
				b := p.acceptOf()
				twist(p, &b)
				p.send(msgAccept, b)
				end := ended(t, c, AuthFailed, false)
				if end.Err == nil {
					t.Error("the end names no cause")
				}
				if n := s.packets.Load(); n > 0 {
					t.Errorf("%d packets left", n)
				}
			})
		})
	}
}

// TestPitfall26AcceptThatIsNoAnswer: Accepts that do not belong to the call are dropped, and the true one still counts.
// Mutations: accepted without the comparison of ref; newLine without m.From != c.peer or m.Call != id; check of acceptBody left out.
func TestPitfall26AcceptThatIsNoAnswer(t *testing.T) {
	for name, forge := range map[string]func(p *peer, b acceptBody){
		"by another identity": func(p *peer, b acceptBody) {
			packet, _ := p.sealed(p.stage.person("third").id, p.message(msgAccept, b))
			p.inject(packet)
		},
		"to another ref": func(p *peer, b acceptBody) { p.refers(b, random()) },
		"to no ref": func(p *peer, b acceptBody) {
			m := p.message(msgAccept, b)
			m.Ref = nil
			packet, _ := p.sealed(p.id, m)
			p.inject(packet)
		},
		"of another call": func(p *peer, b acceptBody) {
			m := p.message(msgAccept, b)
			m.Call = random()
			packet, _ := p.sealed(p.id, m)
			p.inject(packet)
		},
		"to somebody else": func(p *peer, b acceptBody) {
			m := p.message(msgAccept, b)
			m.To = p.stage.person("third").id.Public()
			packet, _ := p.sealed(p.id, m)
			p.inject(packet)
		},
		"as another type": func(p *peer, b acceptBody) {
			m := p.message(msgAccept, b)
			m.Type = uint64(msgWelcome)
			packet, _ := p.sealed(p.id, m)
			p.inject(packet)
		},
		"with 17 KiB of answer": func(p *peer, b acceptBody) {
			b.Answer = append(b.Answer, bytes.Repeat([]byte("a=x\r\n"), 4<<10)...)
			p.malformed(b)
		},
		"with a nonce of 31 bytes": func(p *peer, b acceptBody) { b.Nonce = b.Nonce[1:]; p.malformed(b) },
		"with 33 candidates":       func(p *peer, b acceptBody) { b.Candidates = make([]candidate, 33); p.malformed(b) },
		"with 17 streams": func(p *peer, b acceptBody) {
			b.Streams = make([]stream, 17)
			p.malformed(b)
		},
		"with 5 KiB of KeyPackage": func(p *peer, b acceptBody) { b.KeyPackage = make([]byte, 5<<10); p.malformed(b) },
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				c := s.victim(v).dial(t, p)
				p.rung()
				b := p.acceptOf()
				forge(p, b)
				time.Sleep(100 * time.Millisecond)
				if c.State() != StateDialing || s.packets.Load() > 0 {
					t.Fatalf("state %v, %d packets", c.State(), s.packets.Load())
				}
				p.send(msgAccept, b)
				p.hearWelcome()
				p.ack(true)
				next[Connected](t, c)
			})
		})
	}
}

func (p *peer) malformed(b acceptBody) {
	packet, _ := p.sealed(p.id, p.message(msgAccept, b))
	p.inject(packet)
}

func (p *peer) refers(b acceptBody, ref hash) {
	m := p.message(msgAccept, b)
	m.Ref = ref[:]
	packet, _ := p.sealed(p.id, m)
	p.inject(packet)
}

// TestAttackSecondAccept: a second Accept of the same person, with other keys and another nonce, changes nothing; the
// first one again brings the same Welcome, byte for byte.
// Mutation: accepted without its comparison of the state, or of the hash: the second Accept gets a Welcome too.
func TestAttackSecondAccept(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		c := s.victim(v).dial(t, p)
		p.rung()
		b := p.acceptOf()
		first := p.message(msgAccept, b)
		again, h := p.sealed(p.id, first)
		p.inject(again)
		p.accept = h
		welcome := p.want("the Welcome", msgWelcome)
		emoji, _ := c.Emoji()

		second := b
		fresh := random()
		second.Nonce, second.KeyPackage = fresh[:], p.keyPackage(p.self())
		packet, _ := p.sealed(p.id, p.message(msgAccept, second))
		p.inject(packet)
		p.noWelcome("for a second Accept")
		p.inject(again)
		if w := p.want("the Welcome again", msgWelcome); w.hash != welcome.hash {
			t.Error("the first Accept got two Welcomes")
		}
		if now, _ := c.Emoji(); now != emoji {
			t.Error("the emoji have changed")
		}
		if c.Stats().Epoch > 1 {
			t.Error("another epoch")
		}
	})
}

// noWelcome asserts that no Welcome comes for a while.
func (p *peer) noWelcome(why string) {
	p.t.Helper()
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		if m, err := p.receive(p.line, p.own, time.Until(end)); err == nil && messageType(m.message.Type) == msgWelcome {
			p.t.Errorf("a Welcome %s", why)
		}
	}
}
