package mls

import (
	"bytes"
	"crypto/hpke"
	"maps"
	"slices"
)

// privateTree holds the private keys that a member knows: of its leaf and of nodes above it (section 4.2). A key that
// is replaced is forgotten; crypto/hpke gives no way to overwrite it.
type privateTree map[nodeIndex]hpke.PrivateKey

// keep drops the keys of nodes that are gone, blank, or hold another key now.
func (p privateTree) keep(t *tree) {
	maps.DeleteFunc(p, func(x nodeIndex, key hpke.PrivateKey) bool {
		return int(x) >= len(t.nodes) || !bytes.Equal(t.nodes[x].key(), key.PublicKey().Bytes())
	})
}

// nodeKey derives the key pair of a node from its path secret (section 7.4).
func (s *suite) nodeKey(pathSecret []byte) (hpke.PrivateKey, error) {
	secret := deriveSecret(pathSecret, "node")
	defer clear(secret)
	return s.kem.DeriveKeyPair(secret)
}

func nextPathSecret(pathSecret []byte) []byte { return deriveSecret(pathSecret, "path") }

// newPath is a path that a committer has made and not yet encrypted.
type newPath struct {
	steps   []pathStep
	secrets [][]byte // one for each step, and the commit secret
	private privateTree
	leaf    *LeafNode
	lists   [][]nodeIndex // for each step, whom it is encrypted to
}

// makePath renews leaf own and its path in t (section 7.5): fresh keys, parent hashes, a signed leaf made from the
// template. Leaves in fresh have been added by the same commit: they get their secrets in the Welcome.
func (s *suite) makePath(t *tree, own uint32, template *LeafNode, fresh []uint32, sign func(l *LeafNode) error) (*newPath, error) {
	p := &newPath{steps: t.filteredPath(own), private: privateTree{}}
	leafKey, err := s.kem.GenerateKey()
	if err != nil {
		return nil, err
	}
	p.private[leafNode(own)] = leafKey
	p.secrets = [][]byte{randomBytes(hashSize)}
	for i := range p.steps {
		p.secrets = append(p.secrets, nextPathSecret(p.secrets[i]))
	}
	keys := make([]hpke.PrivateKey, len(p.steps))
	if err := parallel(len(keys), func(i int) (err error) {
		keys[i], err = s.nodeKey(p.secrets[i])
		return err
	}); err != nil {
		return nil, err
	}
	public := make([][]byte, len(keys))
	for i, step := range p.steps {
		p.private[step.node] = keys[i]
		public[i] = keys[i].PublicKey().Bytes()
		p.lists = append(p.lists, t.recipients(step.copath, fresh))
	}
	parentHash := t.setPath(own, p.steps, public)
	p.leaf = template
	p.leaf.EncryptionKey = leafKey.PublicKey().Bytes()
	p.leaf.Source, p.leaf.ParentHash = LeafCommit, parentHash
	if err := sign(p.leaf); err != nil {
		return nil, err
	}
	t.setLeaf(own, p.leaf)
	return p, nil
}

// recipients is the resolution of a copath node without the leaves that the same commit adds.
func (t *tree) recipients(copath nodeIndex, fresh []uint32) []nodeIndex {
	list := t.resolution(nil, copath)
	if len(fresh) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(x nodeIndex) bool {
		return x.isLeaf() && slices.Contains(fresh, x.leafIndex())
	})
}

// setPath blanks the direct path of a leaf, sets these keys on its filtered direct path, and computes their parent
// hashes from the root down. It returns the parent hash that the leaf must carry.
func (t *tree) setPath(leaf uint32, steps []pathStep, keys [][]byte) (parentHash []byte) {
	t.blankPath(leaf)
	parentHash = []byte{}
	for i := len(steps) - 1; i >= 0; i-- {
		p := &parentNode{key: keys[i], parentHash: parentHash}
		t.setParent(steps[i].node, p)
		parentHash = t.parentHash(p, steps[i].copath)
	}
	return parentHash
}

// encrypt makes the UpdatePath: each path secret to each of its recipients, under the provisional GroupContext.
func (p *newPath) encrypt(s *suite, t *tree, context []byte) (*updatePath, error) {
	type job struct{ step, at int }
	var jobs []job
	u := &updatePath{leaf: p.leaf}
	for i, step := range p.steps {
		u.nodes = append(u.nodes, pathNode{t.nodes[step.node].key(), make([]hpkeCiphertext, len(p.lists[i]))})
		for at := range p.lists[i] {
			jobs = append(jobs, job{i, at})
		}
	}
	seal := s.sealer("UpdatePathNode", context)
	err := parallel(len(jobs), func(k int) (err error) {
		j := jobs[k]
		key := t.nodes[p.lists[j.step][j.at]].key()
		u.nodes[j.step].secrets[j.at], err = seal(key, p.secrets[j.step])
		return err
	})
	return u, err
}

