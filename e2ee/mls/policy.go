package mls

import (
	"slices"
	"time"
)

// Policy narrows RFC 9420 to what an application needs. It is enforced on what arrives and on what is made, at Join and
// at every proposal and commit. The zero value allows everything that the RFC allows.
type Policy struct {
	// Proposals that may be in a commit or be sent. Nil: all.
	Proposals []ProposalType
	// Capabilities that every leaf must declare, exactly. Nil: any.
	Capabilities *Capabilities
	// LeafExtensions that every leaf must carry, exactly these types in this order. Nil: any.
	LeafExtensions []ExtensionType
	// MaxLifetime is the longest NotAfter − NotBefore of a leaf. Zero: any.
	MaxLifetime time.Duration
	// NoGroupExtensions refuses groups whose GroupContext has extensions.
	NoGroupExtensions bool
	// NoExternal refuses external commits, external proposals, and GroupInfo with an external_pub.
	NoExternal bool
	// OnlyPrivate refuses handshake messages in the clear (PublicMessage).
	OnlyPrivate bool
	// Leaf decides on each leaf that is new, after the checks above. Nil: accept.
	Leaf func(l *LeafNode) error
	// Successor decides whether a member may go on under another credential. Nil: its credential may not change.
	Successor func(old, next Credential) error
	// ExpiredLeaves lets leaves into a group that we join whose lifetime has ended since they were added.
	ExpiredLeaves bool
	// Commit decides on a commit that has been authenticated, before anything changes, and on our own. It must not
	// change what it is shown. Nil: accept.
	Commit func(c CommitInfo) error
}

// CommitInfo is what Policy.Commit decides on.
type CommitInfo struct {
	Epoch     uint64       // the epoch that the commit would end
	Sender    Sender       // the committer
	Proposals []ProposedBy // in the commit's order
	Path      bool         // whether it renews the committer's keys
}

// ProposedBy is a proposal and who sent it.
type ProposedBy struct {
	Sender   Sender
	Proposal Proposal
}

func (p *Policy) allows(t ProposalType) error {
	if p.Proposals != nil && !slices.Contains(p.Proposals, t) {
		return refused("proposal type %d", t)
	}
	return nil
}

func (p *Policy) checkLeaf(l *LeafNode) error {
	if p.Capabilities != nil && !l.Capabilities.Equal(*p.Capabilities) {
		return refused("leaf with other capabilities")
	}
	if p.LeafExtensions != nil && !slices.EqualFunc(l.Extensions, p.LeafExtensions,
		func(e Extension, t ExtensionType) bool { return e.Type == t }) {
		return refused("leaf with other extensions")
	}
	if l.Source == LeafKeyPackage && p.MaxLifetime > 0 {
		if n := l.Lifetime.NotAfter - l.Lifetime.NotBefore; n > uint64(p.MaxLifetime/time.Second) {
			return refused("leaf lifetime too long")
		}
	}
	if p.Leaf == nil {
		return nil
	}
	if err := p.Leaf(l.clone()); err != nil {
		return refused("leaf: %w", err)
	}
	return nil
}

// checkSender applies to every handshake message.
func (p *Policy) checkSender(s Sender) error {
	if p.NoExternal && s.Type != SenderMember {
		return refused("sender from outside the group")
	}
	return nil
}

// checkGroupExtensions applies to GroupContext extensions: at creation, on joining, and when they are to change. The
// credentials of external senders are authenticated like those of members (section 5.3.1).
func (c *config) checkGroupExtensions(list []Extension) error {
	if c.Policy.NoGroupExtensions && len(list) > 0 {
		return refused("GroupContext extensions")
	}
	if err := checkExtensions(list); err != nil {
		return err
	}
	data, ok := findExtension(list, ExtensionExternalSenders)
	if !ok {
		return nil
	}
	senders, err := parseExternalSenders(data)
	if err != nil {
		return err
	}
	for _, s := range senders {
		if err := c.Authenticate(s.Credential, s.SignatureKey); err != nil {
			return unauthentic("external sender: %w", err)
		}
	}
	return nil
}

// Limits bound memory and work. Zero means the default, for all but PastEpochs also in the sense that there is no
// "unlimited".
type Limits struct {
	Members    uint32 // members and blank places of the tree, rounded up to a power of two; 4096, at most 2^16
	Message    int    // bytes of one message; 8 MiB
	Forward    uint32 // generations that one message may skip; 1024
	Skipped    int    // keys of skipped messages kept for each sender; 1024
	Proposals  int    // proposals kept in an epoch; 4096
	PastEpochs int    // epochs whose late application messages still open; 0 means 3, negative none
	Resumption int    // epochs whose resumption PSK is kept; 16, negative none
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Members, 4096)
	l.Members = min(l.Members, 1<<16)
	setDefault(&l.Message, 8<<20)
	setDefault(&l.Forward, 1024)
	setDefault(&l.Skipped, 1024)
	setDefault(&l.Proposals, 4096)
	setDefault(&l.PastEpochs, 3)
	setDefault(&l.Resumption, 16)
	return l
}

func setDefault[T int | uint32](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
