package mls

func (p *parentNode) encode(w *writer) {
	w.opaque(p.key)
	w.opaque(p.parentHash)
	w.length(4 * len(p.unmerged))
	for _, leaf := range p.unmerged {
		w.u32(leaf)
	}
}

func (p *parentNode) decode(r *reader) {
	p.key = r.opaque()
	p.parentHash = r.opaque()
	if p.parentHash == nil {
		p.parentHash = []byte{} // nil would mean a node that says nothing
	}
	r.vector(func(r *reader) { p.unmerged = append(p.unmerged, r.u32()) })
	for i := 1; i < len(p.unmerged); i++ {
		if p.unmerged[i-1] >= p.unmerged[i] {
			r.fail("unmerged leaves out of order")
		}
	}
}

// encode writes the ratchet_tree of section 12.4.3.3: nodes from left to right, without the blank ones at the end.
func (t *tree) encode(w *writer) {
	n := len(t.nodes)
	for n > 0 && t.nodes[n-1].blank() {
		n--
	}
	w.vector(func(w *writer) {
		for i := range t.nodes[:n] {
			t.nodes[i].encode(w)
		}
	})
}

func (n *node) encode(w *writer) {
	w.present(!n.blank())
	switch {
	case n.leaf != nil:
		w.u8(1)
		n.leaf.encode(w)
	case n.parent != nil:
		w.u8(2)
		n.parent.encode(w)
	}
}

// treeDecoder reads a ratchet tree of at most so many leaves: a blank node takes one byte there and forty here.
type treeDecoder struct {
	tree
	members uint32
}

func (t *treeDecoder) decode(r *reader) {
	r.vectorMax(int(2*t.members), func(r *reader) { // one too many, for an error that says which limit it is
		if uint32(len(t.nodes)) >= 2*t.members-1 {
			r.err = limited("a tree of more than %d leaves", t.members)
			return
		}
		t.nodes = append(t.nodes, decodeNode(r, len(t.nodes)%2 == 0))
	})
	if len(t.nodes) == 0 || t.nodes[len(t.nodes)-1].blank() {
		r.fail("ratchet tree ends in a blank node")
		return
	}
	full := int(2*fullWidth(uint32(len(t.nodes)/2+1)) - 1)
	t.nodes = append(t.nodes, make([]node, full-len(t.nodes))...)
}

func decodeNode(r *reader, leaf bool) (n node) {
	if !r.present() {
		return n
	}
	switch kind := r.u8(); {
	case kind == 1 && leaf:
		n.leaf = &LeafNode{}
		n.leaf.decode(r)
	case kind == 2 && !leaf:
		n.parent = &parentNode{}
		n.parent.decode(r)
	default:
		r.fail("tree node of type %d", kind)
	}
	return n
}

// parseTree reads a ratchet tree for at most so many leaves.
func parseTree(data []byte, members uint32) (*tree, error) {
	t := &treeDecoder{members: fullWidth(members)}
	if err := unmarshal(data, t); err != nil {
		return nil, err
	}
	return &t.tree, nil
}
