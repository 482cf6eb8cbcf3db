package mls

import (
	"errors"
	"testing"
)

// TestDescendRules breaks what a joiner verifies of a group that comes from another (sections 11.2 and 11.3).
func TestDescendRules(t *testing.T) {
	join := func(t *testing.T, c *crew, from *Group, cfg Config, make func(kp *KeyPackage) ([]byte, error)) error {
		t.Helper()
		kp, secrets, err := NewKeyPackage(cfg)
		if err != nil {
			t.Fatal(err)
		}
		message, err := make(kp)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Join(message, secrets, cfg, JoinOptions{From: from})
		return err
	}
	founded := func(c *crew, usage ResumptionUsage, cfg Config, extensions []Extension, more ...*KeyPackage) func(kp *KeyPackage) ([]byte, error) {
		return func(kp *KeyPackage) ([]byte, error) {
			_, m, err := c.groups[0].descend([]byte("new"), cfg, usage, append(more, kp), extensions)
			if err != nil {
				return nil, err
			}
			return m.Welcome, nil
		}
	}
	c := newCrew(t)
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageBranch, c.configs[0], nil)); err != nil {
		t.Errorf("a branch: %v", err)
	}
	stranger := packageOf(t, forgerConfig(t, "stranger"), nil)
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageBranch, c.configs[0], nil, stranger)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a branch with a stranger: %v", err)
	}
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageReInit, c.configs[0], nil)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a reinitialisation that nobody committed: %v", err)
	}
	other := newCrew(t)
	other.state(1).now.context.groupID = []byte("another")
	if err := join(t, c, other.groups[1], c.configs[1], founded(c, UsageBranch, c.configs[0], nil)); err == nil {
		t.Error("a branch of another group")
	}

	closing := must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{Reinitialize([]byte("new"), X25519ChaCha)}}))(t)
	must(c.groups[0].Merge())(t)
	for _, g := range c.groups[1:] {
		must(g.Handle(closing.Message))(t)
	}
	rest := []*KeyPackage{packageOf(t, c.configs[2], nil), packageOf(t, c.configs[3], nil)}
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageReInit, c.configs[0], nil, rest...)); err != nil {
		t.Errorf("a reinitialisation: %v", err)
	}
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageReInit, c.configs[0], nil, rest[0])); !errors.Is(err, ErrInvalid) {
		t.Errorf("a reinitialisation without one member: %v", err)
	}
	extensions := []Extension{RequiredCapabilities{}.Extension()}
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageReInit, c.configs[0], extensions, rest...)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a reinitialisation with other extensions: %v", err)
	}
	c.state(1).reinit.GroupID = []byte("other")
	if err := join(t, c, c.groups[1], c.configs[1], founded(c, UsageReInit, c.configs[0], nil, rest...)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a reinitialisation under another name: %v", err)
	}
}

// TestLeafHiddenBelowAParent: a leaf that was added after its parents were set must stand in their unmerged lists, else
// its member would be taken for one who knows their keys. No parent hash shows it: the leaf is on the committer's side.
func TestLeafHiddenBelowAParent(t *testing.T) {
	c := newCrew(t)
	must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{Remove(1)}}))(t)
	must(c.groups[0].Merge())(t)
	must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{Add(packageOf(t, forgerConfig(t, "n"), nil))}}))(t)
	must(c.groups[0].Merge())(t)
	tr := c.state(0).now.tree.clone()
	root := tr.root()
	if err := tr.checkParentHashes(); err != nil || len(tr.parent(root).unmerged) != 1 || tr.parent(1) != nil {
		t.Fatalf("not the tree that this test needs: %v", err)
	}
	p := *tr.parent(root)
	p.unmerged = nil
	tr.setParent(root, &p)
	if err := tr.checkParentHashes(); !errors.Is(err, ErrInvalid) {
		t.Errorf("a hidden leaf: %v", err)
	}
}

