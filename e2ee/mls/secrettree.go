package mls

import "maps"

// secretTree derives the message keys of one epoch (section 9). Secrets of nodes are kept until a leaf below has been
// derived from them, then zeroed: what is in the map is never an ancestor of another entry's source.
type secretTree struct {
	suite    *suite
	root     nodeIndex
	nodes    map[nodeIndex][]byte
	ratchets map[uint32]*leafRatchets
}

// leafRatchets are the two ratchets of one sender.
type leafRatchets struct{ handshake, application *ratchet }

func newSecretTree(s *suite, width uint32, encryption []byte) *secretTree {
	root := rootOf(width)
	return &secretTree{s, root, map[nodeIndex][]byte{root: encryption}, map[uint32]*leafRatchets{}}
}

// ratchet returns a sender's ratchet for that kind of content, nil if its keys are destroyed.
func (t *secretTree) ratchet(leaf uint32, c contentType) *ratchet {
	l := t.ratchets[leaf]
	if l == nil {
		secret := t.leafSecret(leaf)
		if secret == nil {
			return nil
		}
		l = &leafRatchets{
			handshake:   newRatchet(t.suite, expandWithLabel(secret, "handshake", nil, hashSize)),
			application: newRatchet(t.suite, expandWithLabel(secret, "application", nil, hashSize)),
		}
		clear(secret)
		t.ratchets[leaf] = l
	}
	if c == contentApplication {
		return l.application
	}
	return l.handshake
}

// leafSecret takes the secret of a leaf out of the tree.
func (t *secretTree) leafSecret(leaf uint32) []byte {
	x := t.root
	if !x.covers(leaf) {
		return nil
	}
	for t.nodes[x] == nil && !x.isLeaf() {
		x = x.toward(leaf)
	}
	for !x.isLeaf() && t.nodes[x] != nil {
		secret := t.nodes[x]
		t.nodes[x.left()] = expandWithLabel(secret, "tree", []byte("left"), hashSize)
		t.nodes[x.right()] = expandWithLabel(secret, "tree", []byte("right"), hashSize)
		clear(secret)
		delete(t.nodes, x)
		x = x.toward(leaf)
	}
	secret := t.nodes[x]
	delete(t.nodes, x)
	return secret
}

// toward is the child of x on the way to a leaf.
func (x nodeIndex) toward(leaf uint32) nodeIndex {
	if l := x.left(); l.covers(leaf) {
		return l
	}
	return x.right()
}

// drop destroys the keys of a sender.
func (t *secretTree) drop(leaf uint32) {
	if t.ratchets[leaf] == nil {
		clear(t.leafSecret(leaf))
	} else {
		t.ratchets[leaf].destroy()
	}
	delete(t.ratchets, leaf)
}

func (t *secretTree) destroy() {
	for secret := range maps.Values(t.nodes) {
		clear(secret)
	}
	for l := range maps.Values(t.ratchets) {
		l.destroy()
	}
	clear(t.nodes)
	clear(t.ratchets)
}

func (l *leafRatchets) destroy() {
	l.handshake.destroy()
	l.application.destroy()
}
