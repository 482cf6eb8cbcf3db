package mls

import (
	"maps"
	"slices"
)

// commitReader processes one commit of another (section 12.4.2).
type commitReader struct {
	s         *state
	a         *authenticatedContent
	commit    *commit
	committer Sender
	leaf      uint32 // the committer's, after the commit
	ch        *change
	private   privateTree
	config    *config
	context   groupContext
	resync    []ProposedBy
}

// applyCommit processes a commit that has been authenticated, and enters the next epoch.
func (s *state) applyCommit(a *authenticatedContent) (*Change, error) {
	r := &commitReader{s: s, a: a, commit: a.content.commit, committer: a.content.sender, config: s.c}
	if err := r.apply(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(r.ch.removed, func(m Member) bool { return m.Leaf == s.now.own }) {
		return s.leave(r), nil
	}
	next, err := r.finish()
	if err != nil {
		return nil, err
	}
	change := r.ch.describe(next, r.committer, r.leaf, r.commit.path != nil)
	s.advance(r.config, next, &change, r.ch.reinit)
	return &change, nil
}

// leave ends the group for one who has been removed: the next epoch's keys are not for us, and this epoch's are no
// longer of use. Only the signature vouches for the commit, since its confirmation tag is out of our reach.
func (s *state) leave(r *commitReader) *Change {
	s.removed = true
	s.discard()
	for _, e := range s.past {
		e.destroy()
	}
	s.past = nil
	s.now.messages.destroy()
	clear(s.now.keys.initSecret)
	clear(s.now.private)
	return &Change{Epoch: s.now.context.epoch + 1, Committer: r.committer, Removed: r.ch.removed, RemovedSelf: true}
}

// apply resolves the proposals, asks the policy, and applies them to a copy of the tree.
func (r *commitReader) apply() error {
	list, err := r.resolve()
	if err != nil {
		return err
	}
	if r.ch, err = r.s.c.apply(r.s.now, list, r.committer, false); err != nil {
		return err
	}
	if r.ch.needsPath && r.commit.path == nil {
		return invalid("commit without the path that it needs")
	}
	r.resync = list
	if f := r.s.c.Policy.Commit; f != nil {
		if err := f(CommitInfo{r.s.now.context.epoch, r.committer, list, r.commit.path != nil}); err != nil {
			return refused("commit: %w", err)
		}
	}
	return nil
}

// resolve finds the proposals that the commit names.
func (r *commitReader) resolve() ([]ProposedBy, error) {
	var list []ProposedBy
	for _, p := range r.commit.proposals {
		if p.proposal != nil {
			list = append(list, ProposedBy{r.committer, *p.proposal})
			continue
		}
		if r.committer.Type != SenderMember {
			return nil, invalid("external commit with a proposal by reference")
		}
		stored := r.s.stored(p.reference)
		if stored == nil {
			return nil, ErrUnknown
		}
		list = append(list, ProposedBy{stored.sender, *stored.proposal})
	}
	return list, nil
}

// finish merges the path, derives the next epoch and compares the confirmation tag.
func (r *commitReader) finish() (next *epoch, err error) {
	old, s := r.s.now, r.s.c.suite
	r.private = old.clonePrivate()
	r.adoptUpdate()
	r.context = old.context
	r.context.epoch++
	r.context.extensions = r.ch.extensions
	commitSecret := make([]byte, hashSize)
	if r.commit.path != nil {
		commitSecret, err = r.mergePath()
		defer clear(commitSecret)
		if err != nil {
			return nil, err
		}
	}
	t := r.ch.tree
	if err := t.checkMembers(r.context.extensions); err != nil {
		return nil, err
	}
	psk, err := pskFor(r.s, r.ch.psks)
	if err != nil {
		return nil, err
	}
	defer clear(psk)
	initSecret := old.keys.initSecret
	if r.ch.externalInit != nil {
		if initSecret, err = s.externalInitSecret(old.keys, r.ch.externalInit); err != nil {
			return nil, err
		}
		defer clear(initSecret)
	}
	r.context.treeHash = t.treeHash(t.root())
	r.context.transcriptHash = confirmedTranscript(old.interim, r.a)
	context := marshal(&r.context)
	joiner := joinerSecret(initSecret, commitSecret, context)
	defer clear(joiner)
	member := memberSecret(joiner, psk)
	defer clear(member)
	r.private.keep(t)
	next = newEpoch(s, r.context, t, old.own, r.private, epochSecret(member, context))
	if !equalMAC(next.confirmationTag, r.a.auth.confirmationTag) {
		next.destroy()
		return nil, unauthentic("confirmation tag")
	}
	return next, nil
}

// adoptUpdate takes over the key and the config of our own Update, if this commit holds one.
func (r *commitReader) adoptUpdate() {
	own := r.s.now.own
	leaf := r.ch.tree.leafAt(own)
	for _, u := range r.s.updates {
		if string(u.key.PublicKey().Bytes()) == string(leaf.EncryptionKey) {
			r.private[leafNode(own)] = u.key
			r.config = u.config
		}
	}
}

// mergePath puts the path into the tree and decrypts what it holds for us.
func (r *commitReader) mergePath() ([]byte, error) {
	t, c, u := r.ch.tree, r.s.c, r.commit.path
	if err := r.placeCommitter(); err != nil {
		return nil, err
	}
	steps, err := c.suite.mergePath(t, r.leaf, u, r.ch.added)
	if err != nil {
		return nil, err
	}
	r.private.keep(t)
	context := r.context
	context.treeHash = t.treeHash(t.root())
	private := maps.Clone(r.private)
	secret, err := c.suite.openPath(t, steps, r.s.now.own, private, u, r.ch.added, marshal(&context))
	r.private = private
	return secret, err
}

// placeCommitter finds the committer's leaf and validates the one that takes its place. An external joiner is put at
// the leftmost blank leaf.
func (r *commitReader) placeCommitter() error {
	c, u, old := r.s.c, r.commit.path, r.s.now
	if r.committer.Type == SenderMember {
		r.leaf = r.committer.Index
		return c.checkUpdate(old, u.leaf, LeafCommit, r.leaf)
	}
	if u.leaf.Source != LeafCommit {
		return invalid("leaf with source %d in a path", u.leaf.Source)
	}
	for _, p := range r.resync {
		if p.Proposal.Type == ProposalRemove {
			if err := c.checkSuccessor(old.tree.leafAt(p.Proposal.Removed), u.leaf); err != nil {
				return err
			}
		}
	}
	r.leaf = r.ch.tree.reserve()
	if r.ch.tree.width() > fullWidth(c.Limits.Members) {
		return limited("a tree of %d leaves", r.ch.tree.width())
	}
	return c.checkLeaf(u.leaf, old.context.groupID, r.leaf)
}
