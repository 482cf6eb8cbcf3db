package mls

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// TestJoinRules breaks the rules of section 12.4.3.1, and 7.3 and 7.9 for the tree, one by one.
func TestJoinRules(t *testing.T) {
	replaceLeaf := func(e *epoch, i uint32, change func(l *LeafNode)) {
		l := e.tree.leafAt(i).clone()
		change(l)
		e.tree.setLeaf(i, l)
	}
	replaceParent := func(e *epoch, x nodeIndex, change func(p *parentNode)) {
		p := *e.tree.parent(x)
		p.unmerged = slices.Clone(p.unmerged)
		change(&p)
		e.tree.setParent(x, &p)
		e.tree.touch(x)
	}
	// The crew's tree after the Add: leaves 0 … 4 in a tree of 8, with a path from 0: parents 1, 3, 7.
	for _, f := range []struct {
		name  string
		want  error
		flat  bool
		epoch func(c *crew, e *epoch)
		info  func(c *crew, i *groupInfo)
	}{
		{"nothing", nil, false, nil, nil},
		{"nothing, without parents", nil, true, nil, nil},
		{"tree hash", ErrInvalid, false, nil, func(c *crew, i *groupInfo) { i.context.treeHash[0] ^= 1; c.signInfo(i) }},
		{"signature", ErrAuthentication, false, nil, func(_ *crew, i *groupInfo) { i.signature[0] ^= 1 }},
		{"signed by a blank leaf", ErrInvalid, false, nil, func(c *crew, i *groupInfo) { i.signer = 6; c.signInfo(i) }},
		{"signed by a leaf outside", ErrInvalid, false, nil, func(c *crew, i *groupInfo) { i.signer = 1 << 30; c.signInfo(i) }},
		{"signed in another's name", ErrAuthentication, false, nil, func(c *crew, i *groupInfo) { i.signer = 1; c.signInfo(i) }},
		{"another suite", ErrInvalid, false, nil, func(c *crew, i *groupInfo) { i.context.suite = X25519AES128; c.signInfo(i) }},
		{"confirmation tag", ErrAuthentication, false, nil, func(c *crew, i *groupInfo) { i.confirmationTag[0] ^= 1; c.signInfo(i) }},
		{"another transcript", ErrAuthentication, false, nil, func(c *crew, i *groupInfo) { i.context.transcriptHash[0] ^= 1; c.signInfo(i) }},
		{"no tree", ErrInvalid, false, nil, func(c *crew, i *groupInfo) { i.extensions = nil; c.signInfo(i) }},
		{"a group extension that we do not support", ErrInvalid, false, func(_ *crew, e *epoch) { e.context.extensions = []Extension{{Type: 0xFF01}} }, nil},
		{"required capabilities that a member lacks", ErrInvalid, false, func(_ *crew, e *epoch) {
			e.context.extensions = []Extension{RequiredCapabilities{Proposals: []ProposalType{0xFF01}}.Extension()}
		}, nil},
		{"a leaf's signature", ErrAuthentication, true, func(_ *crew, e *epoch) { replaceLeaf(e, 2, func(l *LeafNode) { l.Signature[0] ^= 1 }) }, nil},
		{"an expired leaf", ErrInvalid, true, func(c *crew, e *epoch) {
			replaceLeaf(e, 2, func(l *LeafNode) {
				l.Lifetime.NotAfter = uint64(time.Now().Unix() - 60)
				c.signLeaf(2, l)
			})
		}, nil},
		{"a leaf with an extension of its own making", ErrInvalid, true, func(c *crew, e *epoch) {
			replaceLeaf(e, 2, func(l *LeafNode) { l.Extensions = []Extension{{Type: 0xFF01}}; c.signLeaf(2, l) })
		}, nil},
		{"two leaves with one signature key", ErrInvalid, true, func(c *crew, e *epoch) {
			replaceLeaf(e, 2, func(l *LeafNode) { l.SignatureKey = e.tree.leafAt(3).SignatureKey; c.signLeaf(3, l) })
		}, nil},
		{"two leaves with one encryption key", ErrInvalid, true, func(c *crew, e *epoch) {
			replaceLeaf(e, 2, func(l *LeafNode) { l.EncryptionKey = e.tree.leafAt(3).EncryptionKey; c.signLeaf(2, l) })
		}, nil},
		{"a leaf with a parent's key", ErrInvalid, false, func(c *crew, e *epoch) {
			replaceLeaf(e, 0, func(l *LeafNode) { l.EncryptionKey = e.tree.parent(3).key; c.signLeaf(0, l) })
		}, nil},
		{"a parent's key", ErrInvalid, false, func(_ *crew, e *epoch) {
			replaceParent(e, 3, func(p *parentNode) { p.key = must(suites[3].kem.GenerateKey())(t).PublicKey().Bytes() })
		}, nil},
		{"a parent's parent hash", ErrInvalid, false, func(_ *crew, e *epoch) { replaceParent(e, 3, func(p *parentNode) { p.parentHash = []byte("x") }) }, nil},
		{"a parent that nobody set", ErrInvalid, false, func(_ *crew, e *epoch) {
			e.tree.setParent(9, &parentNode{key: must(suites[3].kem.GenerateKey())(t).PublicKey().Bytes(), parentHash: []byte{}})
			e.tree.touch(9)
		}, nil},
		{"our own leaf changed", ErrInvalid, true, func(c *crew, e *epoch) {
			kp := packageOf(t, c.configs[1], nil) // another's, valid in itself
			e.tree.setLeaf(1, nil)
			e.tree.setLeaf(4, &kp.LeafNode)
		}, nil},
		{"an unmerged leaf that is blank", ErrInvalid, false, func(_ *crew, e *epoch) { replaceParent(e, 7, func(p *parentNode) { p.unmerged = []uint32{6} }) }, nil},
		{"an unmerged leaf that is elsewhere", ErrInvalid, false, func(_ *crew, e *epoch) { replaceParent(e, 3, func(p *parentNode) { p.unmerged = []uint32{4} }) }, nil},
		{"an unmerged leaf that is merged", ErrInvalid, false, func(_ *crew, e *epoch) { replaceParent(e, 7, func(p *parentNode) { p.unmerged = []uint32{4} }) }, nil},
		{"an unmerged leaf missing between", ErrInvalid, false, func(_ *crew, e *epoch) { replaceParent(e, 7, func(p *parentNode) { p.unmerged = []uint32{3} }) }, nil},
		{"our leaf changed", ErrAuthentication, true, func(_ *crew, e *epoch) { replaceLeaf(e, 4, func(l *LeafNode) { l.Credential.Identity[0] ^= 1 }) }, nil},
		{"our leaf missing", ErrInvalid, false, func(_ *crew, e *epoch) { e.tree.setLeaf(4, nil); e.tree.truncate() }, nil},
		{"too large a tree", ErrLimit, false, func(_ *crew, e *epoch) { e.tree.nodes = append(e.tree.nodes, make([]node, 4096)...); addFar(t, e) }, nil},
	} {
		t.Run(f.name, func(t *testing.T) {
			c := gather(t, f.flat)
			cfg := forgerConfig(t, "new")
			cfg.Limits.Members = 1024
			kp, secrets, err := NewKeyPackage(cfg)
			if err != nil {
				t.Fatal(err)
			}
			var change func(e *epoch)
			if f.epoch != nil {
				change = func(e *epoch) { f.epoch(c, e) }
			}
			var info func(i *groupInfo)
			if f.info != nil {
				info = func(i *groupInfo) { f.info(c, i) }
			}
			message := c.welcomeOf(kp, change, info)
			g, err := Join(message, secrets, cfg, JoinOptions{})
			if !errors.Is(err, f.want) || (g == nil) != (f.want != nil) {
				t.Errorf("%v, want %v", err, f.want)
			}
		})
	}
}

