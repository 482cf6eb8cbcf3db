package mls

// selectProposals picks, of the proposals that have arrived, those that can be committed together with the ones given
// by value (section 12.2): no Update or Remove of the committer; for a leaf a Remove before an Update, and the last
// Update of several; one GroupContextExtensions; each new client once; a ReInit only if it is alone.
func selectProposals(given []ProposedBy, arrived []*storedProposal, committer Sender) []*storedProposal {
	k := newSelection(given, arrived)
	var out []*storedProposal
	for _, p := range arrived {
		if k.takes(p, committer) {
			out = append(out, p)
		}
	}
	if len(given)+len(out) == 0 && len(k.reinit) > 0 {
		return k.reinit[:1]
	}
	return out
}

// selection is what has been seen and taken.
type selection struct {
	removed    map[uint32]bool            // leaves that some Remove names
	lastUpdate map[uint32]*storedProposal // by leaf
	taken      map[uint32]bool            // leaves with a proposal
	clients    map[string]bool            // signature keys that are added
	extensions bool
	reinit     []*storedProposal
}

func newSelection(given []ProposedBy, arrived []*storedProposal) *selection {
	k := &selection{map[uint32]bool{}, map[uint32]*storedProposal{}, map[uint32]bool{}, map[string]bool{}, false, nil}
	for _, p := range given {
		switch p.Proposal.Type {
		case ProposalRemove:
			k.removed[p.Proposal.Removed] = true
			k.taken[p.Proposal.Removed] = true
		case ProposalAdd:
			k.clients[string(p.Proposal.KeyPackage.LeafNode.SignatureKey)] = true
		case ProposalGroupContextExtensions:
			k.extensions = true
		}
	}
	for _, p := range arrived {
		switch p.proposal.Type {
		case ProposalRemove:
			k.removed[p.proposal.Removed] = true
		case ProposalUpdate:
			k.lastUpdate[p.sender.Index] = p
		case ProposalReInit:
			k.reinit = append(k.reinit, p)
		}
	}
	return k
}

func (k *selection) takes(p *storedProposal, committer Sender) bool {
	switch p.proposal.Type {
	case ProposalUpdate:
		leaf := p.sender.Index
		return p.sender != committer && !k.removed[leaf] && k.lastUpdate[leaf] == p && mark(k.taken, leaf)
	case ProposalRemove:
		return memberSender(p.proposal.Removed) != committer && mark(k.taken, p.proposal.Removed)
	case ProposalAdd:
		return mark(k.clients, string(p.proposal.KeyPackage.LeafNode.SignatureKey))
	case ProposalGroupContextExtensions:
		first := !k.extensions
		k.extensions = true
		return first
	case ProposalReInit, ProposalExternalInit:
		return false
	}
	return true
}

// mark reports whether the key is new.
func mark[K comparable](set map[K]bool, k K) bool {
	if set[k] {
		return false
	}
	set[k] = true
	return true
}
