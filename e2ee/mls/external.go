package mls

import (
	"bytes"
	"crypto"
	"fmt"
)

// GroupInfoOptions say what a GroupInfo is to hold.
type GroupInfoOptions struct {
	OmitTree    bool // leave the ratchet tree out
	ExternalPub bool // allow external commits with it
}

// GroupInfo describes the current epoch, signed by us, for ExternalJoin (section 12.4.3).
func (g *Group) GroupInfo(o GroupInfoOptions) ([]byte, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	s := g.s
	if o.ExternalPub && s.c.Policy.NoExternal {
		return nil, refused("external_pub")
	}
	extensions, err := s.now.infoExtensions(s.c.suite, !o.OmitTree, o.ExternalPub)
	if err != nil {
		return nil, err
	}
	info := s.now.groupInfo(extensions)
	if err := info.sign(s.c.suite, s.c.signer); err != nil {
		return nil, err
	}
	return marshalMessage(wireGroupInfo, info), nil
}

// ExternalJoinOptions are what ExternalJoin needs besides the GroupInfo.
type ExternalJoinOptions struct {
	RatchetTree       []byte     // where the GroupInfo does not hold it
	PSKs              []Proposal // ExternalPSK or ResumptionPSK
	Resync            bool       // replace our former leaf, the one with our credential
	AuthenticatedData []byte
	Exists            func(groupID []byte) bool
}

// ExternalJoin enters a group without being added, by a commit of its own (section 12.4.3.2), to which cfg's Policy
// and all members must agree. It returns the commit for the members; the group counts once they have accepted it.
func ExternalJoin(groupInfoMessage []byte, cfg Config, o ExternalJoinOptions) (*Group, []byte, error) {
	c, err := cfg.prepare(true)
	if err != nil {
		return nil, nil, err
	}
	if len(groupInfoMessage) > c.Limits.Message {
		return nil, nil, limited("a message of %d bytes", len(groupInfoMessage))
	}
	info := &groupInfo{}
	if err := unmarshalMessage(groupInfoMessage, wireGroupInfo, info); err != nil {
		return nil, nil, err
	}
	t, err := info.ratchetTree(o.RatchetTree, c.Limits)
	if err != nil {
		return nil, nil, err
	}
	if err := c.checkInfo(info, t, JoinOptions{Exists: o.Exists}); err != nil {
		return nil, nil, err
	}
	m, err := c.externalCommit(info, t, o)
	if err != nil {
		return nil, nil, err
	}
	message, err := protectPublic(m.content, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	return newGroup(c, m.next), message, nil
}

// externalCommit builds the joiner's commit on the epoch that the GroupInfo describes.
func (c *config) externalCommit(info *groupInfo, t *tree, o ExternalJoinOptions) (*commitMaker, error) {
	pub, err := info.externalPub()
	if err != nil {
		return nil, err
	}
	kemOutput, initSecret, err := c.suite.externalInit(pub)
	if err != nil {
		return nil, err
	}
	defer clear(initSecret)
	old := &epoch{context: info.context, encoded: marshal(&info.context), tree: t,
		interim: interimTranscript(info.context.transcriptHash, info.confirmationTag)}
	proposals := append([]Proposal{{Type: ProposalExternalInit, ExternalInit: kemOutput}}, o.PSKs...)
	if o.Resync {
		leaf, ok := t.client(c.Credential)
		if !ok {
			return nil, fmt.Errorf("%w: no former leaf of ours", ErrUnknown)
		}
		proposals = append(proposals, Remove(leaf))
	}
	m := &commitMaker{c: c, signer: c.signer, old: old, committer: Sender{Type: SenderNewMemberCommit}, initSecret: initSecret,
		private: privateTree{}, options: CommitOptions{Proposals: proposals, AuthenticatedData: o.AuthenticatedData}}
	defer m.destroy()
	m.collect(nil)
	if err := m.apply(); err != nil {
		return nil, err
	}
	m.own = m.ch.tree.reserve()
	return m, m.finish(c)
}

// client finds the member with that credential.
func (t *tree) client(c Credential) (uint32, bool) {
	for i, l := range t.leaves {
		if l.Credential.Equal(c) {
			return i, true
		}
	}
	return 0, false
}

// Outsider signs proposals for a group that it is not a member of (section 12.1.8).
type Outsider struct {
	Suite   Suite
	GroupID []byte
	Epoch   uint64
	Signer  crypto.Signer
}

// Propose makes a proposal by the external sender at that place of the group's external_senders extension.
func (o Outsider) Propose(index uint32, p Proposal) ([]byte, error) {
	if !p.Type.fromOutside() {
		return nil, invalid("proposal type %d from outside", p.Type)
	}
	return o.propose(Sender{SenderExternal, index}, p)
}

// ProposeSelf asks the group to add the one who signs: the owner of the KeyPackage.
func (o Outsider) ProposeSelf(kp *KeyPackage) ([]byte, error) {
	return o.propose(Sender{Type: SenderNewMemberProposal}, Add(kp))
}

func (o Outsider) propose(sender Sender, p Proposal) ([]byte, error) {
	s, err := o.Suite.lookup()
	if err != nil {
		return nil, err
	}
	if err := p.complete(); err != nil {
		return nil, err
	}
	a := authenticatedContent{format: wirePublic, content: framedContent{groupID: bytes.Clone(o.GroupID), epoch: o.Epoch,
		sender: sender, contentType: contentProposal, proposal: &p}}
	if err := a.sign(s, o.Signer, nil); err != nil {
		return nil, err
	}
	return protectPublic(a, nil, nil)
}
