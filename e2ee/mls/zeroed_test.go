package mls

import (
	"bytes"
	"fmt"
	"path"
	"runtime"
	"sync"
	"testing"
)

// A ledger lists every secret that was derived, and where.
type ledger struct {
	mu      sync.Mutex
	secrets [][]byte
	origins []string
}

func keepLedger(t *testing.T) *ledger {
	l := &ledger{}
	derived = func(secret []byte) []byte {
		var callers [8]uintptr
		frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
		origin := ""
		for f, more := frames.Next(); more; f, more = frames.Next() {
			origin += fmt.Sprintf(" < %s:%d", path.Base(f.Function), f.Line)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.secrets, l.origins = append(l.secrets, secret), append(l.origins, origin)
		return secret
	}
	t.Cleanup(func() { derived = func(secret []byte) []byte { return secret } })
	return l
}

// check fails for each secret that is not zero.
func (l *ledger) check(t *testing.T) {
	t.Helper()
	left := map[string]int{}
	for i, secret := range l.secrets {
		if !bytes.Equal(secret, make([]byte, len(secret))) {
			left[l.origins[i]]++
		}
	}
	for origin, n := range left {
		t.Errorf("%d of %d secrets are left: %s", n, len(l.secrets), origin)
	}
}

// What was derived is zero once the groups are destroyed: what they held, and what was used up on the way. It fails
// where one clear is left out, of a member secret say, or when a pending commit that was overtaken is dropped undestroyed.
func TestNoSecretIsLeft(t *testing.T) {
	l := keepLedger(t)
	c := newCrew(t)
	deliver := func(message []byte, to ...int) {
		for _, i := range to {
			must(c.groups[i].Handle(message))(t)
		}
	}
	message := func(from int) []byte { return must(c.groups[from].Protect([]byte("x"), MessageOptions{}))(t) }

	late, lost := message(1), message(1)
	deliver(message(1), 0, 2, 3)
	deliver(late, 0, 2, 3)
	changed := bytes.Clone(lost)
	changed[len(changed)-1] ^= 1
	for range 2 { // the second is of a generation that was passed over
		if _, err := c.groups[0].Handle(changed); err == nil {
			t.Fatal("a changed message opens")
		}
	}
	ahead := message(1)
	ahead[len(ahead)-1] ^= 1
	if _, err := c.groups[0].Handle(ahead); err == nil {
		t.Fatal("a changed message opens")
	}

	must(c.groups[1].Commit(CommitOptions{}))(t) // overtaken
	psk := ExternalPSK([]byte("k"))
	first := must(c.groups[0].Commit(CommitOptions{Proposals: []Proposal{psk}, Path: true}))(t)
	must(c.groups[0].Merge())(t)
	deliver(first.Message, 1, 2, 3)
	if _, err := c.groups[1].Handle(c.commit(forgery{})); err == nil { // a wrong confirmation tag
		t.Fatal("a forged commit is applied")
	}
	must(c.groups[2].Commit(CommitOptions{}))(t)
	c.groups[2].Discard()
	secret := must(c.groups[2].Exporter("label", nil, 32))(t)
	clear(secret)

	joiner := forgerConfig(t, "joiner")
	joined, joining, err := ExternalJoin(must(c.groups[0].GroupInfo(GroupInfoOptions{ExternalPub: true}))(t), joiner, ExternalJoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deliver(joining, 0, 1, 2, 3)
	removal := must(joined.Commit(CommitOptions{Proposals: []Proposal{Remove(3)}}))(t)
	must(joined.Merge())(t)
	deliver(removal.Message, 0, 1, 2, 3)

	for _, g := range append(c.groups, joined) {
		g.Destroy()
	}
	l.check(t)
}
