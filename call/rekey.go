package call

import (
	"errors"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/media"
)

// makeGroup answers the Accept that counts.
func (l *loop) makeGroup(h hash) {
	if l.accept == nil || l.accept.hash != h {
		l.fail(AuthFailed, errAuth)
		return
	}
	if err := l.keys.found(l.accept); err != nil {
		l.fail(AuthFailed, err)
		return
	}
	l.grouped(e2ee.SAS(l.keys.nonce, [nonceSize]byte(l.accept.body.Nonce), l.keys.hInvite, l.keys.hAccept))
}

// join takes the Welcome that counts.
func (l *loop) join(h hash) {
	if l.welcome == nil || l.welcome.hash != h {
		l.fail(AuthFailed, errAuth)
		return
	}
	if err := l.keys.joined(l.welcome); err != nil {
		l.fail(AuthFailed, err)
		return
	}
	l.grouped(e2ee.SAS([nonceSize]byte(l.welcome.body.Nonce), l.keys.nonce, l.keys.hInvite, l.keys.hAccept))
	conn, theirs := l.conn, l.welcome.body.Candidates
	l.worker.do(func(*worker) task { addAll(conn, theirs); return nil })
	l.trickle()
	for _, b := range l.early {
		l.groupMessage(b)
	}
	l.early = nil
}

// grouped publishes who is in the group, and the emoji.
func (l *loop) grouped(sas [6]byte) {
	l.feed(l.keys.epoch())
	roster := l.roster()
	l.call.change(func(v *view) {
		v.emoji, v.checked = e2ee.EmojiOf(sas), true
		v.roster, v.epoch = roster, l.keys.group.Epoch()
	})
	for _, p := range roster {
		if !p.Self {
			l.emit(ParticipantJoined{p})
		}
	}
}

func (l *loop) roster() []Participant {
	var list []Participant
	for _, m := range l.keys.group.Roster() {
		p := Participant{ID: e2ee.ID(m.Credential.Identity), Leaf: m.Leaf, Self: m.Leaf == l.keys.group.OwnLeaf()}
		if !p.Self {
			p.Name, p.Verified = l.client.verifiedAt(p.ID)
		}
		list = append(list, p)
	}
	return list
}

// Commits are taken no faster than this. Each is new keys, an event, and a trace of the keys that is kept for the call;
// the committer repeats what was left out each second.
const (
	commitPause = 250 * time.Millisecond
	commitBurst = 8
)

// groupMessage takes an MLS message: something said in the call, a proposal, or a commit.
func (l *loop) groupMessage(b []byte) {
	if mls.IsCommit(b) && !l.commits.allow(time.Now(), commitPause, commitBurst) {
		l.drop()
		return
	}
	r, err := l.keys.group.Handle(b)
	if err != nil {
		l.drop()
		return
	}
	switch r.Kind {
	case mls.ApplicationData:
		if r.Sender.Type != mls.SenderMember || r.Sender.Index != l.keys.theirLeaf() || l.inCall(r.Application) != nil {
			l.drop()
		}
	case mls.ProposalReceived:
		if l.machine.role != caller || r.Proposal == nil || r.Proposal.Type != mls.ProposalUpdate {
			l.keys.group.DropProposals() // checkCommit would refuse it in every Commit of ours: no keys were ever renewed
			l.drop()
			return
		}
		l.step(inRenew{}) // the Commit takes up the other side's Update
	case mls.CommitApplied:
		l.newEpoch()
	}
}

// newEpoch installs the receive keys of an epoch before anybody hears of it.
func (l *loop) newEpoch() {
	if err := l.keys.install(); err != nil {
		l.step(inFault{AuthFailed, err})
		return
	}
	l.feed(l.keys.epoch())
	l.step(nil)
}

// commit starts a new epoch. Our receive keys of it are installed before the Commit leaves; we go on sending with the
// old ones until the other side has acknowledged, or for a second.
func (l *loop) commit() {
	c, err := l.keys.group.Commit(mls.CommitOptions{})
	if err == nil {
		_, err = l.keys.group.Merge()
	}
	if err != nil {
		l.client.config.Logger.Warn("new keys could not be made", "error", err)
		return
	}
	if err := l.keys.install(); err != nil {
		l.fail(AuthFailed, err)
		return
	}
	l.keys.committed = c.Message
	l.handshake(c.Message)
	l.feed(l.keys.epoch())
}

// update asks the committer for new keys.
func (l *loop) update() {
	b, err := l.keys.group.ProposeUpdate(nil, mls.MessageOptions{})
	if err != nil {
		l.client.config.Logger.Warn("new keys could not be asked for", "error", err)
		return
	}
	l.insist(b)
}

// switchTo seals with the keys of this epoch from now on. Both sides want a picture that needs no earlier one.
func (l *loop) switchTo(epoch uint64) {
	if err := l.keys.frames.SwitchSend(epoch); err != nil {
		l.fail(AuthFailed, err)
		return
	}
	if l.flowing {
		l.conn.ForceKeyFrames()
		l.conn.RequestKeyFrames()
	}
	if old := l.call.look().epoch; epoch > old {
		l.call.change(func(v *view) { v.epoch = epoch })
		l.emit(KeysChanged{epoch})
	}
}

// classify tells the connection why a frame was not opened, in its words.
func classify(err error) media.Failure {
	switch {
	case errors.Is(err, e2ee.ErrNoKey):
		return media.FailNoKey
	case errors.Is(err, e2ee.ErrReplay):
		return media.FailReplay
	case errors.Is(err, e2ee.ErrAuthentication):
		return media.FailAuthentication
	case errors.Is(err, e2ee.ErrUndeclared), errors.Is(err, e2ee.ErrWrongSender):
		return media.FailUndeclared
	case errors.Is(err, e2ee.ErrMalformed):
		return media.FailMalformed
	}
	return media.FailOther
}
