package call

import (
	"bytes"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// inCallWith runs f in a call with the hostile peer, which the one or the other has dialled.
func inCallWith(t *testing.T, r role, f func(t *testing.T, p *peer, c *Call)) {
	t.Helper()
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v)
		if r == caller {
			f(t, p, p.connects(client))
		} else {
			f(t, p, p.answers(client))
		}
	})
}

// refused asserts that the victim dropped what f sent, and that its group and call are as they were.
func (p *peer) refused(c *Call, f func()) {
	p.t.Helper()
	time.Sleep(100 * time.Millisecond)
	before := c.Stats()
	f()
	time.Sleep(100 * time.Millisecond)
	after := c.Stats()
	if after.Dropped <= before.Dropped {
		p.t.Error("nothing was dropped")
	}
	if after.Epoch != before.Epoch || c.State() != StateConnected || len(c.Roster()) != 2 {
		p.t.Errorf("epoch %d, %v, %d members", after.Epoch, c.State(), len(c.Roster()))
	}
}

// commits makes a commit, applies it at the peer alone, and sends it.
func (p *peer) commits(o mls.CommitOptions) { p.send(msgInCall, p.commit(o).Message) }

func (p *peer) thirdsKeyPackage() *mls.KeyPackage {
	third := p.stage.person("third")
	id := third.id.Public()
	return p.parsed(p.keyPackage(p.member(third.id, id[:])))
}

// TestAttackCommitByTheCallee: leaf 1 never commits in a call for two, whatever is in the commit.
// Mutation: checkCommit without the comparison of the sender's index.
func TestAttackCommitByTheCallee(t *testing.T) {
	for name, o := range map[string]func(p *peer) mls.CommitOptions{
		"empty": func(*peer) mls.CommitOptions { return mls.CommitOptions{} },
		"Add": func(p *peer) mls.CommitOptions {
			return mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(p.thirdsKeyPackage())}}
		},
		"Remove": func(*peer) mls.CommitOptions { return mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(0)}} },
	} {
		t.Run(name, func(t *testing.T) {
			inCallWith(t, callee, func(t *testing.T, p *peer, c *Call) {
				p.refused(c, func() { p.commits(o(p)) })
			})
		})
	}
}

// TestAttackCommitThatChangesMembers: the caller may renew the keys, and nothing else.
// Mutations: checkCommit without the loop over the proposals; OnlyPrivate false ("in clear"); checkLeaf without dtls.
func TestAttackCommitThatChangesMembers(t *testing.T) {
	for name, o := range map[string]func(p *peer) mls.CommitOptions{
		"Add": func(p *peer) mls.CommitOptions {
			return mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(p.thirdsKeyPackage())}}
		},
		"Remove": func(*peer) mls.CommitOptions { return mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(1)}} },
		"Remove and Add": func(p *peer) mls.CommitOptions {
			return mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(1), mls.Add(p.thirdsKeyPackage())}}
		},
		"GroupContext": func(*peer) mls.CommitOptions {
			return mls.CommitOptions{Proposals: []mls.Proposal{mls.SetExtensions(mls.RequiredCapabilities{}.Extension())}}
		},
		"ReInit": func(p *peer) mls.CommitOptions {
			return mls.CommitOptions{Proposals: []mls.Proposal{mls.Reinitialize(p.call[:], mls.X25519AES128)}}
		},
		"in clear":            func(*peer) mls.CommitOptions { return mls.CommitOptions{Public: true} },
		"another certificate": func(p *peer) mls.CommitOptions { return p.newLeaf(func(b *binding) { b.dtls = random() }) },
		"another mailbox": func(p *peer) mls.CommitOptions {
			return p.newLeaf(func(b *binding) { b.box = e2ee.NewMailbox().Card() })
		},
		"another Invite": func(p *peer) mls.CommitOptions { return p.newLeaf(func(b *binding) { b.invite = random() }) },
	} {
		t.Run(name, func(t *testing.T) {
			inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
				p.refused(c, func() { p.commits(o(p)) })
			})
		})
	}
}

// newLeaf renews the peer's leaf with another binding.
func (p *peer) newLeaf(change func(*binding)) mls.CommitOptions {
	b := p.binding
	change(&b)
	return mls.CommitOptions{Path: true, Leaf: &mls.LeafChange{Extensions: []mls.Extension{b.extension()}}}
}

