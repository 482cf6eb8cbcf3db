package mls

import (
	"bytes"
	"crypto"
	"fmt"
	"maps"
)

// CommitOptions says what a commit is to hold and how it is sent. The zero value commits the proposals that have
// arrived, with a path only if they need one; if none have, it is the empty commit, which renews our keys.
type CommitOptions struct {
	// Proposals to include by value, before those that have arrived.
	Proposals []Proposal
	// OnlyThese leaves out the proposals that have arrived.
	OnlyThese bool
	// Path renews our keys even where the proposals do not need it.
	Path bool
	// Leaf changes our leaf; it makes a path. Nil: nothing but the keys changes.
	Leaf *LeafChange
	// Public sends the commit as PublicMessage: signed, not encrypted.
	Public bool
	// AuthenticatedData goes with the commit, in the clear.
	AuthenticatedData []byte
	// Padding is the number of zero bytes added to a PrivateMessage.
	Padding int
	// OmitTree leaves the ratchet tree out of the Welcome: joiners need it from elsewhere.
	OmitTree bool
	// ExternalPub puts the external_pub into the Welcome's GroupInfo.
	ExternalPub bool

	founding bool // the first commit of a branched or reinitialised group
}

// LeafChange says what is to change in our leaf. Nil fields stay as they are.
type LeafChange struct {
	Signer       crypto.Signer
	Credential   *Credential
	Capabilities *Capabilities
	Extensions   []Extension
}

// Commit is what a committer sends out.
type Commit struct {
	Message []byte // for all members
	Welcome []byte // for those who were added; nil if none were
	Change  Change // what it does
}

// pendingCommit is a commit of ours that has not yet taken effect.
type pendingCommit struct {
	message []byte
	next    *epoch
	config  *config
	change  *Change
	reinit  *ReInit
}

// changed is the config after a change of our leaf.
func (c *config) changed(l *LeafChange) (*config, error) {
	if l == nil {
		return c, nil
	}
	n := *c
	if l.Signer != nil {
		n.Signer, n.signer = l.Signer, l.Signer
	}
	if l.Credential != nil {
		n.Credential = l.Credential.clone()
	}
	if l.Capabilities != nil {
		n.caps = l.Capabilities.clone()
	}
	if l.Extensions != nil {
		n.LeafExtensions = cloneExtensions(l.Extensions)
	}
	return &n, n.checkSigner()
}

// Commit makes a commit and keeps it pending: the group changes when Merge is called, once the commit is known to have
// been accepted, or not at all after Discard. A pending commit made before is discarded.
func (g *Group) Commit(o CommitOptions) (*Commit, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	g.Discard()
	s := g.s
	c, err := s.c.changed(o.Leaf)
	if err != nil {
		return nil, err
	}
	m := &commitMaker{c: c, signer: s.c.signer, old: s.now, committer: memberSender(s.now.own), options: o}
	defer m.destroy()
	m.collect(s.proposals)
	if err := m.apply(); err != nil {
		return nil, err
	}
	m.private = s.now.clonePrivate()
	m.initSecret = s.now.keys.initSecret
	if err := m.finish(s); err != nil {
		return nil, err
	}
	out := &Commit{Change: m.describe()}
	if out.Message, err = s.protect(&m.content, o.Public, o.Padding); err == nil {
		out.Welcome, err = m.welcome()
	}
	if err != nil {
		m.next.destroy()
		return nil, err
	}
	s.pending = &pendingCommit{out.Message, m.next, m.c, &out.Change, m.ch.reinit}
	return out, nil
}

// Merge makes the pending commit's epoch the current one.
func (g *Group) Merge() (*Change, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	p := g.s.pending
	if p == nil {
		return nil, fmt.Errorf("%w: no commit is pending", ErrState)
	}
	g.s.pending = nil
	g.s.advance(p.config, p.next, p.change, p.reinit)
	return p.change, nil
}

// Discard forgets the pending commit, if there is one.
func (g *Group) Discard() {
	if g.s != nil {
		g.s.discard()
	}
}

func (s *state) discard() {
	if s.pending != nil {
		s.pending.next.destroy()
		s.pending = nil
	}
}

// Pending reports whether a commit of ours waits for Merge or Discard.
func (g *Group) Pending() bool { return g.s.pending != nil }

// advance enters the next epoch. What a removed member sent late is not heard any more.
func (s *state) advance(c *config, next *epoch, change *Change, reinit *ReInit) {
	s.c, s.reinit = c, reinit
	s.enter(next)
	for _, e := range s.past {
		for _, m := range change.Removed {
			e.messages.drop(m.Leaf)
		}
	}
}

// commitMaker builds one commit, a member's or an external one.
type commitMaker struct {
	c          *config       // as it is after the commit
	signer     crypto.Signer // who signs the commit: the old key
	old        *epoch
	committer  Sender
	own        uint32 // our leaf after the commit
	options    CommitOptions
	refs       []proposalOrRef
	list       []ProposedBy
	ch         *change
	private    privateTree
	initSecret []byte
	path       *newPath
	psk        []byte
	joiner     []byte
	member     []byte
	content    authenticatedContent
	next       *epoch
}