// secretFor is the path secret of the lowest node above both the committer and a new member.
func (p *newPath) secretFor(own, member uint32) []byte {
	x := commonAncestor(own, member)
	for i, step := range p.steps {
		if step.node == x {
			return p.secrets[i]
		}
	}
	return nil
}

// commitSecret is the secret after the last of the path.
func (p *newPath) commitSecret() []byte { return p.secrets[len(p.steps)] }

func (p *newPath) destroy() {
	for _, s := range p.secrets {
		clear(s)
	}
}

// mergePath puts a committer's UpdatePath into t, and verifies its form, that its keys are new, and its parent hash
// (section 12.4.2). Each list of ciphertexts must be as long as the resolution that it is for.
func (s *suite) mergePath(t *tree, sender uint32, u *updatePath, fresh []uint32) ([]pathStep, error) {
	steps := t.filteredPath(sender)
	if len(steps) != len(u.nodes) {
		return nil, invalid("UpdatePath of %d nodes where %d are due", len(u.nodes), len(steps))
	}
	keys := make([][]byte, len(steps))
	for i, step := range steps {
		keys[i] = u.nodes[i].key
		if want := len(t.recipients(step.copath, fresh)); len(u.nodes[i].secrets) != want {
			return nil, invalid("UpdatePath node with %d ciphertexts for %d", len(u.nodes[i].secrets), want)
		}
		if err := s.checkEncryptionKey(keys[i]); err != nil {
			return nil, err
		}
	}
	if err := t.checkNewKeys(append([][]byte{u.leaf.EncryptionKey}, keys...)); err != nil {
		return nil, err
	}
	if h := t.setPath(sender, steps, keys); !bytes.Equal(h, u.leaf.ParentHash) {
		return nil, invalid("parent hash of the committer's leaf")
	}
	t.setLeaf(sender, u.leaf)
	return steps, nil
}

// checkNewKeys verifies that no key stands in the tree or twice in the list.
func (t *tree) checkNewKeys(keys [][]byte) error {
	fresh := make(map[string]bool, len(keys))
	for _, k := range keys {
		if fresh[string(k)] {
			return invalid("UpdatePath with one key twice")
		}
		fresh[string(k)] = true
	}
	for i := range t.nodes {
		if k := t.nodes[i].key(); k != nil && fresh[string(k)] {
			return invalid("UpdatePath with a key that is in the tree")
		}
	}
	return nil
}

// openPath decrypts the one path secret that is for us, derives those above it, and verifies the keys (section 7.5).
// t is the tree after mergePath, context the provisional GroupContext. The new private keys are put in private.
func (s *suite) openPath(t *tree, steps []pathStep, own uint32, private privateTree, u *updatePath, fresh []uint32, context []byte) (commitSecret []byte, err error) {
	at := slices.IndexFunc(steps, func(p pathStep) bool { return p.copath.covers(own) })
	if at < 0 {
		return nil, invalid("UpdatePath that leaves us out")
	}
	list := t.recipients(steps[at].copath, fresh)
	i := slices.IndexFunc(list, func(x nodeIndex) bool { return private[x] != nil })
	if i < 0 {
		return nil, invalid("UpdatePath that leaves us out")
	}
	secret, err := s.decryptWithLabel(private[list[i]], "UpdatePathNode", context, u.nodes[at].secrets[i])
	if err != nil {
		return nil, err
	}
	return s.implant(t, steps[at:], private, secret)
}

// implant derives the keys of these nodes from the path secret of the first, compares them with the tree's, and keeps
// them. It uses the secret up and returns the one after the last.
func (s *suite) implant(t *tree, steps []pathStep, private privateTree, secret []byte) ([]byte, error) {
	if len(secret) != hashSize {
		clear(secret)
		return nil, invalid("path secret of %d bytes", len(secret))
	}
	chain := [][]byte{secret}
	for i := range steps {
		chain = append(chain, nextPathSecret(chain[i]))
	}
	keys := make([]hpke.PrivateKey, len(steps))
	err := parallel(len(steps), func(i int) (err error) {
		if keys[i], err = s.nodeKey(chain[i]); err != nil {
			return err
		}
		if !bytes.Equal(keys[i].PublicKey().Bytes(), t.nodes[steps[i].node].key()) {
			return invalid("path secret of another key than the tree's")
		}
		return nil
	})
	for i := range steps {
		clear(chain[i])
		private[steps[i].node] = keys[i]
	}
	return chain[len(steps)], err
}
