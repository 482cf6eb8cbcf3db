package mls

import "bytes"

// MessageOptions says how a message is sent. The zero value is an unpadded PrivateMessage.
type MessageOptions struct {
	Public            bool // a PublicMessage: signed, not encrypted; not for application data
	AuthenticatedData []byte
	Padding           int // zero bytes added to a PrivateMessage
}

// Protect encrypts application data to the group. By section 12.4 a member that knows of proposals should commit them
// first, or wait for the commit; this is left to the caller, who may not be the one to commit.
func (g *Group) Protect(data []byte, o MessageOptions) ([]byte, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	a := g.s.frame(contentApplication, o)
	a.content.application = data
	return g.s.signAndProtect(a, o)
}

// Propose sends a proposal to the group and keeps it for a commit, as all who receive it do. An Update is made by
// ProposeUpdate.
func (g *Group) Propose(p Proposal, o MessageOptions) ([]byte, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	s := g.s
	if len(s.proposals) >= s.c.Limits.Proposals {
		return nil, limited("%d proposals in one epoch", len(s.proposals))
	}
	if err := s.c.checkProposal(s.now, &p, memberSender(s.now.own), false); err != nil {
		return nil, err
	}
	a := s.frame(contentProposal, o)
	a.content.proposal = &p
	message, err := s.signAndProtect(a, o)
	if err != nil {
		return nil, err
	}
	s.proposals = append(s.proposals, &storedProposal{a.proposalRef(), a.content.sender, &p})
	return message, nil
}

// ProposeUpdate asks for new keys for our leaf, and for whatever else is to change in it. Another member must commit
// it.
func (g *Group) ProposeUpdate(l *LeafChange, o MessageOptions) ([]byte, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	s := g.s
	c, err := s.c.changed(l)
	if err != nil {
		return nil, err
	}
	key, err := c.suite.kem.GenerateKey()
	if err != nil {
		return nil, err
	}
	leaf := c.template()
	leaf.EncryptionKey = key.PublicKey().Bytes()
	leaf.Source = LeafUpdate
	if err := leaf.sign(c.suite, c.signer, s.now.context.groupID, s.now.own); err != nil {
		return nil, err
	}
	message, err := g.Propose(Proposal{Type: ProposalUpdate, Leaf: leaf}, o)
	if err != nil {
		return nil, err
	}
	s.updates = append(s.updates, &ownUpdate{c, key})
	return message, nil
}

// frame starts a message of ours.
func (s *state) frame(t contentType, o MessageOptions) *authenticatedContent {
	a := &authenticatedContent{format: wirePrivate, content: framedContent{groupID: s.now.context.groupID,
		epoch: s.now.context.epoch, sender: memberSender(s.now.own), authenticatedData: bytes.Clone(o.AuthenticatedData), contentType: t}}
	if o.Public {
		a.format = wirePublic
	}
	return a
}

func (s *state) signAndProtect(a *authenticatedContent, o MessageOptions) ([]byte, error) {
	if err := a.sign(s.c.suite, s.c.signer, s.now.encoded); err != nil {
		return nil, err
	}
	return s.protect(a, o.Public, o.Padding)
}

// protect encodes a signed message of ours with the keys of the current epoch.
func (s *state) protect(a *authenticatedContent, public bool, padding int) ([]byte, error) {
	if s.c.Policy.OnlyPrivate && public {
		return nil, refused("a handshake message in the clear")
	}
	if public {
		return protectPublic(*a, s.now.encoded, s.now.keys.membership)
	}
	return protectPrivate(a, s.now.messages, s.now.keys.senderData, padding)
}
