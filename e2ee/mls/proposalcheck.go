package mls

import (
	"bytes"
	"slices"
)

// checkProposal validates one proposal as sections 12.1.1 to 12.1.7 demand, in the epoch in which it was sent.
func (c *config) checkProposal(e *epoch, p *Proposal, sender Sender, founding bool) error {
	if err := p.complete(); err != nil {
		return err
	}
	if err := c.Policy.allows(p.Type); err != nil {
		return err
	}
	switch p.Type {
	case ProposalAdd:
		return p.KeyPackage.validate(c)
	case ProposalUpdate:
		return c.checkUpdate(e, p.Leaf, LeafUpdate, sender.Index)
	case ProposalRemove:
		if e.tree.leafAt(p.Removed) == nil {
			return invalid("Remove of a blank leaf")
		}
	case ProposalPSK:
		return checkPSK(&p.PSK, founding)
	case ProposalReInit:
		if p.ReInit.Version < ProtocolVersion10 {
			return invalid("ReInit to an older version")
		}
	case ProposalGroupContextExtensions:
		return c.checkGroupExtensions(p.Extensions)
	}
	return nil
}

// checkUpdate validates a leaf that takes the place of another (sections 7.3 and 12.1.2).
func (c *config) checkUpdate(e *epoch, l *LeafNode, source LeafSource, leaf uint32) error {
	old := e.tree.leafAt(leaf)
	if old == nil {
		return invalid("Update of a blank leaf")
	}
	if l.Source != source {
		return invalid("leaf with source %d, not %d", l.Source, source)
	}
	if err := c.checkSuccessor(old, l); err != nil {
		return err
	}
	return c.checkLeaf(l, e.context.groupID, leaf)
}

// checkSuccessor verifies that a new leaf may follow an old one: with another key, and for the same client.
func (c *config) checkSuccessor(old, l *LeafNode) error {
	if bytes.Equal(l.EncryptionKey, old.EncryptionKey) {
		return invalid("leaf that keeps its encryption key")
	}
	if l.Credential.Equal(old.Credential) {
		return nil
	}
	if c.Policy.Successor == nil {
		return refused("a leaf with another credential")
	}
	if err := c.Policy.Successor(old.Credential.clone(), l.Credential.clone()); err != nil {
		return unauthentic("successor: %w", err)
	}
	return nil
}

func checkPSK(id *PSKID, founding bool) error {
	if len(id.Nonce) != hashSize {
		return invalid("PSK nonce of %d bytes", len(id.Nonce))
	}
	if id.Type == PSKResumption && id.Usage != UsageApplication && !founding {
		return invalid("PSK of usage %d outside a new group's first commit", id.Usage)
	}
	return nil
}

// listCheck holds what has been seen of a list.
type listCheck struct {
	c            *config
	e            *epoch
	committer    Sender
	founding     bool
	touched      map[uint32]bool
	psks         []PSKID
	extensions   bool
	reinit       bool
	externalInit bool
}

// all validates a list of proposals (section 12.2).
func (l *listCheck) all(list []ProposedBy) error {
	for i := range list {
		if err := l.add(&list[i].Proposal, list[i].Sender); err != nil {
			return err
		}
	}
	if l.reinit && len(list) > 1 {
		return invalid("ReInit beside another proposal")
	}
	if l.committer.Type == SenderNewMemberCommit && !l.externalInit {
		return invalid("external commit without ExternalInit")
	}
	return nil
}

func (l *listCheck) add(p *Proposal, sender Sender) error {
	if l.committer.Type == SenderNewMemberCommit {
		if t := p.Type; t != ProposalExternalInit && t != ProposalRemove && t != ProposalPSK {
			return invalid("proposal type %d in an external commit", t)
		}
	}
	if err := l.c.checkProposal(l.e, p, sender, l.founding); err != nil {
		return err
	}
	switch p.Type {
	case ProposalUpdate:
		if sender.Type != SenderMember || sender == l.committer {
			return invalid("Update by the committer or from outside")
		}
		return l.touch(sender.Index)
	case ProposalRemove:
		return l.remove(p.Removed)
	case ProposalPSK:
		return l.psk(p.PSK)
	case ProposalGroupContextExtensions:
		return once(&l.extensions, "GroupContextExtensions")
	case ProposalReInit:
		return once(&l.reinit, "ReInit")
	case ProposalExternalInit:
		if l.committer.Type != SenderNewMemberCommit {
			return invalid("ExternalInit in a member's commit")
		}
		return once(&l.externalInit, "ExternalInit")
	}
	return nil // Add: two of one client, or one already here, show as a key that stands twice
}

func (l *listCheck) remove(leaf uint32) error {
	if l.committer == memberSender(leaf) {
		return invalid("Remove of the committer")
	}
	if l.committer.Type == SenderNewMemberCommit && len(l.touched) > 0 {
		return invalid("external commit with two Removes")
	}
	return l.touch(leaf)
}

// touch allows one Update or Remove for each leaf.
func (l *listCheck) touch(leaf uint32) error {
	if l.touched[leaf] {
		return invalid("two proposals for leaf %d", leaf)
	}
	l.touched[leaf] = true
	return nil
}

func (l *listCheck) psk(id PSKID) error {
	encoded := marshal(&id)
	if slices.ContainsFunc(l.psks, func(o PSKID) bool { return bytes.Equal(marshal(&o), encoded) }) {
		return invalid("one PSK twice")
	}
	l.psks = append(l.psks, id)
	return nil
}

func once(seen *bool, what string) error {
	if *seen {
		return invalid("two %s proposals", what)
	}
	*seen = true
	return nil
}
