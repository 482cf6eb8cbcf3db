package mls_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// A model of how the members of a call agree on one state: one committer, acknowledgements, and rejoining after a
// fork. The groups are real; the network, the clock (one step is a second) and the envelopes are modelled. The rule:
//
//   - The committer in a view is the lowest leaf that is not gone. Gone is who has been silent for 20 s, or has not come
//     into our epoch for as long.
//   - A commit is accepted from a leaf that is not above any leaf that is not gone; the first of an epoch counts. The
//     committer sends it again each second to whom it concerns, until an Ack of the new epoch has come.
//   - Each second until it is acknowledged, and every 5 s, a member sends Ack{epoch, authenticator, who committed it, the
//     committer in its view} to every peer, also to those who have been removed for silence.
//   - The anchor of a view is the lowest identity that has been heard in the last 20 s, or ourselves. Who is not in the
//     anchor's state for 8 s asks the anchor's committer to be let in, again every 10 s. Until a Welcome comes it keeps
//     its state, in which it commits nothing; if the anchor falls silent, it goes on there.
//   - Two states of one epoch, made from one state by one committer: it equivocates. Who sees it tells all, by its own
//     Ack of that epoch, and ends the call.
//
// The first form of this rule compared the committers' leaves of two branches, and did not converge: branches of unequal
// length compare differently in each epoch; whoever was let in first got the lowest leaf and so became the committer;
// halves that had removed each other never spoke again; and members who dropped their keys before they were let in were
// left with nothing when the committer crashed just then. The lowest identity that lives is in one state only, and it
// never moves: so all others come to it.
//
// What holds, as tested below: members that can reach each other are in one state 120 s after the last fault, and its
// roster is who lives; nobody follows a commit from above the committer; an equivocation ends the call for all who can
// reach someone of the other half. What does not: the lowest identity makes all others rejoin even if it is alone; and
// while a partition lasts, each part goes on by itself.
const (
	goneAfter = 20
	outAfter  = 8  // out of the anchor's state
	askAgain  = 10 // more than a Rejoin and a Welcome take: a later KeyPackage makes the earlier useless
	settleIn  = 120
)

type world struct {
	t       *testing.T
	r       *rand.Rand
	now     int
	peers   []*peer
	queue   []letter
	side    []int // partition: letters pass only within one side
	loss    float64
	hostile int // a peer that equivocates; -1: none
}

// letter is an envelope: its sender is authentic.
type letter struct {
	at, from, to int
	ack          *ack
	commit       []byte
	epoch        uint64 // of the commit
	rejoin       *mls.KeyPackage
	welcome      []byte
}

// ack says in which state its sender is.
type ack struct {
	epoch uint64
	lead  int // the committer in the sender's view
	mark
}

// mark is one state of the past.
type mark struct {
	authenticator string
	committer     int
}

type peer struct {
	w       *world
	id      int
	cfg     mls.Config
	group   *mls.Group // nil while it waits to be let in
	crashed bool
	failed  bool
	heard   map[int]int
	latest  map[int]*ack
	acked   map[int]uint64 // the last epoch in which a peer was with us
	waiting map[int]int    // since when we wait for it to come into ours
	history map[uint64]mark
	commits map[uint64][]byte // ours, by the epoch that they end
	asking  map[int]*mls.KeyPackage
	secrets mls.KeyPackageSecrets
	asked   int
	synced  int // when we were last in the anchor's state
}

func newWorld(t *testing.T, n int, seed uint64) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 9)), side: make([]int, n), hostile: -1}
	for i := range n {
		p := &peer{w: w, id: i, cfg: newConfig(t, mls.X25519ChaCha, fmt.Sprint(i)), heard: map[int]int{}, latest: map[int]*ack{}, asking: map[int]*mls.KeyPackage{}}
		p.cfg.Policy.Commit = func(c mls.CommitInfo) error {
			if p.group == nil || c.Sender.Index == p.group.OwnLeaf() {
				return nil
			}
			if low := p.lowest(); c.Sender.Index > low {
				return errors.New("a commit from above the committer")
			}
			return nil
		}
		w.peers = append(w.peers, p)
	}
	first := w.peers[0]
	var err error
	if first.group, err = mls.NewGroup([]byte("call"), first.cfg); err != nil {
		t.Fatal(err)
	}
	o := mls.CommitOptions{}
	for _, p := range w.peers[1:] {
		kp, secrets := newKeyPackage(t, p.cfg)
		p.secrets = secrets
		o.Proposals = append(o.Proposals, mls.Add(kp))
	}
	c := commit(t, first.group, o)
	first.enter(first.group, 0)
	for _, p := range w.peers[1:] {
		g, err := mls.Join(c.Welcome, p.secrets, p.cfg, mls.JoinOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.enter(g, 0)
	}
	return w
}

