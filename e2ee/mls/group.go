package mls

import (
	"bytes"
	"crypto/hpke"
	"fmt"
	"slices"
)

// Group is one member's state of a group. It is for one goroutine at a time. Everything it returns is a copy.
type Group struct{ s *state }

// state is what a Group holds. Its keys sit behind a second pointer: fmt follows one, where a verb does not fit.
type state struct {
	c          *config
	now        *epoch
	past       []*epoch            // retired, the newest first
	proposals  []*storedProposal   // of this epoch, in order of arrival
	updates    []*ownUpdate        // Update proposals of ours, of this epoch
	pending    *pendingCommit      // made, not yet merged
	resumption []*resumptionSecret // of this and earlier epochs, the newest first
	reinit     *ReInit             // the last commit closed the group in favour of this one
	removed    bool                // the last commit removed us
	from       *state              // while a group is founded: the one it comes from
}

// storedProposal waits for a commit that refers to it.
type storedProposal struct {
	ref      []byte
	sender   Sender
	proposal *Proposal
}

// ownUpdate is what an Update of ours becomes once it is committed.
type ownUpdate struct {
	config *config
	key    hpke.PrivateKey
}

type resumptionSecret struct {
	epoch  uint64
	secret []byte
}

// Member is one member of the roster.
type Member struct {
	Leaf         uint32 // its index, which does not change while it is a member
	Credential   Credential
	SignatureKey []byte
	LeafNode     *LeafNode
}

// NewGroup creates a group with one member, at leaf 0 in epoch 0, and these GroupContext extensions (section 11).
func NewGroup(groupID []byte, cfg Config, extensions ...Extension) (*Group, error) {
	c, err := cfg.prepare(true)
	if err != nil {
		return nil, err
	}
	leaf, key, err := c.newLeaf()
	if err != nil {
		return nil, err
	}
	if err := c.checkLeafClaims(leaf); err != nil {
		return nil, err
	}
	if err := c.checkGroupExtensions(extensions); err != nil {
		return nil, err
	}
	t := newTree(leaf)
	if err := t.checkMembers(extensions); err != nil {
		return nil, err
	}
	context := groupContext{suite: c.suite.id, groupID: bytes.Clone(groupID), treeHash: t.treeHash(t.root()),
		transcriptHash: []byte{}, extensions: cloneExtensions(extensions)}
	e := newEpoch(c.suite, context, t, 0, privateTree{0: key}, randomBytes(hashSize))
	return newGroup(c, e), nil
}

func newGroup(c *config, e *epoch) *Group {
	g := &Group{&state{c: c}}
	g.s.enter(e)
	return g
}

// enter makes e the current epoch.
func (s *state) enter(e *epoch) {
	if s.now != nil {
		s.retire()
	}
	s.discard()
	s.now = e
	s.proposals, s.updates = nil, nil
	secret := &resumptionSecret{e.context.epoch, bytes.Clone(e.keys.resumption)}
	s.resumption = slices.Insert(s.resumption, 0, secret)
	for len(s.resumption) > max(s.c.Limits.Resumption, 0) {
		last := len(s.resumption) - 1
		clear(s.resumption[last].secret)
		s.resumption = s.resumption[:last]
	}
}

// retire moves the current epoch to the past, and destroys what is too old.
func (s *state) retire() {
	s.now.retire()
	s.past = slices.Insert(s.past, 0, s.now)
	for len(s.past) > max(s.c.Limits.PastEpochs, 0) {
		last := len(s.past) - 1
		s.past[last].destroy()
		s.past = s.past[:last]
	}
}

// usable reports why the group cannot be used any more, if so.
func (g *Group) usable() error {
	switch {
	case g.s == nil:
		return fmt.Errorf("%w: the group is destroyed", ErrState)
	case g.s.removed:
		return fmt.Errorf("%w: we have been removed", ErrState)
	case g.s.reinit != nil:
		return fmt.Errorf("%w: the group was closed by a ReInit", ErrState)
	}
	return nil
}

// GroupID is the name of the group.
func (g *Group) GroupID() []byte { return bytes.Clone(g.s.now.context.groupID) }

// Epoch is the number of the current epoch.
func (g *Group) Epoch() uint64 { return g.s.now.context.epoch }

// Suite is the group's cipher suite.
func (g *Group) Suite() Suite { return g.s.c.suite.id }

// OwnLeaf is this member's leaf index.
func (g *Group) OwnLeaf() uint32 { return g.s.now.own }

// Extensions are those of the GroupContext.
func (g *Group) Extensions() []Extension { return cloneExtensions(g.s.now.context.extensions) }

// Roster lists the members by leaf index.
func (g *Group) Roster() []Member {
	var list []Member
	for i := range g.s.now.tree.leaves {
		m, _ := g.s.now.member(i)
		list = append(list, m)
	}
	return list
}

// Member returns the member at a leaf, false if it is blank.
func (g *Group) Member(leaf uint32) (Member, bool) { return g.s.now.member(leaf) }

// EpochAuthenticator is 32 bytes that are equal for two members exactly if they are in the same state (section 8.7).
func (g *Group) EpochAuthenticator() []byte { return bytes.Clone(g.s.now.keys.authenticator) }

// Exporter derives a secret of this epoch for use outside MLS (section 8.5), of up to 8160 bytes.
func (g *Group) Exporter(label string, context []byte, length int) ([]byte, error) {
	if err := g.usable(); err != nil {
		return nil, err
	}
	if length < 0 || length > 255*hashSize {
		return nil, limited("an exported secret of %d bytes", length)
	}
	return g.s.now.keys.export(label, context, length), nil
}

// RatchetTree is the public tree, for those who join without it in their Welcome.
func (g *Group) RatchetTree() []byte { return marshal(g.s.now.tree) }

// ReInit is what the last commit closed the group for, nil if it did not.
func (g *Group) ReInit() *ReInit {
	if g.s.reinit == nil {
		return nil
	}
	r := *g.s.reinit
	return &r
}

// DropPast destroys the keys of earlier epochs at once: late application messages of theirs will not open.
func (g *Group) DropPast() {
	for _, e := range g.s.past {
		e.destroy()
	}
	g.s.past = nil
}

// Destroy zeroes the secrets of the group; after it, any other method panics or fails. It is a best effort: the Go
// runtime may have copied them, and private keys of crypto/hpke can only be dropped.
func (g *Group) Destroy() {
	if g.s == nil {
		return
	}
	g.DropPast()
	g.s.discard()
	for _, r := range g.s.resumption {
		clear(r.secret)
	}
	g.s.now.destroy()
	g.s = nil
}
