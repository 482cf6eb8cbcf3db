package mls

import (
	"errors"
	"math"
	"testing"
)

// TestFramingRules breaks the rules of section 6 one by one.
func TestFramingRules(t *testing.T) {
	proposal := Remove(2)
	asProposal := func(a *authenticatedContent) { a.content.contentType, a.content.proposal = contentProposal, &proposal }
	for _, f := range []struct {
		name string
		want error
		make func(c *crew) []byte
	}{
		{"nothing", nil, func(c *crew) []byte { return c.send(asProposal) }},
		{"nothing, in the clear", nil, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.format = wirePublic })
		}},
		{"another group", ErrWrongGroup, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.groupID = []byte("other") })
		}},
		{"a future epoch", ErrEpoch, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.epoch++ })
		}},
		{"a past epoch", ErrEpoch, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.epoch-- })
		}},
		{"a signature for the other wire format", ErrAuthentication, func(c *crew) []byte {
			s := c.state(0)
			a := s.frame(contentProposal, MessageOptions{Public: true})
			asProposal(a)
			must(s.signAndProtect(a, MessageOptions{}))(c.t)
			return must(protectPrivate(a, s.now.messages, s.now.keys.senderData, 0))(c.t)
		}},
		{"another's name, in the clear", ErrAuthentication, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) {
				asProposal(a)
				a.format, a.content.sender = wirePublic, memberSender(3)
			})
		}},
		{"another's name", ErrAuthentication, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.sender = memberSender(3) })
		}},
		{"a blank leaf's name", ErrInvalid, func(c *crew) []byte {
			for i := range c.groups {
				c.state(i).now.messages = newSecretTree(c.state(i).c.suite, 8, make([]byte, hashSize))
			}
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.sender = memberSender(6) })
		}},
		{"the receiver's own name", ErrInvalid, func(c *crew) []byte {
			return c.send(func(a *authenticatedContent) { asProposal(a); a.content.sender = memberSender(1) })
		}},
		{"a membership tag", ErrAuthentication, func(c *crew) []byte {
			m := c.send(func(a *authenticatedContent) { asProposal(a); a.format = wirePublic })
			m[len(m)-1] ^= 1
			return m
		}},
		{"application data in the clear", ErrInvalid, func(c *crew) []byte {
			s := c.state(0)
			a := s.frame(contentApplication, MessageOptions{Public: true})
			m := &publicMessage{authenticatedContent: *a}
			_ = m.sign(s.c.suite, s.c.signer, s.now.encoded)
			m.membershipTag = mac(s.now.keys.membership, m.tbm(s.now.encoded))
			return marshalMessage(wirePublic, m)
		}},
		{"padding that is not zero", ErrMalformed, func(c *crew) []byte { return c.padded(7) }},
		{"padding that is zero", nil, func(c *crew) []byte { return c.padded(0) }},
		{"an external sender in a group without any", ErrInvalid, func(c *crew) []byte {
			return must(Outsider{X25519ChaCha, []byte("crew"), c.state(0).now.context.epoch, c.configs[0].Signer}.Propose(0, proposal))(c.t)
		}},
		{"a new member that proposes something else", ErrInvalid, func(c *crew) []byte {
			o := Outsider{X25519ChaCha, []byte("crew"), c.state(0).now.context.epoch, c.configs[0].Signer}
			return must(o.propose(Sender{Type: SenderNewMemberProposal}, proposal))(c.t)
		}},
		{"a new member's commit without a path", ErrInvalid, func(c *crew) []byte {
			s := c.state(0)
			a := authenticatedContent{format: wirePublic, content: framedContent{groupID: []byte("crew"), epoch: s.now.context.epoch,
				sender: Sender{Type: SenderNewMemberCommit}, contentType: contentCommit, commit: &commit{}}}
			_ = a.sign(s.c.suite, s.c.signer, s.now.encoded)
			return must(protectPublic(a, nil, nil))(c.t)
		}},
		{"a Welcome", ErrMalformed, func(c *crew) []byte { return c.welcomeOf(packageOf(c.t, forgerConfig(c.t, "n"), nil), nil, nil) }},
		{"another protocol version", ErrMalformed, func(c *crew) []byte { m := c.send(asProposal); m[1] = 2; return m }},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			m := f.make(c)
			unchanged(t, c.groups[1], m, f.want)
		})
	}
}

