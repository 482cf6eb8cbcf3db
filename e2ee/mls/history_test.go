package mls_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// A random history of a group, driven through exported names alone: what a harness for another implementation would do.
type history struct {
	t       *testing.T
	r       *rand.Rand
	suite   mls.Suite
	members []*participant
	gone    []*participant // removed: they get every message and must learn nothing
	names   int
	most    int
	secrets map[string]bool // exported secrets of all epochs
}

type participant struct {
	cfg   mls.Config
	group *mls.Group
}

func (h *history) config() mls.Config {
	h.names++
	cfg := newConfig(h.t, h.suite, fmt.Sprint("member ", h.names))
	cfg.PSK = func(id mls.PSKID) ([]byte, error) {
		if id.Type != mls.PSKExternal {
			return nil, mls.ErrUnknown
		}
		return append([]byte("key of "), id.ID...), nil
	}
	return cfg
}

func (h *history) pick() *participant { return h.members[h.r.IntN(len(h.members))] }

func (h *history) options() mls.MessageOptions {
	return mls.MessageOptions{Public: h.r.IntN(3) == 0, Padding: h.r.IntN(40), AuthenticatedData: make([]byte, h.r.IntN(4))}
}

// tell gives a message to all but its sender, and to those who are gone, who must fail.
func (h *history) tell(from *participant, message []byte) {
	h.t.Helper()
	for _, p := range h.members {
		if p != from {
			if _, err := p.group.Handle(bytes.Clone(message)); err != nil {
				h.t.Fatalf("%s: %v", p.cfg.Credential.Identity, err)
			}
		}
	}
	for _, p := range h.gone {
		if r, err := p.group.Handle(message); err == nil {
			h.t.Fatalf("one who is gone learns %+v", r)
		}
	}
}

// propose sends up to three proposals from anyone.
func (h *history) propose() {
	for range h.r.IntN(4) {
		p := h.pick()
		var m []byte
		var err error
		switch h.r.IntN(4) {
		case 0, 1:
			m, err = p.group.ProposeUpdate(nil, h.options())
		case 2:
			m, err = p.group.Propose(mls.ExternalPSK([]byte("proposed")), h.options())
		case 3:
			kp, _ := newKeyPackage(h.t, h.config()) // for a key and a credential
			m, err = p.group.Propose(mls.SetExtensions(mls.ExternalSenders([]mls.ExternalSender{
				{SignatureKey: kp.LeafNode.SignatureKey, Credential: kp.LeafNode.Credential}})), h.options())
		}
		if err != nil {
			h.t.Fatal(err)
		}
		h.tell(p, m)
	}
}

