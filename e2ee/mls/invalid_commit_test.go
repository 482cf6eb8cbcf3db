package mls

import (
	"errors"
	"testing"
)

// TestCommitRules breaks the rules of sections 12.1, 12.2 and 12.4.2 one by one. Each forged commit has a wrong
// confirmation tag: without another flaw it fails with ErrAuthentication at the very end, which "nothing" shows.
func TestCommitRules(t *testing.T) {
	newcomer := func(t *testing.T, cfg Config) Proposal { return Add(packageOf(t, cfg, nil)) }
	psk := ExternalPSK([]byte("k"))
	required := RequiredCapabilities{Extensions: []ExtensionType{0xFF09}}.Extension()
	for _, f := range []struct {
		name string
		want error
		make func(t *testing.T, c *crew) forgery
	}{
		{"nothing, an empty commit", ErrAuthentication, func(*testing.T, *crew) forgery { return forgery{} }},
		{"nothing, an Add", ErrAuthentication, func(t *testing.T, c *crew) forgery {
			return forgery{values: []Proposal{newcomer(t, forgerConfig(t, "n"))}, noPath: true}
		}},
		{"nothing, a Remove", ErrAuthentication, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{Remove(2)}, pathFor: []ProposedBy{by(0, Remove(2))}}
		}},
		{"nothing, a PSK", ErrAuthentication, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{psk}, noPath: true} }},
		{"an Update of the committer", ErrInvalid, func(t *testing.T, c *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalUpdate, Leaf: c.newLeaf(0, nil)}}}
		}},
		{"an Update of the committer by reference", ErrInvalid, func(t *testing.T, c *crew) forgery {
			return forgery{refs: [][]byte{c.propose(0, Proposal{Type: ProposalUpdate, Leaf: c.newLeaf(0, nil)})}}
		}},
		{"a Remove of the committer", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{Remove(0)}} }},
		{"two Removes of one leaf", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{Remove(2), Remove(2)}, pathFor: []ProposedBy{by(0, Remove(2))}}
		}},
		{"an Update and a Remove of one leaf", ErrInvalid, func(t *testing.T, c *crew) forgery {
			ref := c.propose(2, Proposal{Type: ProposalUpdate, Leaf: c.newLeaf(2, nil)})
			return forgery{values: []Proposal{Remove(2)}, refs: [][]byte{ref}, pathFor: []ProposedBy{by(0, Remove(2))}}
		}},
		{"a Remove of a blank leaf", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{Remove(7)}} }},
		{"a Remove outside the tree", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{Remove(1 << 31)}} }},
		{"one client added twice", ErrInvalid, func(t *testing.T, c *crew) forgery {
			cfg := forgerConfig(t, "n")
			return forgery{values: []Proposal{newcomer(t, cfg), newcomer(t, cfg)}, noPath: true}
		}},
		{"one KeyPackage added twice", ErrInvalid, func(t *testing.T, c *crew) forgery {
			a := newcomer(t, forgerConfig(t, "n"))
			return forgery{values: []Proposal{a, a}, noPath: true}
		}},
		{"a client added that is here", ErrInvalid, func(t *testing.T, c *crew) forgery {
			return forgery{values: []Proposal{newcomer(t, c.configs[1])}, noPath: true}
		}},
		{"an encryption key that is here", ErrInvalid, func(t *testing.T, c *crew) forgery {
			key := c.state(0).now.tree.leafAt(2).EncryptionKey
			return forgery{values: []Proposal{Add(packageOf(t, forgerConfig(t, "n"), func(kp *KeyPackage, resign func()) {
				kp.LeafNode.EncryptionKey = key
				resign()
			}))}, noPath: true}
		}},
		{"a PSK twice", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{psk, psk}, noPath: true} }},
		{"a PSK nonce too short", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalPSK, PSK: PSKID{Type: PSKExternal, Nonce: make([]byte, 31)}}}, noPath: true}
		}},
		{"a PSK of usage reinit", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalPSK, PSK: resumptionID(UsageReInit, []byte("crew"), 1)}}, noPath: true}
		}},
		{"a PSK of usage branch", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalPSK, PSK: resumptionID(UsageBranch, []byte("crew"), 1)}}, noPath: true}
		}},
		{"two GroupContextExtensions", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{SetExtensions(), SetExtensions()}} }},
		{"extensions that are not supported", ErrInvalid, func(*testing.T, *crew) forgery {
			p := SetExtensions(Extension{Type: 0xFF09})
			return forgery{values: []Proposal{p}, pathFor: []ProposedBy{by(0, p)}}
		}},
		{"required capabilities that are not supported", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{SetExtensions(required)}, pathFor: []ProposedBy{by(0, SetExtensions(required))}}
		}},
		{"ReInit beside another", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{Reinitialize([]byte("n"), X25519ChaCha), psk}, noPath: true}
		}},
		{"ReInit to an older version", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalReInit, ReInit: &ReInit{Suite: X25519ChaCha}}}, noPath: true}
		}},
		{"ExternalInit of a member", ErrInvalid, func(*testing.T, *crew) forgery {
			return forgery{values: []Proposal{{Type: ProposalExternalInit, ExternalInit: make([]byte, 32)}}}
		}},
		{"a reference to nothing", ErrUnknown, func(*testing.T, *crew) forgery { return forgery{refs: [][]byte{make([]byte, 32)}} }},
		{"an empty commit without a path", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{noPath: true} }},
		{"a Remove without a path", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{Remove(2)}, noPath: true} }},
		{"an Update without a path", ErrInvalid, func(t *testing.T, c *crew) forgery {
			return forgery{refs: [][]byte{c.propose(2, Proposal{Type: ProposalUpdate, Leaf: c.newLeaf(2, nil)})}, noPath: true}
		}},
		{"new extensions without a path", ErrInvalid, func(*testing.T, *crew) forgery { return forgery{values: []Proposal{SetExtensions()}, noPath: true} }},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			unchanged(t, c.groups[1], c.commit(f.make(t, c)), f.want)
		})
	}
}