// enter starts in a group that we have founded or joined, in an epoch of that committer.
func (p *peer) enter(g *mls.Group, committer int) {
	if p.group != nil && p.group != g {
		p.group.Destroy()
	}
	p.group, p.history, p.commits, p.acked = g, map[uint64]mark{}, map[uint64][]byte{}, map[int]uint64{}
	p.waiting, p.synced = map[int]int{}, p.w.now
	for _, m := range g.Roster() {
		p.heard[idOf(m)] = p.w.now
	}
	p.note(committer)
}

// note remembers the state that we have come into.
func (p *peer) note(committer int) {
	p.history[p.group.Epoch()] = mark{string(p.group.EpochAuthenticator()), committer}
	waiting := map[int]int{}
	for _, m := range p.group.Roster() {
		id := idOf(m)
		if since, in := p.waiting[id]; in && p.acked[id] < p.group.Epoch()-1 {
			waiting[id] = since
		} else {
			waiting[id] = p.w.now
		}
	}
	p.waiting = waiting
}

func idOf(m mls.Member) (id int) {
	_, _ = fmt.Sscan(string(m.Credential.Identity), &id)
	return id
}

// leafOf finds a peer in our roster.
func (p *peer) leafOf(id int) (uint32, bool) {
	for _, m := range p.group.Roster() {
		if idOf(m) == id {
			return m.Leaf, true
		}
	}
	return 0, false
}

// gone reports whether a peer has been silent for too long, or has not come into our epoch for as long.
func (p *peer) gone(id int) bool {
	if id == p.id {
		return false
	}
	if p.w.now-p.heard[id] > goneAfter {
		return true
	}
	if p.group == nil {
		return false
	}
	_, in := p.leafOf(id)
	return in && p.acked[id] < p.group.Epoch() && p.w.now-p.waiting[id] > goneAfter
}

// lowest is the committer's leaf in our view.
func (p *peer) lowest() uint32 {
	for _, m := range p.group.Roster() {
		if !p.gone(idOf(m)) {
			return m.Leaf
		}
	}
	return p.group.OwnLeaf()
}

// lead is the committer in our view.
func (p *peer) lead() int {
	m, _ := p.group.Member(p.lowest())
	return idOf(m)
}

func (p *peer) send(l letter) {
	l.from, l.at = p.id, p.w.now+1+p.w.r.IntN(3)
	p.w.queue = append(p.w.queue, l)
}

func (p *peer) sendAck(to int, epoch uint64) {
	if to != p.id {
		p.send(letter{to: to, ack: &ack{epoch, p.lead(), p.history[epoch]}})
	}
}

// anchor is the lowest identity that we hear.
func (p *peer) anchor() int {
	for id := range p.id {
		if p.latest[id] != nil && p.w.now-p.heard[id] <= goneAfter {
			return id
		}
	}
	return p.id
}

// ask says whom to ask to be let in; false: we are where we should be.
func (p *peer) ask() (int, bool) {
	a := p.anchor()
	if a == p.id {
		if p.group != nil {
			return 0, false
		}
		for id := p.id + 1; id < len(p.w.peers); id++ { // we have been removed: to whoever is next
			if p.latest[id] != nil && p.w.now-p.heard[id] <= goneAfter {
				return p.latest[id].lead, true
			}
		}
		return 0, false
	}
	return p.latest[a].lead, p.group == nil || p.w.now-p.synced > outAfter && p.latest[a].lead != p.id
}

// step is one second of a peer's life.
func (p *peer) step() {
	a := p.anchor()
	if l := p.latest[a]; a == p.id || p.group != nil && l.authenticator == string(p.group.EpochAuthenticator()) {
		p.synced = p.w.now
	}
	whom, out := p.ask()
	if out && p.w.now-p.asked >= askAgain {
		p.askIn(whom)
	}
	if p.group == nil {
		return
	}
	epoch := p.group.Epoch()
	for id := range p.w.peers { // who was removed for silence may think the same of us
		_, in := p.leafOf(id)
		if p.w.now%5 == 0 || in && p.acked[id] < epoch {
			p.sendAck(id, epoch)
		}
		if in && p.acked[id] < epoch {
			for _, e := range slices.Sorted(maps.Keys(p.commits)) {
				p.send(letter{to: id, commit: p.commits[e], epoch: e})
			}
		}
	}
	if !out && p.lowest() == p.group.OwnLeaf() {
		p.leadOn()
	}
	clear(p.asking) // what we cannot commit at once is asked again, of whoever can
}