// commitSome commits what was proposed, with additions and removals by the committer.
func (h *history) commitSome() {
	p := h.pick()
	o := mls.CommitOptions{Path: h.r.IntN(2) == 0, Public: h.r.IntN(3) == 0, Padding: h.r.IntN(40), OmitTree: h.r.IntN(4) == 0}
	type newcomer struct {
		cfg     mls.Config
		secrets mls.KeyPackageSecrets
	}
	var joining []newcomer
	room := h.most - len(h.members)
	for range min(room, h.r.IntN(5)) {
		cfg := h.config()
		kp, secrets := newKeyPackage(h.t, cfg)
		joining = append(joining, newcomer{cfg, secrets})
		o.Proposals = append(o.Proposals, mls.Add(kp))
	}
	var leaving []*participant
	for range h.r.IntN(3) {
		if q := h.pick(); q != p && len(h.members)-len(leaving) > 2 && !slices.Contains(leaving, q) {
			leaving = append(leaving, q)
			o.Proposals = append(o.Proposals, mls.Remove(q.group.OwnLeaf()))
		}
	}
	if h.r.IntN(4) == 0 {
		o.Proposals = append(o.Proposals, mls.ExternalPSK([]byte("given")))
	}
	c, err := p.group.Commit(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.tell(p, c.Message)
	if _, err := p.group.Merge(); err != nil {
		h.t.Fatal(err)
	}
	h.members = slices.DeleteFunc(h.members, func(q *participant) bool { return slices.Contains(leaving, q) })
	h.gone = append(h.gone, leaving...)
	for _, j := range joining {
		g, err := mls.Join(c.Welcome, j.secrets, j.cfg, mls.JoinOptions{RatchetTree: p.group.RatchetTree()})
		if err != nil {
			h.t.Fatal(err)
		}
		h.members = append(h.members, &participant{j.cfg, g})
	}
	h.agree()
}

// external lets someone join by an external commit, new or in place of its former self.
func (h *history) external() {
	if len(h.members) >= h.most {
		h.commitSome()
		return
	}
	cfg, o := h.config(), mls.ExternalJoinOptions{}
	var former *participant
	if h.r.IntN(2) == 0 && len(h.members) > 2 {
		former = h.pick()
		cfg, o.Resync = former.cfg, true
		h.members = slices.DeleteFunc(h.members, func(q *participant) bool { return q == former })
	}
	info, err := h.pick().group.GroupInfo(mls.GroupInfoOptions{ExternalPub: true})
	if err != nil {
		h.t.Fatal(err)
	}
	g, message, err := mls.ExternalJoin(info, cfg, o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.tell(nil, message)
	if former != nil {
		if r, err := former.group.Handle(message); err != nil || !r.Change.RemovedSelf {
			h.t.Fatal("the former self stays", err)
		}
		h.gone = append(h.gone, former)
	}
	h.members = append(h.members, &participant{cfg, g})
	h.agree()
}

// agree checks that all are in one state and that nobody has been in it before.
func (h *history) agree() {
	h.t.Helper()
	first := h.members[0].group
	secret, err := first.Exporter("history", nil, 32)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.secrets[string(secret)] {
		h.t.Fatal("an epoch secret comes twice")
	}
	h.secrets[string(secret)] = true
	for _, p := range h.members {
		same(h.t, first, p.group)
		if other, _ := p.group.Exporter("history", nil, 32); !bytes.Equal(other, secret) {
			h.t.Fatal("another exported secret")
		}
		if !bytes.Equal(p.group.RatchetTree(), first.RatchetTree()) || len(p.group.Roster()) != len(h.members) {
			h.t.Fatal("another tree")
		}
		if m, ok := first.Member(p.group.OwnLeaf()); !ok || !m.Credential.Equal(p.cfg.Credential) {
			h.t.Fatal("the roster names another")
		}
	}
	for _, p := range h.gone {
		if p.group.Epoch() >= first.Epoch() {
			h.t.Fatal("one who is gone is in a new epoch")
		}
		if _, err := p.group.Exporter("history", nil, 32); !errors.Is(err, mls.ErrState) {
			h.t.Fatalf("one who is gone exports: %v", err)
		}
	}
}

// chat sends application messages, of which some come late, twice, changed, or never.
func (h *history) chat() {
	p := h.pick()
	var sent [][]byte
	for i := range h.r.IntN(6) {
		m, err := p.group.Protect(fmt.Append(nil, "message ", i), mls.MessageOptions{Padding: h.r.IntN(20)})
		if err != nil {
			h.t.Fatal(err)
		}
		sent = append(sent, m)
	}
	for _, q := range h.members {
		if q == p || h.r.IntN(3) > 0 {
			continue
		}
		for _, i := range h.r.Perm(len(sent)) {
			if h.r.IntN(4) == 0 {
				continue // lost
			}
			forged := bytes.Clone(sent[i])
			forged[h.r.IntN(len(forged))] ^= 1 << h.r.IntN(8)
			if _, err := q.group.Handle(forged); err == nil {
				h.t.Fatal("a changed message is accepted")
			}
			r := handle(h.t, q.group, sent[i])
			if string(r.Application) != fmt.Sprint("message ", i) || r.Sender.Index != p.group.OwnLeaf() {
				h.t.Fatalf("%+v", r)
			}
			if _, err := q.group.Handle(sent[i]); !errors.Is(err, mls.ErrReplay) {
				h.t.Fatalf("twice: %v", err)
			}
		}
	}
	for _, q := range h.gone {
		for _, m := range sent {
			if _, err := q.group.Handle(m); err == nil {
				h.t.Fatal("one who is gone reads on")
			}
		}
	}
}

func TestRandomHistories(t *testing.T) {
	for _, c := range []struct {
		suite       mls.Suite
		most, steps int
		seed        uint64
	}{
		{mls.X25519ChaCha, 4, 60, 1}, {mls.X25519ChaCha, 9, 60, 2}, {mls.X25519AES128, 12, 30, 3}, {mls.P256AES128, 8, 30, 4},
		{mls.HybridChaCha, 8, 20, 5}, {mls.X25519ChaCha, 20, 40, 6}, {mls.X25519ChaCha, 50, 40, 7},
	} {
		t.Run(fmt.Sprintf("%d of %s", c.most, c.suite), func(t *testing.T) {
			t.Parallel()
			h := &history{t: t, r: rand.New(rand.NewPCG(c.seed, 0)), suite: c.suite, most: c.most, secrets: map[string]bool{}}
			for range 2 {
				h.members = append(h.members, &participant{cfg: h.config()})
			}
			h.members[0].group, h.members[1].group = pair(t, h.members[0].cfg, h.members[1].cfg)
			biggest := 0
			for range c.steps {
				h.propose()
				h.chat()
				if h.r.IntN(6) == 0 {
					h.external()
				} else {
					h.commitSome()
				}
				h.chat()
				biggest = max(biggest, len(h.members))
			}
			if biggest < c.most*4/5 {
				t.Errorf("only up to %d members", biggest)
			}
			if h.members[0].group.Epoch() < uint64(c.steps) {
				t.Errorf("only %d epochs", h.members[0].group.Epoch())
			}
		})
	}
}