// padded is a proposal of member 0 followed by padding of that byte.
func (c *crew) padded(b byte) []byte {
	s := c.state(0)
	a := s.frame(contentProposal, MessageOptions{})
	p := Remove(2)
	a.content.proposal = &p
	_ = a.sign(s.c.suite, s.c.signer, s.now.encoded)
	a.auth.confirmationTag = nil
	r := s.now.messages.ratchet(0, contentProposal)
	_, k, _ := r.send()
	m := &privateMessage{groupID: a.content.groupID, epoch: a.content.epoch, contentType: contentProposal}
	plain, aad := &writer{}, &writer{}
	a.content.encodeBody(plain)
	a.auth.encode(plain, contentProposal)
	plain.fixed([]byte{0, 0, b, 0})
	m.encodeAAD(aad)
	m.ciphertext = must(s.c.suite.seal(k.key, k.nonce, plain.b, aad.b))(c.t)
	aad.b = nil
	m.encodeSenderDataAAD(aad)
	hide := s.c.suite.senderDataKeys(s.now.keys.senderData, m.ciphertext)
	m.encryptedSenderData = must(s.c.suite.seal(hide.key, hide.nonce, marshal(&senderData{leaf: 0}), aad.b))(c.t)
	return marshalMessage(wirePrivate, m)
}

func TestGenerations(t *testing.T) {
	c := newCrew(t)
	limits := Limits{Forward: 8, Skipped: 4}.withDefaults()
	for i := range c.groups {
		c.state(i).c.Limits = limits
	}
	var sent [][]byte
	for range 12 {
		sent = append(sent, must(c.groups[0].Protect([]byte("x"), MessageOptions{}))(t))
	}
	check := func(i int, want error) {
		t.Helper()
		if _, err := c.groups[1].Handle(sent[i]); !errors.Is(err, want) {
			t.Errorf("generation %d: %v, want %v", i, err, want)
		}
	}
	check(9, ErrLimit) // nine ahead
	check(8, nil)      // keeps the keys of the last four only
	check(3, ErrReplay)
	check(4, nil)
	check(4, ErrReplay)
	check(9, nil)
	check(7, nil)
	if n := len(c.state(1).now.messages.ratchet(0, contentApplication).skipped); n != 2 {
		t.Errorf("%d keys are kept", n)
	}
	// A forged message costs no key: one with the right tag but another's signature is refused, the true one opens.
	s := c.state(0)
	a := s.frame(contentApplication, MessageOptions{})
	a.content.application = []byte("forged")
	a.content.sender = memberSender(2)
	_ = a.sign(s.c.suite, s.c.signer, s.now.encoded)
	forged := must(protectPrivate(a, s.now.messages, s.now.keys.senderData, 0))(t)
	unchanged(t, c.groups[1], forged, ErrAuthentication)
	must(c.groups[1].Handle(must(c.groups[2].Protect([]byte("true"), MessageOptions{}))(t)))(t)

	r := s.now.messages.ratchet(0, contentApplication)
	r.next = math.MaxUint32
	if _, err := c.groups[0].Protect(nil, MessageOptions{}); !errors.Is(err, ErrLimit) {
		t.Errorf("after the last generation: %v", err)
	}
}