// TestAttackProposals: proposals that would change the group are dropped, and do not stand in the way of the next renewal
// of the keys.
// Mutations: groupMessage that takes every proposal for an Update (the renewal fails, or holds the proposal); checkLeaf
// without its comparisons.
func TestAttackProposals(t *testing.T) {
	for name, o := range map[string]func(p *peer) mls.Proposal{
		"Add":          func(p *peer) mls.Proposal { return mls.Add(p.thirdsKeyPackage()) },
		"Remove":       func(*peer) mls.Proposal { return mls.Remove(0) },
		"own Remove":   func(*peer) mls.Proposal { return mls.Remove(1) },
		"GroupContext": func(*peer) mls.Proposal { return mls.SetExtensions(mls.RequiredCapabilities{}.Extension()) },
		"a key of its own": func(*peer) mls.Proposal {
			return mls.ExternalPSK([]byte("psk"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCallWith(t, callee, func(t *testing.T, p *peer, c *Call) {
				p.refused(c, func() {
					b, err := p.group.Propose(o(p), mls.MessageOptions{})
					if err != nil {
						t.Fatal(err)
					}
					p.send(msgInCall, b)
				})
				p.renewedBy(c)
			})
		})
	}
	t.Run("an Update with another certificate", func(t *testing.T) {
		inCallWith(t, callee, func(t *testing.T, p *peer, c *Call) {
			p.refused(c, func() {
				b, err := p.group.ProposeUpdate(p.newLeaf(func(b *binding) { b.dtls = random() }).Leaf, mls.MessageOptions{})
				if err != nil {
					t.Fatal(err)
				}
				p.send(msgInCall, b)
			})
			p.renewedBy(c)
		})
	})
}

// renewedBy asserts that the victim, who is the caller, can make a new epoch.
func (p *peer) renewedBy(c *Call) {
	p.t.Helper()
	time.Sleep(time.Minute)
	c.RenewKeys()
	if k := next[KeysChanged](p.t, c); k.Epoch != 2 {
		p.t.Errorf("epoch %d", k.Epoch)
	}
}

// TestPitfall07OtherAuthenticator: a peer whose epoch has another authenticator is in another group: it equivocates, or
// somebody is in between.
// Mutation: acknowledged without the comparison of Auth.
func TestPitfall07OtherAuthenticator(t *testing.T) {
	for _, r := range []role{caller, callee} {
		inCallWith(t, r, func(t *testing.T, p *peer, c *Call) {
			other := random()
			p.send(msgAck, ackBody{Epoch: 1, Authenticator: other[:]})
			ended(t, c, AuthFailed, false)
		})
	}
}

// TestAttackAckOfNothing: an Ack of another Accept, of epoch 0, of a far epoch or of garbage says nothing.
// Mutations: acknowledged without the comparison of Ref, or of the epoch.
func TestAttackAckOfNothing(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		other := random()
		for _, epoch := range []uint64{0, 2, 3, 1 << 40} {
			p.send(msgAck, ackBody{Epoch: epoch, Authenticator: other[:]})
		}
		m := p.message(msgAck, ackBody{Epoch: 1, Authenticator: other[:]})
		m.Ref = other[:]
		p.post(m)
		p.send(msgAck, []byte{0xa0})
		p.send(msgAck, ackBody{Epoch: 1, Authenticator: other[:31]})
		time.Sleep(30 * time.Second)
		if c.State() != StateConnected {
			t.Errorf("state %v, %v", c.State(), c.Err())
		}
	})
}

// TestPitfall09ReplayInTheCall: a message of the group counts once, whether the packet is repeated or its content is sealed
// anew; and so do Acks and Byes of other calls.
// Mutations: mls without the destruction of used keys; inByed without Ref; read without the window (the Ack is answered again).
func TestPitfall09ReplayInTheCall(t *testing.T) {
	for _, r := range []role{caller, callee} {
		inCallWith(t, r, func(t *testing.T, p *peer, c *Call) {
			b, err := p.group.Protect(encode(inCallBody{Type: inChat, Seq: 1, Body: []byte("open the door")}), mls.MessageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			packet, _ := p.sealed(p.id, p.message(msgInCall, b))
			p.inject(packet)
			if m := next[Message](t, c); !bytes.Equal(m.Data, []byte("open the door")) {
				t.Fatalf("got %q", m.Data)
			}
			p.refused(c, func() { p.inject(packet) })
			p.refused(c, func() { p.send(msgInCall, b) })
			ack, _ := p.sealed(p.id, p.message(msgAck, ackBody{Epoch: 1, Authenticator: p.group.EpochAuthenticator()}))
			p.refused(c, func() {
				p.inject(ack)
				p.inject(ack)
			})
			m := p.message(msgBye, byeBody{uint8(Left)})
			ref := random()
			m.Ref = ref[:]
			p.post(m)
			m = p.message(msgBye, byeBody{uint8(Left)})
			m.Ref = nil
			p.post(m)
			time.Sleep(100 * time.Millisecond)
			if c.State() != StateConnected {
				t.Errorf("a Bye to something else has ended the call")
			}
			c.Close()
			for ev := range c.Events(t.Context()) {
				if m, ok := ev.(Message); ok {
					t.Errorf("heard once more: %q", m.Data)
				}
			}
		})
	}
}
