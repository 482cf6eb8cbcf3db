package mls

import (
	"bytes"
	"fmt"
)

// Handle takes a message of the group: application data, a proposal or a commit, encrypted or in the clear. On an error
// nothing has changed. Messages of our own are refused: our commits are merged; a commit of another that takes effect discards a
// pending one of ours. Application data of the last few epochs (Limits.PastEpochs) still opens; Received says which.
func (g *Group) Handle(message []byte) (*Received, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	s := g.s
	if len(message) > s.c.Limits.Message {
		return nil, limited("a message of %d bytes", len(message))
	}
	a, settle, err := s.unprotect(message)
	if err != nil {
		return nil, err
	}
	defer func() { settle(err == nil) }()
	r := &Received{Epoch: a.content.epoch, Sender: a.content.sender, AuthenticatedData: a.content.authenticatedData}
	switch a.content.contentType {
	case contentApplication:
		r.Kind, r.Application = ApplicationData, a.content.application
	case contentProposal:
		r.Kind, r.Proposal = ProposalReceived, a.content.proposal.clone()
		err = s.store(a)
	case contentCommit:
		r.Kind = CommitApplied
		r.Change, err = s.applyCommit(a)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// unprotect decodes, decrypts and authenticates a message. settle with true uses its key up.
func (s *state) unprotect(message []byte) (a *authenticatedContent, settle func(bool), err error) {
	r := &reader{b: message}
	switch format := readFormat(r); {
	case r.err != nil:
		return nil, nil, r.err
	case format == wirePublic:
		a, err = s.unprotectPublic(r)
		return a, func(bool) {}, err
	case format == wirePrivate:
		return s.unprotectPrivate(r)
	default:
		return nil, nil, fmt.Errorf("%w: wire format %d is not a message of a group", ErrMalformed, format)
	}
}

func (s *state) unprotectPublic(r *reader) (*authenticatedContent, error) {
	m := &publicMessage{}
	m.decode(r)
	if err := r.end(); err != nil {
		return nil, err
	}
	if s.c.Policy.OnlyPrivate {
		return nil, refused("a handshake message in the clear")
	}
	if err := s.c.Policy.checkSender(m.content.sender); err != nil {
		return nil, err
	}
	e, err := s.epochOf(m.content.groupID, m.content.epoch, m.content.contentType)
	if err != nil {
		return nil, err
	}
	if m.content.sender == memberSender(e.own) {
		return nil, invalid("a message of our own")
	}
	a, err := m.unprotect(e.encoded, e.keys.membership)
	if err != nil {
		return nil, err
	}
	return a, e.verify(s.c.suite, a)
}

func (s *state) unprotectPrivate(r *reader) (*authenticatedContent, func(bool), error) {
	m := &privateMessage{}
	m.decode(r)
	if err := r.end(); err != nil {
		return nil, nil, err
	}
	e, err := s.epochOf(m.groupID, m.epoch, m.contentType)
	if err != nil {
		return nil, nil, err
	}
	a, settle, err := m.unprotect(e.messages, e.keys.senderData, s.c.Limits)
	if err != nil {
		return nil, nil, err
	}
	if a.content.sender.Index == e.own {
		err = invalid("a message of our own")
	} else {
		err = e.verify(s.c.suite, a)
	}
	if err != nil {
		settle(false)
	}
	return a, settle, err
}

// epochOf finds the epoch of a message. Handshake messages must be of the current one (sections 12.1 and 12.4.2).
func (s *state) epochOf(groupID []byte, number uint64, t contentType) (*epoch, error) {
	if !bytes.Equal(groupID, s.now.context.groupID) {
		return nil, ErrWrongGroup
	}
	if number == s.now.context.epoch {
		return s.now, nil
	}
	if t == contentApplication {
		for _, e := range s.past {
			if e.context.epoch == number {
				return e, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: epoch %d while in %d", ErrEpoch, number, s.now.context.epoch)
}

// store keeps a proposal for a commit.
func (s *state) store(a *authenticatedContent) error {
	p, sender := a.content.proposal, a.content.sender
	if len(s.proposals) >= s.c.Limits.Proposals {
		return limited("%d proposals in one epoch", len(s.proposals))
	}
	if err := s.c.checkProposal(s.now, p, sender, false); err != nil {
		return err
	}
	ref := a.proposalRef()
	if s.stored(ref) == nil {
		s.proposals = append(s.proposals, &storedProposal{ref, sender, p})
	}
	return nil
}

// stored finds a proposal by its reference, nil if there is none.
func (s *state) stored(ref []byte) *storedProposal {
	for _, p := range s.proposals {
		if bytes.Equal(p.ref, ref) {
			return p
		}
	}
	return nil
}

// Proposals lists the proposals of this epoch that wait for a commit.
func (g *Group) Proposals() []ProposedBy {
	var list []ProposedBy
	for _, p := range g.s.proposals {
		list = append(list, ProposedBy{p.sender, *p.proposal.clone()})
	}
	return list
}

// DropProposals forgets the proposals that wait for a commit.
func (g *Group) DropProposals() { g.s.proposals, g.s.updates = nil, nil }
