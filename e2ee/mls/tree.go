package mls

import (
	"bytes"
	"slices"
)

// tree is the public ratchet tree (sections 4 and 7): a full binary tree in one array. What hangs in a node is never
// changed, only replaced, so that copies share it; clone is a copy of the array. Each node keeps its tree hash until
// something below it changes.
type tree struct{ nodes []node }

// node holds a leaf (even indices) or a parent (odd ones); neither: it is blank.
type node struct {
	leaf   *LeafNode
	parent *parentNode
	hash   []byte // nil: to be computed
}

// parentNode is ParentNode of section 7.1. Unmerged leaves are in increasing order.
type parentNode struct {
	key        []byte
	parentHash []byte
	unmerged   []uint32
}

func (n *node) blank() bool { return n.leaf == nil && n.parent == nil }

// key is the node's public key, nil if it is blank.
func (n *node) key() []byte {
	switch {
	case n.leaf != nil:
		return n.leaf.EncryptionKey
	case n.parent != nil:
		return n.parent.key
	}
	return nil
}

func newTree(creator *LeafNode) *tree { return &tree{[]node{{leaf: creator}}} }

func (t *tree) clone() *tree { return &tree{slices.Clone(t.nodes)} }

// width is the number of places for leaves, a power of two.
func (t *tree) width() uint32                  { return uint32(len(t.nodes)+1) / 2 }
func (t *tree) root() nodeIndex                { return rootOf(t.width()) }
func (t *tree) parent(x nodeIndex) *parentNode { return t.nodes[x].parent }

// leafAt returns the leaf, nil if it is blank or outside the tree.
func (t *tree) leafAt(i uint32) *LeafNode {
	if i >= t.width() {
		return nil
	}
	return t.nodes[leafNode(i)].leaf
}

// leaves yields the members in order.
func (t *tree) leaves(yield func(uint32, *LeafNode) bool) {
	for i := range t.width() {
		if l := t.nodes[leafNode(i)].leaf; l != nil && !yield(i, l) {
			return
		}
	}
}

// touch forgets the hashes from x to the root.
func (t *tree) touch(x nodeIndex) {
	root := t.root()
	for t.nodes[x].hash = nil; x != root; t.nodes[x].hash = nil {
		x = x.parent()
	}
}

func (t *tree) setLeaf(i uint32, l *LeafNode) {
	t.nodes[leafNode(i)].leaf = l
	t.touch(leafNode(i))
}

// setParent replaces a parent without touching hashes: its callers touch the whole path.
func (t *tree) setParent(x nodeIndex, p *parentNode) { t.nodes[x].parent = p }

// directPath lists the ancestors of a leaf, up to the root.
func (t *tree) directPath(leaf uint32) []nodeIndex {
	var path []nodeIndex
	root := t.root()
	for x := leafNode(leaf); x != root; {
		x = x.parent()
		path = append(path, x)
	}
	return path
}

// blankPath blanks the ancestors of a leaf.
func (t *tree) blankPath(leaf uint32) {
	for _, x := range t.directPath(leaf) {
		t.setParent(x, nil)
	}
	t.touch(leafNode(leaf))
}

// resolution appends the resolution of x (section 4.1.1) to list.
func (t *tree) resolution(list []nodeIndex, x nodeIndex) []nodeIndex {
	switch n := &t.nodes[x]; {
	case n.parent != nil:
		list = append(list, x)
		for _, leaf := range n.parent.unmerged {
			list = append(list, leafNode(leaf))
		}
	case n.leaf != nil:
		list = append(list, x)
	case !x.isLeaf():
		list = t.resolution(list, x.left())
		list = t.resolution(list, x.right())
	}
	return list
}

// emptyBelow reports whether no node at or below x is in use, that is whether its resolution is empty.
func (t *tree) emptyBelow(x nodeIndex) bool {
	if !t.nodes[x].blank() {
		return false
	}
	return x.isLeaf() || t.emptyBelow(x.left()) && t.emptyBelow(x.right())
}

// pathStep is a node of a filtered direct path and its child on the copath.
type pathStep struct{ node, copath nodeIndex }

// filteredPath is the filtered direct path of a leaf (section 4.1.2): without the nodes whose copath child has nobody.
func (t *tree) filteredPath(leaf uint32) []pathStep {
	var path []pathStep
	x := leafNode(leaf)
	for _, p := range t.directPath(leaf) {
		if s := x.sibling(); !t.emptyBelow(s) {
			path = append(path, pathStep{p, s})
		}
		x = p
	}
	return path
}

// firstBlank is the leftmost blank leaf; the width if there is none.
func (t *tree) firstBlank() uint32 {
	i := uint32(0)
	for i < t.width() && t.nodes[leafNode(i)].leaf != nil {
		i++
	}
	return i
}

// reserve finds the leftmost blank leaf, widening the tree if there is none.
func (t *tree) reserve() uint32 {
	i := t.firstBlank()
	if i == t.width() {
		t.nodes = append(t.nodes, make([]node, len(t.nodes)+1)...)
	}
	return i
}

// add puts a leaf in the leftmost blank place (section 12.1.1).
func (t *tree) add(l *LeafNode) uint32 {
	i := t.reserve()
	for _, x := range t.directPath(i) {
		if p := t.parent(x); p != nil {
			at, _ := slices.BinarySearch(p.unmerged, i)
			t.setParent(x, &parentNode{p.key, p.parentHash, slices.Insert(slices.Clone(p.unmerged), at, i)})
		}
	}
	t.setLeaf(i, l)
	return i
}

// update replaces a leaf and blanks its ancestors (section 12.1.2).
func (t *tree) update(i uint32, l *LeafNode) {
	t.nodes[leafNode(i)].leaf = l
	t.blankPath(i)
}

// remove blanks a leaf and its ancestors (section 12.1.3). The caller truncates when all removals are done.
func (t *tree) remove(i uint32) { t.update(i, nil) }

// truncate drops the right half while it is empty.
func (t *tree) truncate() {
	for t.width() > 1 && t.emptyLeaves(t.root().right()) {
		t.nodes = t.nodes[:len(t.nodes)/2]
	}
}

func (t *tree) emptyLeaves(x nodeIndex) bool {
	for i := x.first(); i <= x.last(); i++ {
		if t.nodes[leafNode(i)].leaf != nil {
			return false
		}
	}
	return true
}

// find returns the leaf that holds exactly this LeafNode.
func (t *tree) find(l *LeafNode) (uint32, bool) {
	want := marshal(l)
	for i, x := range t.leaves {
		if bytes.Equal(x.EncryptionKey, l.EncryptionKey) && bytes.Equal(marshal(x), want) {
			return i, true
		}
	}
	return 0, false
}
