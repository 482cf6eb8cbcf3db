package mls

import (
	"bytes"
	"slices"
	"testing"
)

func TestVectorsTreeOperations(t *testing.T) {
	type vector struct {
		Suite      Suite  `json:"cipher_suite"`
		Before     octets `json:"tree_before"`
		Proposal   octets
		Sender     uint32 `json:"proposal_sender"`
		After      octets `json:"tree_after"`
		HashBefore octets `json:"tree_hash_before"`
		HashAfter  octets `json:"tree_hash_after"`
	}
	eachVector(t, "tree-operations.json", map[Suite]int{1: 5}, func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		tr := must(parseTree(v.Before, 1024))(t)
		wantBytes(t, "hash before", tr.treeHash(tr.root()), v.HashBefore)
		wantBytes(t, "again", marshal(tr), v.Before)
		p := &Proposal{}
		if err := unmarshal(v.Proposal, p); err != nil {
			t.Fatal(err)
		}
		wantBytes(t, "proposal again", marshal(p), v.Proposal)
		switch p.Type {
		case ProposalAdd:
			tr.add(&p.KeyPackage.LeafNode)
		case ProposalUpdate:
			tr.update(v.Sender, p.Leaf)
		case ProposalRemove:
			tr.remove(p.Removed)
			tr.truncate()
		}
		wantBytes(t, "tree after", marshal(tr), v.After)
		wantBytes(t, "hash after", tr.treeHash(tr.root()), v.HashAfter)
	})
}

func TestVectorsTreeValidation(t *testing.T) {
	type vector struct {
		Suite       Suite `json:"cipher_suite"`
		Tree        octets
		GroupID     octets `json:"group_id"`
		Hashes      []octets
		TreeHashes  []octets `json:"tree_hashes"`
		Resolutions [][]nodeIndex
	}
	eachVector(t, "tree-validation.json", forEach(14), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		tr := must(parseTree(v.Tree, 1024))(t)
		wantBytes(t, "again", marshal(tr), v.Tree)
		if len(v.Resolutions) != len(tr.nodes) || len(v.TreeHashes) != len(tr.nodes) {
			t.Fatalf("%d nodes, want %d", len(tr.nodes), len(v.TreeHashes))
		}
		for i := range tr.nodes {
			if got := tr.resolution(nil, nodeIndex(i)); !slices.Equal(got, v.Resolutions[i]) {
				t.Errorf("resolution of %d is %d, want %d", i, got, v.Resolutions[i])
			}
			wantBytes(t, "tree hash", tr.treeHash(nodeIndex(i)), v.TreeHashes[i])
			if tr.emptyBelow(nodeIndex(i)) != (len(v.Resolutions[i]) == 0) {
				t.Errorf("emptyBelow(%d)", i)
			}
		}
		if err := tr.checkParentHashes(); err != nil {
			t.Error(err)
		}
		if err := tr.checkUnmerged(); err != nil {
			t.Error(err)
		}
		for i, l := range tr.leaves {
			if err := l.verify(s, v.GroupID, i); err != nil {
				t.Errorf("leaf %d: %v", i, err)
			}
			if err := l.verify(s, append([]byte("x"), v.GroupID...), i); l.Source != LeafKeyPackage && err == nil {
				t.Errorf("leaf %d verifies in another group", i)
			}
		}
		// The same tree with one parent's key changed must not be parent-hash valid.
		for i := range tr.nodes {
			if p := tr.nodes[i].parent; p != nil {
				bad := tr.clone()
				bad.setParent(nodeIndex(i), &parentNode{append([]byte("x"), p.key...), p.parentHash, p.unmerged})
				bad.touch(nodeIndex(i))
				if bad.checkParentHashes() == nil {
					t.Errorf("a swapped key in node %d goes unseen", i)
				}
			}
		}
	})
}

type treeKEMVector struct {
	Suite      Suite  `json:"cipher_suite"`
	GroupID    octets `json:"group_id"`
	Epoch      uint64
	Transcript octets `json:"confirmed_transcript_hash"`
	Tree       octets `json:"ratchet_tree"`
	Leaves     []struct {
		Index      uint32
		Encryption octets `json:"encryption_priv"`
		Signature  octets `json:"signature_priv"`
		Secrets    []struct {
			Node   nodeIndex
			Secret octets `json:"path_secret"`
		} `json:"path_secrets"`
	} `json:"leaves_private"`
	Paths []struct {
		Sender       uint32
		Path         octets   `json:"update_path"`
		Secrets      []octets `json:"path_secrets"`
		CommitSecret octets   `json:"commit_secret"`
		HashAfter    octets   `json:"tree_hash_after"`
	} `json:"update_paths"`
}