// unchanged hands a message to a group, which must refuse it for that reason and be as before.
func unchanged(t *testing.T, g *Group, message []byte, want error) {
	t.Helper()
	before, epoch := string(g.EpochAuthenticator()), g.Epoch()
	tree := string(g.RatchetTree())
	if _, err := g.Handle(message); !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
	if string(g.EpochAuthenticator()) != before || g.Epoch() != epoch || string(g.RatchetTree()) != tree {
		t.Error("the group has changed")
	}
}

// newLeaf is a leaf for an Update of member i, changed before it is signed.
func (c *crew) newLeaf(i int, change func(l *LeafNode)) *LeafNode {
	s := c.state(i)
	l := s.c.template()
	l.EncryptionKey = must(s.c.suite.kem.GenerateKey())(c.t).PublicKey().Bytes()
	l.Source = LeafUpdate
	if change != nil {
		change(l)
	}
	if err := l.sign(s.c.suite, s.c.signer, s.now.context.groupID, s.now.own); err != nil {
		c.t.Fatal(err)
	}
	return l
}

func TestUpdateRules(t *testing.T) {
	for _, f := range []struct {
		name   string
		want   error
		change func(c *crew, l *LeafNode)
		after  func(l *LeafNode)
	}{
		{"nothing", nil, func(*crew, *LeafNode) {}, nil},
		{"leaf of a KeyPackage", ErrInvalid, func(_ *crew, l *LeafNode) { l.Source = LeafKeyPackage }, nil},
		{"leaf of a commit", ErrInvalid, func(_ *crew, l *LeafNode) { l.Source = LeafCommit }, nil},
		{"the same encryption key", ErrInvalid, func(c *crew, l *LeafNode) { l.EncryptionKey = c.state(0).now.tree.leafAt(0).EncryptionKey }, nil},
		{"another credential", ErrPolicy, func(_ *crew, l *LeafNode) { l.Credential = BasicCredential([]byte("boss")) }, nil},
		{"unsupported own extension", ErrInvalid, func(_ *crew, l *LeafNode) { l.Extensions = []Extension{{Type: 0xFF07}} }, nil},
		{"suite not among the capabilities", ErrInvalid, func(_ *crew, l *LeafNode) { l.Capabilities.Suites = nil }, nil},
		{"signature", ErrAuthentication, func(*crew, *LeafNode) {}, func(l *LeafNode) { l.Signature[0] ^= 1 }},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			l := c.newLeaf(0, func(l *LeafNode) { f.change(c, l) })
			if f.after != nil {
				f.after(l)
			}
			message := c.send(func(a *authenticatedContent) {
				a.content.contentType, a.content.proposal = contentProposal, &Proposal{Type: ProposalUpdate, Leaf: l}
			})
			unchanged(t, c.groups[1], message, f.want)
		})
	}
	t.Run("another's leaf", func(t *testing.T) { // signed for leaf 2, sent by leaf 0
		c := newCrew(t)
		l := c.newLeaf(2, nil)
		message := c.send(func(a *authenticatedContent) {
			a.content.contentType, a.content.proposal = contentProposal, &Proposal{Type: ProposalUpdate, Leaf: l}
		})
		unchanged(t, c.groups[1], message, ErrPolicy)
	})
}