// collect takes the proposals given by value, and of those that have arrived what can be committed with them: no
// Update of our own, one proposal for a leaf (a Remove before an Update, the last Update of several), and a ReInit only
// alone (section 12.2).
func (m *commitMaker) collect(arrived []*storedProposal) {
	for i := range m.options.Proposals {
		p := m.options.Proposals[i]
		m.refs = append(m.refs, proposalOrRef{proposal: &p})
		m.list = append(m.list, ProposedBy{m.committer, p})
	}
	if m.options.OnlyThese {
		return
	}
	for _, p := range selectProposals(m.list, arrived, m.committer) {
		m.refs = append(m.refs, proposalOrRef{reference: p.ref})
		m.list = append(m.list, ProposedBy{p.sender, *p.proposal})
	}
}

func (m *commitMaker) apply() (err error) {
	m.ch, err = m.c.apply(m.old, m.list, m.committer, m.options.founding)
	if err != nil {
		return err
	}
	m.own = m.old.own
	if f := m.c.Policy.Commit; f != nil {
		info := CommitInfo{m.old.context.epoch, m.committer, m.list, m.wantsPath()}
		if err := f(info); err != nil {
			return refused("commit: %w", err)
		}
	}
	return nil
}

func (m *commitMaker) wantsPath() bool {
	return m.ch.needsPath || m.options.Path || m.options.Leaf != nil
}

// finish makes the path, signs the commit, and derives the next epoch.
func (m *commitMaker) finish(keys pskSource) (err error) {
	body := &commit{proposals: m.refs}
	context := m.old.context
	context.epoch++
	context.extensions = m.ch.extensions
	commitSecret := make([]byte, hashSize)
	if m.wantsPath() {
		if err := m.makePath(body, &context); err != nil {
			return err
		}
		commitSecret = m.path.commitSecret()
	}
	if err := m.ch.tree.checkMembers(context.extensions); err != nil {
		return err
	}
	context.treeHash = m.ch.tree.treeHash(m.ch.tree.root())
	if m.psk, err = pskFor(keys, m.ch.psks); err != nil {
		return err
	}
	m.content = authenticatedContent{format: wirePrivate, content: framedContent{groupID: context.groupID,
		epoch: m.old.context.epoch, sender: m.committer, authenticatedData: bytes.Clone(m.options.AuthenticatedData),
		contentType: contentCommit, commit: body}}
	if m.options.Public || m.committer.Type != SenderMember {
		m.content.format = wirePublic
	}
	if err := m.content.sign(m.c.suite, m.signer, m.old.encoded); err != nil {
		return err
	}
	context.transcriptHash = confirmedTranscript(m.old.interim, &m.content)
	m.joiner = joinerSecret(m.initSecret, commitSecret, marshal(&context))
	m.member = memberSecret(m.joiner, m.psk)
	secret := epochSecret(m.member, marshal(&context))
	m.private.keep(m.ch.tree)
	m.next = newEpoch(m.c.suite, context, m.ch.tree, m.own, m.private, secret)
	m.content.auth.confirmationTag = m.next.confirmationTag
	return nil
}

func (m *commitMaker) makePath(body *commit, context *groupContext) (err error) {
	t := m.ch.tree
	m.path, err = m.c.suite.makePath(t, m.own, m.c.template(), m.ch.added, func(l *LeafNode) error {
		if err := m.c.checkLeafClaims(l); err != nil {
			return err
		}
		if old := m.old.tree.leafAt(m.own); m.committer.Type == SenderMember {
			if err := m.c.checkSuccessor(old, l); err != nil {
				return err
			}
		}
		return l.sign(m.c.suite, m.c.signer, context.groupID, m.own)
	})
	if err != nil {
		return err
	}
	maps.Copy(m.private, m.path.private)
	context.treeHash = t.treeHash(t.root())
	body.path, err = m.path.encrypt(m.c.suite, t, marshal(context))
	return err
}

// destroy zeroes the secrets that the next epoch and the Welcome came from.
func (m *commitMaker) destroy() {
	clear(m.psk)
	clear(m.joiner)
	clear(m.member)
	if m.path != nil {
		m.path.destroy()
	}
}

// welcome makes the Welcome for those who were added, nil if none were.
func (m *commitMaker) welcome() ([]byte, error) {
	if len(m.ch.added) == 0 {
		return nil, nil
	}
	s := m.c.suite
	extensions, err := m.next.infoExtensions(s, !m.options.OmitTree, m.options.ExternalPub)
	if err != nil {
		return nil, err
	}
	info := m.next.groupInfo(extensions)
	if err := info.sign(s, m.c.signer); err != nil {
		return nil, err
	}
	k := s.welcomeKeys(m.member)
	defer k.destroy()
	w := &welcome{suite: s.id}
	if w.groupInfo, err = s.seal(k.key, k.nonce, marshal(info), nil); err != nil {
		return nil, err
	}
	err = w.seal(s, m.ch.packages, func(i int) groupSecrets {
		g := groupSecrets{joiner: m.joiner, psks: m.ch.psks}
		if m.path != nil {
			g.pathSecret = m.path.secretFor(m.own, m.ch.added[i])
		}
		return g
	})
	if err != nil {
		return nil, err
	}
	return marshalMessage(wireWelcome, w), nil
}

// describe tells what the commit does.
func (m *commitMaker) describe() Change {
	return m.ch.describe(m.next, m.committer, m.own, m.path != nil)
}
