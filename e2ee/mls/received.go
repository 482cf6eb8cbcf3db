package mls

// Kind says what Handle found in a message.
type Kind uint8

// What a message was.
const (
	ApplicationData  Kind = 1 // Application is what the member Sender said
	ProposalReceived Kind = 2 // Proposal waits for a commit
	CommitApplied    Kind = 3 // the group has changed as Change says
)

// Received is what Handle found in a message. It has been authenticated.
type Received struct {
	Kind              Kind
	Epoch             uint64 // in which it was sent
	Sender            Sender
	AuthenticatedData []byte // sent in the clear beside it
	Application       []byte
	Proposal          *Proposal
	Change            *Change
}

// Change is what a commit did to the group.
type Change struct {
	Epoch       uint64 // the new one
	Committer   Sender
	Added       []Member
	Removed     []Member // as they were
	Updated     []Member // with new keys; among them the committer, if it made a path
	RemovedSelf bool     // we are out; nothing more can be done with the group
	ReInit      *ReInit  // the group is closed in favour of this one; nil: it goes on
}

// describe tells what a change did. own is the committer's leaf after it.
func (ch *change) describe(next *epoch, committer Sender, own uint32, path bool) Change {
	d := Change{Epoch: next.context.epoch, Committer: committer, Removed: ch.removed, ReInit: ch.reinit}
	pick := func(leaves []uint32) (list []Member) {
		for _, leaf := range leaves {
			if m, ok := next.member(leaf); ok {
				list = append(list, m)
			}
		}
		return list
	}
	d.Added = pick(ch.added)
	d.Updated = pick(ch.updated)
	if path {
		if committer.Type == SenderNewMemberCommit {
			d.Added = append(d.Added, pick([]uint32{own})...)
		} else {
			d.Updated = append(d.Updated, pick([]uint32{own})...)
		}
	}
	return d
}
