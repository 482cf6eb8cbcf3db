package mls

import (
	"fmt"
	"testing"
)

// A forger is a member with all keys that a member has, who does not follow the rules. What it sends is flawless but
// for the one flaw that a test puts in.

// crew is a group of four in suite 3; the forger is number 0.
type crew struct {
	t       *testing.T
	configs []Config
	groups  []*Group
	flat    bool // no commit had a path: there are no parents whose hashes would show a changed leaf
}

func forgerConfig(t testing.TB, name string) Config {
	signer := must(GenerateSigner(X25519ChaCha))(t)
	return Config{Suite: X25519ChaCha, Signer: signer, Credential: BasicCredential([]byte(name)), Authenticate: InsecureAcceptAll,
		PSK: func(PSKID) ([]byte, error) { return []byte("key"), nil }}
}

func newCrew(t *testing.T) *crew { return gather(t, false) }

func gather(t *testing.T, flat bool) *crew {
	c := &crew{t: t, flat: flat}
	c.configs = append(c.configs, forgerConfig(t, "0"))
	c.groups = append(c.groups, must(NewGroup([]byte("crew"), c.configs[0]))(t))
	for i := 1; i < 4; i++ {
		cfg := forgerConfig(t, fmt.Sprint(i))
		kp, secrets, err := NewKeyPackage(cfg)
		if err != nil {
			t.Fatal(err)
		}
		m := must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{Add(kp)}, Path: !flat}))(t)
		must(c.groups[0].Merge())(t)
		for _, g := range c.groups[1:] {
			must(g.Handle(m.Message))(t)
		}
		c.configs = append(c.configs, cfg)
		c.groups = append(c.groups, must(Join(m.Welcome, secrets, cfg, JoinOptions{}))(t))
	}
	return c
}

func (c *crew) state(i int) *state { return c.groups[i].s }

// propose sends any proposal from member i to all others but does not check it, nor do they: it is put in their stores
// as if it had been right when it came.
func (c *crew) propose(i int, p Proposal) (ref []byte) {
	s := c.state(i)
	a := s.frame(contentProposal, MessageOptions{})
	a.content.proposal = &p
	must(s.signAndProtect(a, MessageOptions{}))(c.t)
	for _, g := range c.groups {
		g.s.proposals = append(g.s.proposals, &storedProposal{a.proposalRef(), a.content.sender, &p})
	}
	return a.proposalRef()
}

// send signs any content as member 0 and protects it.
func (c *crew) send(change func(a *authenticatedContent)) []byte {
	s := c.state(0)
	a := s.frame(contentCommit, MessageOptions{})
	change(a)
	return must(s.signAndProtect(a, MessageOptions{Public: a.format == wirePublic}))(c.t)
}

// forgery is a commit by member 0 of these proposals, unchecked, with a path computed over pathFor unless noPath.
type forgery struct {
	values  []Proposal
	refs    [][]byte
	pathFor []ProposedBy
	noPath  bool
	path    func(u *updatePath, resign func())
}

// commit makes it. Its confirmation tag is wrong: so a receiver that sees no other flaw says ErrAuthentication.
func (c *crew) commit(f forgery) []byte {
	s := c.state(0)
	body := &commit{}
	for i := range f.values {
		body.proposals = append(body.proposals, proposalOrRef{proposal: &f.values[i]})
	}
	for _, ref := range f.refs {
		body.proposals = append(body.proposals, proposalOrRef{reference: ref})
	}
	if !f.noPath {
		ch := s.now.apply(f.pathFor)
		context := s.now.context
		context.epoch++
		context.extensions = ch.extensions
		resign := func() { _ = body.path.leaf.sign(s.c.suite, s.c.signer, context.groupID, s.now.own) }
		p := must(s.c.suite.makePath(ch.tree, s.now.own, s.c.template(), ch.added, func(l *LeafNode) error {
			return l.sign(s.c.suite, s.c.signer, context.groupID, s.now.own)
		}))(c.t)
		context.treeHash = ch.tree.treeHash(ch.tree.root())
		body.path = must(p.encrypt(s.c.suite, ch.tree, marshal(&context)))(c.t)
		p.destroy()
		body.path.leaf = body.path.leaf.clone()
		if f.path != nil {
			f.path(body.path, resign)
		}
	}
	return c.send(func(a *authenticatedContent) {
		a.content.commit = body
		a.auth.confirmationTag = make([]byte, hashSize)
	})
}

// by says that member i proposes p.
func by(i uint32, p Proposal) ProposedBy { return ProposedBy{memberSender(i), p} }

// packageOf makes a KeyPackage, changed before it is signed.
func packageOf(t testing.TB, cfg Config, change func(kp *KeyPackage, resignLeaf func())) *KeyPackage {
	kp, _, err := NewKeyPackage(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := suites[cfg.Suite]
	if change != nil {
		change(kp, func() { _ = kp.LeafNode.sign(s, cfg.Signer, nil, 0) })
		if kp.Signature, err = s.signWithLabel(cfg.Signer, "KeyPackageTBS", kp.tbs()); err != nil {
			t.Fatal(err)
		}
	}
	return kp
}

// welcomeOf is the Welcome for a new member after member 0 has changed the epoch that it describes. The change may
// replace the tree; tree hash, signature and confirmation tag are then made to fit, unless seal says otherwise.
func (c *crew) welcomeOf(kp *KeyPackage, change func(e *epoch), info func(i *groupInfo)) []byte {
	s := c.state(0)
	m := &commitMaker{c: s.c, signer: s.c.signer, old: s.now, committer: memberSender(0), options: CommitOptions{OnlyThese: true,
		Path: !c.flat, Proposals: []Proposal{Add(kp)}}, private: s.now.clonePrivate(), initSecret: s.now.keys.initSecret}
	m.collect(nil)
	if err := m.apply(); err != nil {
		c.t.Fatal(err)
	}
	if err := m.finish(s); err != nil {
		c.t.Fatal(err)
	}
	e := m.next
	member := memberSecret(m.joiner, m.psk)
	if change != nil {
		e.tree = e.tree.clone()
		change(e)
		e.context.treeHash = e.tree.treeHash(e.tree.root())
		e = newEpoch(s.c.suite, e.context, e.tree, e.own, e.private, epochSecret(member, marshal(&e.context)))
	}
	g := e.groupInfo(must(e.infoExtensions(s.c.suite, true, false))(c.t))
	if err := g.sign(s.c.suite, s.c.signer); err != nil {
		c.t.Fatal(err)
	}
	if info != nil {
		info(g)
	}
	k := s.c.suite.welcomeKeys(member)
	w := &welcome{suite: s.c.suite.id, groupInfo: must(s.c.suite.seal(k.key, k.nonce, marshal(g), nil))(c.t)}
	if err := w.seal(s.c.suite, m.ch.packages, func(i int) groupSecrets {
		g := groupSecrets{joiner: m.joiner}
		if m.path != nil {
			g.pathSecret = m.path.secretFor(0, m.ch.added[i])
		}
		return g
	}); err != nil {
		c.t.Fatal(err)
	}
	return marshalMessage(wireWelcome, w)
}