// TestSelection: of what has arrived, a committer takes what makes a valid commit.
func TestSelection(t *testing.T) {
	c := newCrew(t)
	send := func(from int, m []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range c.groups {
			if i != from {
				must(g.Handle(m))(t)
			}
		}
	}
	update := func(i int) {
		m, err := c.groups[i].ProposeUpdate(nil, MessageOptions{})
		send(i, m, err)
	}
	propose := func(i int, p Proposal) {
		m, err := c.groups[i].Propose(p, MessageOptions{})
		send(i, m, err)
	}
	cfg := forgerConfig(t, "new")
	update(1) // two: the last counts
	update(1)
	update(0)             // the committer's own
	update(3)             // to be removed
	propose(1, Remove(3)) // twice
	propose(2, Remove(3))
	propose(2, Remove(0)) // the committer
	propose(1, Add(packageOf(t, cfg, nil)))
	propose(2, Add(packageOf(t, cfg, nil))) // the same client
	propose(1, SetExtensions())
	propose(2, SetExtensions())
	propose(1, Reinitialize([]byte("n"), X25519ChaCha)) // not alone
	propose(2, ExternalPSK([]byte("k")))
	last := c.state(1).updates[1].key.PublicKey().Bytes()
	m := must(c.groups[0].Commit(CommitOptions{}))(t)
	must(c.groups[0].Merge())(t)
	wantBytes(t, "the key of the last Update", c.state(0).now.tree.leafAt(1).EncryptionKey, last)
	for _, i := range []int{1, 2} {
		r := must(c.groups[i].Handle(m.Message))(t)
		if d := r.Change; len(d.Added) != 1 || len(d.Removed) != 1 || len(d.Updated) != 2 || d.ReInit != nil {
			t.Errorf("%d added, %d removed, %d updated", len(d.Added), len(d.Removed), len(d.Updated))
		}
		wantBytes(t, "authenticator", c.groups[i].EpochAuthenticator(), c.groups[0].EpochAuthenticator())
	}
	c.groups = c.groups[:3]
	propose(1, Reinitialize([]byte("n"), X25519ChaCha))
	m = must(c.groups[0].Commit(CommitOptions{}))(t)
	if m.Change.ReInit == nil {
		t.Error("a ReInit that is alone is left out")
	}
}

// TestExternalSenderCredentials: external senders are authenticated like members.
func TestExternalSenderCredentials(t *testing.T) {
	c := newCrew(t)
	ghost := ExternalSenders([]ExternalSender{{SignatureKey: make([]byte, 32), Credential: BasicCredential([]byte("ghost"))}})
	c.state(1).c.Authenticate = func(c Credential, _ []byte) error {
		if string(c.Identity) == "ghost" {
			return errors.New("a ghost")
		}
		return nil
	}
	m := must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{SetExtensions(ghost)}}))(t)
	unchanged(t, c.groups[1], m.Message, ErrAuthentication)
	must(c.groups[2].Handle(m.Message))(t)
}

// TestProposalsFromOutside: external senders may not send what only members can mean (section 12.1.8).
func TestProposalsFromOutside(t *testing.T) {
	cfg := forgerConfig(t, "server")
	key := must(suites[X25519ChaCha].signature.public(cfg.Signer.Public()))(t)
	a, b := forgerConfig(t, "a"), forgerConfig(t, "b")
	g := must(NewGroup([]byte("g"), a, ExternalSenders([]ExternalSender{{SignatureKey: key, Credential: cfg.Credential}})))(t)
	must(g.Commit(CommitOptions{Proposals: []Proposal{Add(packageOf(t, b, nil))}}))(t)
	must(g.Merge())(t)
	o := Outsider{Suite: X25519ChaCha, GroupID: []byte("g"), Epoch: 1, Signer: cfg.Signer}
	for _, c := range []struct {
		p    Proposal
		want error
	}{
		{Remove(1), nil}, {ExternalPSK([]byte("k")), nil}, {SetExtensions(), nil}, {Reinitialize([]byte("n"), X25519ChaCha), nil},
		{Proposal{Type: ProposalExternalInit, ExternalInit: make([]byte, 32)}, ErrInvalid},
		{Proposal{Type: ProposalUpdate, Leaf: g.s.now.tree.leafAt(0)}, ErrInvalid},
	} {
		m := must(o.propose(Sender{Type: SenderExternal}, c.p))(t)
		before := len(g.Proposals())
		if _, err := g.Handle(m); !errors.Is(err, c.want) || c.want != nil && len(g.Proposals()) != before {
			t.Errorf("type %d from outside: %v, want %v", c.p.Type, err, c.want)
		}
	}
}