// leadOn commits what is to be committed: who is gone leaves, who asks comes back, and now and then fresh keys.
func (p *peer) leadOn() {
	var o mls.CommitOptions
	var letIn []int
	for _, m := range p.group.Roster() {
		if id := idOf(m); p.gone(id) || p.asking[id] != nil && id != p.id {
			o.Proposals = append(o.Proposals, mls.Remove(m.Leaf))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.asking)) {
		if p.gone(id) {
			continue
		}
		o.Proposals = append(o.Proposals, mls.Add(p.asking[id]))
		letIn = append(letIn, id)
	}
	if len(o.Proposals) == 0 && p.w.r.IntN(15) > 0 {
		return
	}
	p.commit(o, letIn)
}

func (p *peer) commit(o mls.CommitOptions, letIn []int) {
	ended := p.group.Epoch()
	c, err := p.group.Commit(o)
	if err != nil {
		p.w.t.Fatalf("%d: %v", p.id, err)
	}
	var others []int
	for _, m := range p.group.Roster() {
		others = append(others, idOf(m))
	}
	if p.w.hostile == p.id && len(others) > 2 { // another commit of the same epoch, for every second one
		second, err := mls.CopyForTest(p.group).Commit(mls.CommitOptions{AuthenticatedData: []byte("second")})
		if err != nil {
			p.w.t.Fatal(err)
		}
		for i, id := range others {
			if i%2 == 0 {
				p.send(letter{to: id, commit: second.Message, epoch: ended})
			}
		}
		others = slices.DeleteFunc(others, func(id int) bool { return slices.Index(others, id)%2 == 0 })
	} else {
		p.commits[ended] = c.Message
	}
	if _, err := p.group.Merge(); err != nil {
		p.w.t.Fatal(err)
	}
	p.note(p.id)
	for _, id := range others {
		p.send(letter{to: id, commit: c.Message, epoch: ended})
	}
	for _, id := range letIn {
		p.heard[id] = p.w.now
		p.send(letter{to: id, welcome: c.Welcome})
	}
}

func (p *peer) askIn(whom int) {
	kp, secrets := newKeyPackage(p.w.t, p.cfg)
	p.secrets.Destroy()
	p.secrets, p.asked = secrets, p.w.now
	p.send(letter{to: whom, rejoin: kp})
}

func (p *peer) receive(l letter) {
	p.heard[l.from] = p.w.now
	switch {
	case l.welcome != nil:
		if g, err := mls.Join(l.welcome, p.secrets, p.cfg, mls.JoinOptions{}); err == nil {
			p.enter(g, l.from)
		}
	case l.ack != nil:
		p.latest[l.from] = l.ack
		if p.group != nil {
			p.receiveAck(l.from, l.ack)
		}
	case p.group == nil:
	case l.rejoin != nil:
		p.asking[l.from] = l.rejoin
	case l.epoch == p.group.Epoch():
		p.receiveCommit(l)
	}
}

func (p *peer) receiveCommit(l letter) {
	r, err := p.group.Handle(l.commit)
	if err != nil {
		return
	}
	if r.Change.RemovedSelf {
		p.group.Destroy()
		p.group = nil
		return
	}
	p.note(l.from)
}

func (p *peer) receiveAck(from int, a *ack) {
	ours, known := p.history[a.epoch]
	switch {
	case !known:
	case ours.authenticator == a.authenticator:
		p.acked[from] = max(p.acked[from], a.epoch)
	case ours.committer == a.committer && p.acked[from] == a.epoch-1:
		p.failed = true // the committer equivocates
		for id := range p.w.peers {
			p.sendAck(id, a.epoch)
		}
	}
}

// run lets so many seconds pass.
func (w *world) run(seconds int) {
	for range seconds {
		w.now++
		due := slices.Clone(w.queue)
		w.queue = w.queue[:0]
		for _, l := range due {
			from, to := w.peers[l.from], w.peers[l.to]
			switch {
			case l.at > w.now:
				w.queue = append(w.queue, l)
			case from.crashed || to.crashed || to.failed || w.side[l.from] != w.side[l.to] || w.r.Float64() < w.loss:
			default:
				to.receive(l)
			}
		}
		for _, p := range w.peers {
			if !p.crashed && !p.failed {
				p.step()
			}
		}
	}
}
