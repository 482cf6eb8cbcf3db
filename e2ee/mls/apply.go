package mls

// change is what a list of proposals makes of an epoch (section 12.3).
type change struct {
	tree         *tree
	extensions   []Extension
	added        []uint32 // leaves, in the order of packages
	packages     []*KeyPackage
	removed      []Member
	updated      []uint32
	psks         []PSKID
	externalInit []byte
	reinit       *ReInit
	needsPath    bool
}

// apply validates a list of proposals and applies it. founding says that this is the first commit of a branched or
// reinitialised group.
func (c *config) apply(e *epoch, list []ProposedBy, committer Sender, founding bool) (*change, error) {
	check := listCheck{c: c, e: e, committer: committer, founding: founding, touched: map[uint32]bool{}}
	if err := check.all(list); err != nil {
		return nil, err
	}
	ch := e.apply(list)
	if ch.tree.width() > fullWidth(c.Limits.Members) {
		return nil, limited("a tree of %d leaves", ch.tree.width())
	}
	return ch, nil
}

// apply applies a valid list to a copy of the tree, in the order that section 12.3 sets: extensions, updates, removals,
// additions.
func (e *epoch) apply(list []ProposedBy) *change {
	ch := &change{tree: e.tree.clone(), extensions: e.context.extensions, needsPath: len(list) == 0}
	for i := range list {
		p := &list[i].Proposal
		ch.needsPath = ch.needsPath || p.Type.needsPath()
		switch p.Type {
		case ProposalGroupContextExtensions:
			ch.extensions = cloneExtensions(p.Extensions)
		case ProposalUpdate:
			ch.tree.update(list[i].Sender.Index, p.Leaf.clone())
			ch.updated = append(ch.updated, list[i].Sender.Index)
		case ProposalPSK:
			ch.psks = append(ch.psks, p.PSK)
		case ProposalReInit:
			ch.reinit = p.ReInit
		case ProposalExternalInit:
			ch.externalInit = p.ExternalInit
		}
	}
	for i := range list {
		if p := &list[i].Proposal; p.Type == ProposalRemove {
			m, _ := e.member(p.Removed)
			ch.removed = append(ch.removed, m)
			ch.tree.remove(p.Removed)
		}
	}
	ch.tree.truncate()
	for i := range list {
		if p := &list[i].Proposal; p.Type == ProposalAdd {
			ch.added = append(ch.added, ch.tree.add(p.KeyPackage.LeafNode.clone()))
			ch.packages = append(ch.packages, p.KeyPackage)
		}
	}
	return ch
}