func TestPathRules(t *testing.T) {
	for _, f := range []struct {
		name   string
		want   error
		change func(c *crew, u *updatePath)
		flawed bool // the change spoils the signature and that is the flaw
	}{
		{"nothing", ErrAuthentication, func(*crew, *updatePath) {}, false},
		{"leaf of an Update", ErrInvalid, func(_ *crew, u *updatePath) { u.leaf.Source = LeafUpdate }, false},
		{"leaf of a KeyPackage", ErrInvalid, func(_ *crew, u *updatePath) { u.leaf.Source = LeafKeyPackage }, false},
		{"the old encryption key", ErrInvalid, func(c *crew, u *updatePath) { u.leaf.EncryptionKey = c.state(0).now.tree.leafAt(0).EncryptionKey }, false},
		{"another's encryption key", ErrInvalid, func(c *crew, u *updatePath) { u.leaf.EncryptionKey = c.state(0).now.tree.leafAt(3).EncryptionKey }, false},
		{"another's signature key", ErrAuthentication, func(c *crew, u *updatePath) { u.leaf.SignatureKey = c.state(0).now.tree.leafAt(3).SignatureKey }, false},
		{"another credential", ErrPolicy, func(_ *crew, u *updatePath) { u.leaf.Credential = BasicCredential([]byte("boss")) }, false},
		{"a parent hash", ErrInvalid, func(_ *crew, u *updatePath) { u.leaf.ParentHash[0] ^= 1 }, false},
		{"a node too few", ErrInvalid, func(_ *crew, u *updatePath) { u.nodes = u.nodes[1:] }, false},
		{"a node too many", ErrInvalid, func(_ *crew, u *updatePath) { u.nodes = append(u.nodes, u.nodes[0]) }, false},
		{"a ciphertext too few", ErrInvalid, func(_ *crew, u *updatePath) { u.nodes[1].secrets = u.nodes[1].secrets[1:] }, false},
		{"a ciphertext too many", ErrInvalid, func(_ *crew, u *updatePath) {
			u.nodes[0].secrets = append(u.nodes[0].secrets, u.nodes[0].secrets[0])
		}, false},
		{"a key of the tree", ErrInvalid, func(c *crew, u *updatePath) { u.nodes[0].key = c.state(0).now.tree.nodes[3].key() }, false},
		{"one key twice", ErrInvalid, func(_ *crew, u *updatePath) { u.nodes[0].key = u.nodes[1].key }, false},
		{"a key that is none", ErrInvalid, func(_ *crew, u *updatePath) { u.nodes[0].key = u.nodes[0].key[:31] }, false},
		{"leaf signature", ErrAuthentication, func(_ *crew, u *updatePath) { u.leaf.Signature[0] ^= 1 }, true},
		{"a ciphertext changed", ErrAuthentication, func(_ *crew, u *updatePath) {
			for _, n := range u.nodes {
				for _, s := range n.secrets {
					s.ciphertext[0] ^= 1
				}
			}
		}, false},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			message := c.commit(forgery{path: func(u *updatePath, resign func()) {
				f.change(c, u)
				if !f.flawed {
					resign()
				}
			}})
			unchanged(t, c.groups[1], message, f.want)
		})
	}
}

// TestPathSecretOfAnotherKey: the secrets that a path carries must be those of its public keys.
func TestPathSecretOfAnotherKey(t *testing.T) {
	c := newCrew(t)
	s := c.state(0)
	ch := s.now.apply(nil)
	sign := func(l *LeafNode) error { return l.sign(s.c.suite, s.c.signer, s.now.context.groupID, 0) }
	p := must(s.c.suite.makePath(ch.tree, 0, s.c.template(), nil, sign))(t)
	for i := range p.secrets {
		p.secrets[i] = randomBytes(hashSize)
	}
	context := s.now.context
	context.epoch++
	context.treeHash = ch.tree.treeHash(ch.tree.root())
	u := must(p.encrypt(s.c.suite, ch.tree, marshal(&context)))(t)
	message := c.send(func(a *authenticatedContent) {
		a.content.commit = &commit{path: u}
		a.auth.confirmationTag = make([]byte, hashSize)
	})
	unchanged(t, c.groups[1], message, ErrInvalid)
}
