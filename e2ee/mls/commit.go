package mls

// proposalOrRef includes a proposal in a commit by value, or by the reference of one sent before (section 12.4).
type proposalOrRef struct {
	proposal  *Proposal // nil: by reference
	reference []byte
}

// commit is the Commit of section 12.4.
type commit struct {
	proposals []proposalOrRef
	path      *updatePath // nil: none
}

func (c *commit) encode(w *writer) {
	w.vector(func(w *writer) {
		for _, p := range c.proposals {
			p.encode(w)
		}
	})
	w.present(c.path != nil)
	if c.path != nil {
		c.path.encode(w)
	}
}

// maxProposals bounds what one commit names.
const maxProposals = 1 << 14

func (c *commit) decode(r *reader) {
	r.vectorMax(maxProposals, func(r *reader) {
		var p proposalOrRef
		p.decode(r)
		c.proposals = append(c.proposals, p)
	})
	if r.present() {
		c.path = &updatePath{}
		c.path.decode(r)
	}
}

func (p *proposalOrRef) encode(w *writer) {
	if p.proposal != nil {
		w.u8(1)
		p.proposal.encode(w)
		return
	}
	w.u8(2)
	w.opaque(p.reference)
}

func (p *proposalOrRef) decode(r *reader) {
	switch kind := r.u8(); kind {
	case 1:
		p.proposal = &Proposal{}
		p.proposal.decode(r)
	case 2:
		if p.reference = r.opaque(); len(p.reference) != hashSize {
			r.fail("proposal reference of %d bytes", len(p.reference))
		}
	default:
		r.fail("ProposalOrRef type %d", kind)
	}
}

// updatePath is the UpdatePath of section 7.6: the committer's new leaf, and for each node of its filtered direct path
// the new key and the path secret, encrypted to the resolution of the child on the copath.
type updatePath struct {
	leaf  *LeafNode
	nodes []pathNode
}

type pathNode struct {
	key     []byte
	secrets []hpkeCiphertext
}

func (p *updatePath) encode(w *writer) {
	p.leaf.encode(w)
	w.vector(func(w *writer) {
		for _, n := range p.nodes {
			w.opaque(n.key)
			w.vector(func(w *writer) {
				for i := range n.secrets {
					n.secrets[i].encode(w)
				}
			})
		}
	})
}

func (p *updatePath) decode(r *reader) {
	p.leaf = &LeafNode{}
	p.leaf.decode(r)
	const tallest = 32 // tree that leaf indices can name
	r.vectorMax(tallest, func(r *reader) {
		n := pathNode{key: r.opaque()}
		r.vector(func(r *reader) {
			var c hpkeCiphertext
			c.decode(r)
			n.secrets = append(n.secrets, c)
		})
		p.nodes = append(p.nodes, n)
	})
}