// TestUnmergedRules breaks the rules for unmerged leaves where no parent hash can show it.
func TestUnmergedRules(t *testing.T) {
	c := newCrew(t)
	tr := c.state(0).now.tree // four leaves; parents 1 and 3 of leaf 0's path
	for _, f := range []struct {
		name     string
		node     nodeIndex
		unmerged []uint32
		ok       bool
	}{
		{"none", 3, nil, true}, {"leaf 2 at the root", 3, []uint32{2}, true}, {"leaf 1 at node 1 alone", 1, []uint32{1}, true},
		{"leaf 1 at the root alone", 3, []uint32{1}, false}, {"a leaf elsewhere", 1, []uint32{2}, false}, {"a leaf outside", 3, []uint32{9}, false},
	} {
		n := tr.clone()
		p := *n.parent(f.node)
		p.unmerged = f.unmerged
		n.setParent(f.node, &p)
		if err := n.checkUnmerged(); (err == nil) != f.ok {
			t.Errorf("%s: %v", f.name, err)
		}
	}
	n := tr.clone()
	n.nodes[leafNode(2)].leaf = nil
	p := *n.parent(3)
	p.unmerged = []uint32{2}
	n.setParent(3, &p)
	if n.checkUnmerged() == nil {
		t.Error("a blank leaf")
	}
	for _, list := range [][]uint32{{2, 1}, {1, 1}} {
		if err := unmarshal(marshal(&parentNode{unmerged: list}), &parentNode{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("unmerged leaves %d: %v", list, err)
		}
	}
}

// addFar puts a leaf at the far end of a widened tree.
func addFar(t *testing.T, e *epoch) {
	for len(e.tree.nodes)&(len(e.tree.nodes)+1) != 0 {
		e.tree.nodes = append(e.tree.nodes, node{})
	}
	kp := packageOf(t, forgerConfig(t, "far"), nil)
	for i := range e.tree.nodes {
		e.tree.nodes[i].hash = nil
	}
	e.tree.setLeaf(e.tree.width()-1, &kp.LeafNode)
}

func (c *crew) signInfo(i *groupInfo) {
	if err := i.sign(suites[X25519ChaCha], c.configs[0].Signer); err != nil {
		c.t.Fatal(err)
	}
}

// signLeaf signs a leaf in the tree as member i.
func (c *crew) signLeaf(i uint32, l *LeafNode) {
	if err := l.sign(suites[X25519ChaCha], c.configs[i].Signer, []byte("crew"), i); err != nil {
		c.t.Fatal(err)
	}
}

func TestWelcomeRules(t *testing.T) {
	c := newCrew(t)
	cfg := forgerConfig(t, "new")
	kp, secrets, _ := NewKeyPackage(cfg)
	message := c.welcomeOf(kp, nil, nil)
	_, others, _ := NewKeyPackage(cfg)
	check := func(name string, want error, message []byte, secrets KeyPackageSecrets, cfg Config, o JoinOptions) {
		t.Helper()
		if _, err := Join(message, secrets, cfg, o); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	check("another KeyPackage", ErrWrongGroup, message, others, cfg, JoinOptions{})
	check("no KeyPackage", ErrState, message, KeyPackageSecrets{}, cfg, JoinOptions{})
	check("a name that we know", ErrInvalid, message, secrets, cfg, JoinOptions{Exists: func([]byte) bool { return true }})
	check("a group that it did not come from", ErrInvalid, message, secrets, cfg, JoinOptions{From: c.groups[1]})
	for i := range message {
		bad := slices.Clone(message)
		bad[i] ^= 0x10
		if _, err := Join(bad, secrets, cfg, JoinOptions{}); err == nil {
			t.Fatalf("a Welcome with byte %d changed", i)
		}
	}
	suspicious := cfg
	suspicious.Authenticate = func(c Credential, _ []byte) error {
		if string(c.Identity) == "2" {
			return errors.New("a ghost")
		}
		return nil
	}
	check("a member that is not authentic", ErrAuthentication, message, secrets, suspicious, JoinOptions{})
	check("nothing", nil, message, secrets, cfg, JoinOptions{})
	check("twice", ErrState, message, secrets, cfg, JoinOptions{})
}

func TestCredentialTypes(t *testing.T) {
	both := NewCapabilities(X25519ChaCha)
	both.Credentials = append(both.Credentials, CredentialX509)
	x509 := Credential{Type: CredentialX509, Certificates: [][]byte{[]byte("der")}}
	able := forgerConfig(t, "able")
	able.Capabilities = &both
	certified := forgerConfig(t, "certified")
	certified.Capabilities, certified.Credential = &both, x509

	plain := must(NewGroup([]byte("g"), forgerConfig(t, "plain")))(t)
	if _, err := plain.Commit(CommitOptions{Proposals: []Proposal{Add(packageOf(t, certified, nil))}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a credential type that a member does not support: %v", err)
	}
	g := must(NewGroup([]byte("g"), able))(t)
	must(g.Commit(CommitOptions{Proposals: []Proposal{Add(packageOf(t, certified, nil))}}))(t)
	must(g.Merge())(t)
	if _, err := g.Commit(CommitOptions{Proposals: []Proposal{Add(packageOf(t, forgerConfig(t, "plain"), nil))}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a member that does not support a credential type in use: %v", err)
	}
}