func TestExternalCommitRules(t *testing.T) {
	psk := ExternalPSK([]byte("k"))
	for _, f := range []struct {
		name   string
		want   error
		change func(c *crew, b *commit)
	}{
		{"nothing", ErrAuthentication, func(*crew, *commit) {}}, // re-signed, so that its confirmation tag is wrong
		{"no ExternalInit", ErrInvalid, func(_ *crew, b *commit) { b.proposals = nil }},
		{"two ExternalInits", ErrInvalid, func(_ *crew, b *commit) { b.proposals = append(b.proposals, b.proposals[0]) }},
		{"a PSK", ErrAuthentication, func(_ *crew, b *commit) { b.proposals = append(b.proposals, proposalOrRef{proposal: &psk}) }},
		{"two Removes", ErrInvalid, func(_ *crew, b *commit) {
			one, two := Remove(1), Remove(2)
			b.proposals = append(b.proposals, proposalOrRef{proposal: &one}, proposalOrRef{proposal: &two})
		}},
		{"a Remove of another client", ErrPolicy, func(_ *crew, b *commit) {
			p := Remove(2)
			b.proposals = append(b.proposals, proposalOrRef{proposal: &p})
		}},
		{"an Add", ErrInvalid, func(c *crew, b *commit) {
			p := Add(packageOf(c.t, forgerConfig(c.t, "n"), nil))
			b.proposals = append(b.proposals, proposalOrRef{proposal: &p})
		}},
		{"a proposal by reference", ErrInvalid, func(c *crew, b *commit) {
			b.proposals = append(b.proposals, proposalOrRef{reference: c.propose(0, psk)})
		}},
		{"a KEM output that is none", ErrInvalid, func(_ *crew, b *commit) { b.proposals[0].proposal.ExternalInit = []byte("short") }},
		{"leaf of an Update", ErrInvalid, func(_ *crew, b *commit) { b.path.leaf.Source = LeafUpdate }},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			cfg := forgerConfig(t, "x")
			info := must(c.groups[0].GroupInfo(GroupInfoOptions{ExternalPub: true}))(t)
			_, message, err := ExternalJoin(info, cfg, ExternalJoinOptions{})
			if err != nil {
				t.Fatal(err)
			}
			m := &publicMessage{}
			if err := unmarshalMessage(message, wirePublic, m); err != nil {
				t.Fatal(err)
			}
			f.change(c, m.content.commit)
			m.auth.confirmationTag[0] ^= 1
			s := suites[X25519ChaCha]
			_ = m.content.commit.path.leaf.sign(s, cfg.Signer, []byte("crew"), 4)
			if err := m.sign(s, cfg.Signer, c.state(0).now.encoded); err != nil {
				t.Fatal(err)
			}
			unchanged(t, c.groups[1], marshalMessage(wirePublic, m), f.want)
		})
	}
	c := newCrew(t)
	without := must(c.groups[0].GroupInfo(GroupInfoOptions{}))(t)
	if _, _, err := ExternalJoin(without, forgerConfig(t, "x"), ExternalJoinOptions{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("no external_pub: %v", err)
	}
}

// TestPolicyOfCalls: what calls accept of others, and what they refuse though the RFC allows it.
func TestPolicyOfCalls(t *testing.T) {
	strict := func(c *crew) *Group {
		p := &c.state(1).c.Policy
		p.Proposals = []ProposalType{ProposalAdd, ProposalUpdate, ProposalRemove}
		p.NoGroupExtensions, p.NoExternal, p.OnlyPrivate = true, true, true
		p.Commit = func(i CommitInfo) error {
			if i.Sender.Index == 3 {
				return errors.New("not the committer")
			}
			return nil
		}
		return c.groups[1]
	}
	c := newCrew(t)
	g := strict(c)
	unchanged(t, g, must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{ExternalPSK([]byte("k"))}}))(t).Message, ErrPolicy)
	unchanged(t, g, must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{SetExtensions()}}))(t).Message, ErrPolicy)
	unchanged(t, g, must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{Reinitialize([]byte("n"), X25519ChaCha)}}))(t).Message, ErrPolicy)
	unchanged(t, g, must(c.groups[0].Commit(CommitOptions{Public: true}))(t).Message, ErrPolicy)
	unchanged(t, g, must(c.groups[3].Commit(CommitOptions{}))(t).Message, ErrPolicy)
	unchanged(t, g, must(c.groups[0].Propose(ExternalPSK([]byte("k")), MessageOptions{}))(t), ErrPolicy)
	info := must(c.groups[0].GroupInfo(GroupInfoOptions{ExternalPub: true}))(t)
	_, message, err := ExternalJoin(info, forgerConfig(t, "x"), ExternalJoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	unchanged(t, g, message, ErrPolicy)
	c.state(1).c.Policy.Proposals, c.state(1).c.Policy.OnlyPrivate = nil, false // NoExternal by itself
	unchanged(t, g, message, ErrPolicy)
	if _, err := g.GroupInfo(GroupInfoOptions{ExternalPub: true}); !errors.Is(err, ErrPolicy) {
		t.Errorf("external_pub: %v", err)
	}
	c.state(1).c.Policy.OnlyPrivate = true
	if _, err := g.Commit(CommitOptions{Public: true}); !errors.Is(err, ErrPolicy) {
		t.Errorf("own commit in the clear: %v", err)
	}
	c.groups[0].Discard()
	c.state(0).proposals = nil
	must(g.Handle(must(c.groups[0].Commit(CommitOptions{}))(t).Message))(t)
}