// private reconstructs what one member knows, and checks it against the tree.
func (v *treeKEMVector) private(t *testing.T, s *suite, tr *tree, i int) privateTree {
	p := privateTree{leafNode(v.Leaves[i].Index): must(s.kem.NewPrivateKey(v.Leaves[i].Encryption))(t)}
	for _, n := range v.Leaves[i].Secrets {
		p[n.Node] = must(s.nodeKey(n.Secret))(t)
	}
	for x, key := range p {
		wantBytes(t, "private key of the tree", key.PublicKey().Bytes(), tr.nodes[x].key())
	}
	return p
}

func (v *treeKEMVector) context(tr *tree) []byte {
	return marshal(&groupContext{suite: v.Suite, groupID: v.GroupID, epoch: v.Epoch, treeHash: tr.treeHash(tr.root()), transcriptHash: v.Transcript})
}

func TestVectorsTreeKEM(t *testing.T) {
	eachVector(t, "treekem.json", forEach(11), func(v treeKEMVector) Suite { return v.Suite }, func(t *testing.T, s *suite, v treeKEMVector) {
		tr := must(parseTree(v.Tree, 1024))(t)
		for _, p := range v.Paths {
			u := &updatePath{}
			if err := unmarshal(p.Path, u); err != nil {
				t.Fatal(err)
			}
			wantBytes(t, "again", marshal(u), p.Path)
			if err := u.leaf.verify(s, v.GroupID, p.Sender); err != nil {
				t.Error(err)
			}
			merged := tr.clone()
			steps := must(s.mergePath(merged, p.Sender, u, nil))(t)
			wantBytes(t, "tree hash after", merged.treeHash(merged.root()), p.HashAfter)
			for i, l := range v.Leaves {
				if l.Index == p.Sender {
					continue
				}
				private := v.private(t, s, tr, i)
				secret := must(s.openPath(merged, steps, l.Index, private, u, nil, v.context(merged)))(t)
				wantBytes(t, "commit secret", secret, p.CommitSecret)
				x := commonAncestor(l.Index, p.Sender)
				want := must(s.nodeKey(p.Secrets[l.Index]))(t)
				wantBytes(t, "path secret's key", private[x].PublicKey().Bytes(), want.PublicKey().Bytes())
			}
			v.ownPath(t, s, tr, p.Sender)
		}
	})
}

// ownPath makes a path of our own from this sender, which all others must be able to open.
func (v *treeKEMVector) ownPath(t *testing.T, s *suite, tr *tree, sender uint32) {
	var seed octets
	for _, l := range v.Leaves {
		if l.Index == sender {
			seed = l.Signature
		}
	}
	signer := must(ParseSigner(s.id, seed))(t)
	after := tr.clone()
	path := must(s.makePath(after, sender, tr.leafAt(sender).clone(), nil, func(l *LeafNode) error {
		return l.sign(s, signer, v.GroupID, sender)
	}))(t)
	u := &updatePath{}
	if err := unmarshal(marshal(must(path.encrypt(s, after, v.context(after)))(t)), u); err != nil {
		t.Fatal(err)
	}
	if err := u.leaf.verify(s, v.GroupID, sender); err != nil {
		t.Error(err)
	}
	merged := tr.clone()
	steps := must(s.mergePath(merged, sender, u, nil))(t)
	if !bytes.Equal(merged.treeHash(merged.root()), after.treeHash(after.root())) {
		t.Error("the committer and the others have other trees")
	}
	for i, l := range v.Leaves {
		if l.Index != sender {
			secret := must(s.openPath(merged, steps, l.Index, v.private(t, s, tr, i), u, nil, v.context(merged)))(t)
			wantBytes(t, "own commit secret", secret, path.commitSecret())
		}
	}
	if err := merged.checkParentHashes(); err != nil {
		t.Error(err)
	}
}
