package mls

import "math/bits"

// Node indices of appendix C: leaves are even, parents odd; leaf i is node 2i; a node's level is the number of its
// trailing one bits. The trees are always full: n leaves, n a power of two, make 2n-1 nodes.
type nodeIndex uint32

func leafNode(leaf uint32) nodeIndex  { return nodeIndex(leaf) * 2 }
func (x nodeIndex) isLeaf() bool      { return x&1 == 0 }
func (x nodeIndex) leafIndex() uint32 { return uint32(x) / 2 }
func (x nodeIndex) level() int        { return bits.TrailingZeros32(^uint32(x)) }
func (x nodeIndex) left() nodeIndex   { return x ^ 1<<(x.level()-1) }
func (x nodeIndex) right() nodeIndex  { return x ^ 3<<(x.level()-1) }

// parent is the parent of x in a tree large enough to have one.
func (x nodeIndex) parent() nodeIndex {
	k := x.level()
	b := x >> (k + 1) & 1
	return (x | 1<<k) ^ b<<(k+1)
}

func (x nodeIndex) sibling() nodeIndex {
	p := x.parent()
	if x < p {
		return p.right()
	}
	return p.left()
}

// first and last are the lowest and highest leaf index below x.
func (x nodeIndex) first() uint32 { return uint32(x-(1<<x.level()-1)) / 2 }
func (x nodeIndex) last() uint32  { return uint32(x+(1<<x.level()-1)) / 2 }

// covers reports whether the leaf is x or below it.
func (x nodeIndex) covers(leaf uint32) bool { return x.first() <= leaf && leaf <= x.last() }

// rootOf is the root of a full tree of n leaves.
func rootOf(n uint32) nodeIndex { return nodeIndex(n - 1) }

// commonAncestor is the lowest node above both leaves.
func commonAncestor(a, b uint32) nodeIndex {
	x := leafNode(a)
	for !x.covers(b) {
		x = x.parent()
	}
	return x
}

// fullWidth is the smallest power of two that is at least n.
func fullWidth(n uint32) uint32 {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len32(n-1)
}
