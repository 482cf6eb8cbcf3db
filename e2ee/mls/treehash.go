package mls

import "crypto/sha256"

// treeHash is the tree hash of x (section 7.8), computed where it is not known.
func (t *tree) treeHash(x nodeIndex) []byte {
	n := &t.nodes[x]
	if n.hash == nil {
		n.hash = t.computeHash(x, n.leaf, n.parent, t.treeHash)
	}
	return n.hash
}

// computeHash hashes a node of these contents, whose children have the hashes that child gives.
func (t *tree) computeHash(x nodeIndex, l *LeafNode, p *parentNode, child func(nodeIndex) []byte) []byte {
	w := &writer{b: make([]byte, 0, 256)}
	if x.isLeaf() {
		w.u8(1)
		w.u32(x.leafIndex())
		w.present(l != nil)
		if l != nil {
			l.encode(w)
		}
	} else {
		w.u8(2)
		w.present(p != nil)
		if p != nil {
			p.encode(w)
		}
		w.opaque(child(x.left()))
		w.opaque(child(x.right()))
	}
	sum := sha256.Sum256(w.b)
	return sum[:]
}

// originalHash is the tree hash of x in the tree without those leaves: blank, and in no unmerged list (section 7.9).
// Subtrees that hold none of them have the hash that they have anyway.
func (t *tree) originalHash(x nodeIndex, without []uint32) []byte {
	without = within(without, x)
	if len(without) == 0 {
		return t.treeHash(x)
	}
	n := &t.nodes[x]
	if x.isLeaf() {
		return t.computeHash(x, nil, nil, nil)
	}
	p := n.parent
	if p != nil {
		p = &parentNode{p.key, p.parentHash, subtract(p.unmerged, without)}
	}
	return t.computeHash(x, nil, p, func(c nodeIndex) []byte { return t.originalHash(c, without) })
}

// within returns the part of an increasing list of leaves that lies below x.
func within(list []uint32, x nodeIndex) []uint32 {
	for len(list) > 0 && list[0] < x.first() {
		list = list[1:]
	}
	for len(list) > 0 && list[len(list)-1] > x.last() {
		list = list[:len(list)-1]
	}
	return list
}

// subtract returns the increasing list a without what is in the increasing list b.
func subtract(a, b []uint32) []uint32 {
	var out []uint32
	for _, v := range a {
		for len(b) > 0 && b[0] < v {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != v {
			out = append(out, v)
		}
	}
	return out
}

// parentHash is the parent hash of p with that sibling on the copath (section 7.9).
func (t *tree) parentHash(p *parentNode, sibling nodeIndex) []byte {
	w := &writer{b: make([]byte, 0, 128)}
	w.opaque(p.key)
	w.opaque(p.parentHash)
	w.opaque(t.originalHash(sibling, p.unmerged))
	return hash(w.b)
}

// checkParentHashes verifies that every parent was set by exactly one member below it (section 7.9.2): going up from
// each node that has a parent hash to the next parent that is not blank. None is reached twice: on one side all but one
// node are unmerged (neighbours), and on both sides each hash would have to hold the other.
func (t *tree) checkParentHashes() error {
	reached := make([]bool, len(t.nodes))
	for x := range t.nodes {
		h := t.nodes[x].parentHash()
		if h == nil {
			continue
		}
		if p, ok := t.setTogether(nodeIndex(x), h); ok {
			reached[p] = true
		}
	}
	for x := range t.nodes {
		if t.nodes[x].parent != nil && !reached[x] {
			return invalid("node %d is not parent-hash valid", x)
		}
	}
	return nil
}

// parentHash is what the node says of the node above it, nil if it says nothing.
func (n *node) parentHash() []byte {
	switch {
	case n.leaf != nil && n.leaf.Source == LeafCommit:
		return n.leaf.ParentHash
	case n.parent != nil:
		return n.parent.parentHash
	}
	return nil
}

// setTogether finds the next parent above d that is not blank, and reports whether d's parent hash is valid for it.
func (t *tree) setTogether(d nodeIndex, parentHash []byte) (nodeIndex, bool) {
	c, root := d, t.root()
	for c != root {
		p := c.parent()
		if t.parent(p) == nil {
			c = p
			continue
		}
		return p, string(t.parentHash(t.parent(p), c.sibling())) == string(parentHash) && t.neighbours(d, c, p)
	}
	return 0, false
}

// neighbours reports whether d is in the resolution of c, a child of p, and all else in it came unmerged below p.
func (t *tree) neighbours(d, c, p nodeIndex) bool {
	unmerged := within(t.parent(p).unmerged, c)
	found := false
	rest := 0
	for _, x := range t.resolution(nil, c) {
		switch {
		case x == d:
			found = true
		case x.isLeaf() && len(within(unmerged, x)) == 1:
			rest++
		default:
			return false
		}
	}
	return found && rest == len(unmerged)
}
