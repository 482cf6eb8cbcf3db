package e2ee

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := wire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The window agrees with one that remembers everything. Fails if a bit is shifted by one too many or too few.
func TestReplayWindow(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w ReplayWindow
		seen, highest, any := map[uint64]bool{}, uint64(0), false
		next := uint64(0)
		for range 500 {
			seq := next + r.Uint64N(90)
			if seq >= 70 {
				seq -= 70
			}
			if r.IntN(40) == 0 {
				next += r.Uint64N(200)
			}
			next += r.Uint64N(3)
			want := !seen[seq] && (!any || seq > highest || highest-seq < 64)
			if got := w.Accept(seq); got != want {
				t.Fatalf("seed %d: Accept(%d) = %v with highest %d", seed, seq, got, highest)
			}
			if want {
				seen[seq], highest, any = true, max(highest, seq), true
			}
		}
	}
	var w ReplayWindow
	if !w.Accept(1<<64-2) || w.Accept(1<<64-2) || w.Accept(1<<64-1) || w.Accept(5) || !w.Accept(1<<64-10) {
		t.Error("near the end of numbers")
	}
}

// TestPitfall25AStaleRing: an Invite is taken once in 180 s, whoever delivers it again, and a flood makes nobody forget.
// Fails if the cache forgets an entry before its time, or evicts to make room.
func TestPitfall25AStaleRing(t *testing.T) {
	var c InviteCache
	a, b := ID{1}, ID{2}
	if !c.Accept(a, [32]byte{1}, testTime) || c.Accept(a, [32]byte{1}, testTime) {
		t.Fatal("the same Invite rang twice")
	}
	if !c.Accept(b, [32]byte{1}, testTime) || !c.Accept(a, [32]byte{2}, testTime) {
		t.Fatal("another's Invite, or another call, was taken for the same")
	}
	if c.Accept(a, [32]byte{1}, testTime.Add(InviteMemory-1)) {
		t.Fatal("forgotten before 180 s")
	}
	for i := range InvitesPerSender + 10 {
		c.Accept(a, [32]byte{3, byte(i)}, testTime)
	}
	if c.perSender[a] != InvitesPerSender || c.Accept(a, [32]byte{1}, testTime) {
		t.Fatalf("%d of one sender, want %d", c.perSender[a], InvitesPerSender)
	}
	for i := range InvitesInAll + 10 {
		c.Accept(ID{9, byte(i), byte(i >> 8)}, [32]byte{}, testTime)
	}
	if len(c.seen) != InvitesInAll || c.Accept(b, [32]byte{1}, testTime) {
		t.Fatalf("%d in all, want %d", len(c.seen), InvitesInAll)
	}
	if later := testTime.Add(InviteMemory + time.Second); !c.Accept(a, [32]byte{1}, later) || len(c.seen) != 1 || len(c.perSender) != 1 {
		t.Fatalf("%d are left after 180 s", len(c.seen))
	}
}

// TestAgain: an Invite that could not be dealt with is taken once more, is counted once, and is forgotten when its time is over.
// Fails if Again deletes what it counts.
func TestAgain(t *testing.T) {
	var c InviteCache
	a := ID{1}
	for i := range InvitesPerSender {
		call := [32]byte{byte(i)}
		if !c.Accept(a, call, testTime) {
			t.Fatalf("Invite %d was refused", i)
		}
		c.Again(a, call)
		if !c.Accept(a, call, testTime.Add(time.Second)) || c.Accept(a, call, testTime.Add(time.Second)) {
			t.Fatalf("Invite %d was not taken once more, or twice", i)
		}
		c.Again(a, call)
	}
	c.Again(a, [32]byte{200})
	if c.Accept(a, [32]byte{200}, testTime) {
		t.Error("one sender had more than the limit")
	}
	if later := testTime.Add(InviteMemory); !c.Accept(a, [32]byte{200}, later) || len(c.seen) != 1 || c.perSender[a] != 1 {
		t.Errorf("%d are left, %d of the sender", len(c.seen), c.perSender[a])
	}
}

func TestMissedCalls(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	introduce(t, a, b, false)
	ring := func(n int, at time.Time) error { return missedCall(a, b, n, at) }
	a.must(ring(1, a.time))
	if ring(1, a.time) == nil {
		t.Error("the same notice was taken twice")
	}
	if ring(2, a.time.Add(-NoticeMemory)) == nil || ring(3, a.time.Add(time.Hour)) == nil {
		t.Error("a notice of last week, or of the future, was taken")
	}
	for n := range 20 {
		a.must(ring(10+n, a.time.Add(time.Duration(n+1)*time.Second)))
	}
	if got := a.Notices(); len(got) != maxNoticesPerContact || got[7].From != b.id.Public() || got[7].Video {
		t.Fatalf("%d notices of one contact, want %d: %v", len(got), maxNoticesPerContact, got)
	}
	for range 6 {
		p := newPerson(t, "P")
		introduce(t, a, p, false)
		b, a.time = p, a.time.Add(time.Minute)
		for n := range 8 {
			a.must(ring(n, a.time.Add(time.Duration(n)*time.Second)))
		}
	}
	if got := a.Notices(); len(got) != MaxNotices {
		t.Fatalf("%d notices, want %d", len(got), MaxNotices)
	}
	b = newPerson(t, "stranger")
	if ring(1, a.time) == nil {
		t.Error("a stranger's notice was taken")
	}
	a.time = a.time.Add(NoticeMemory)
	if got := a.Notices(); len(got) != 0 {
		t.Fatalf("%d notices after 7 days", len(got))
	}
	a.must(a.ClearNotices())
}

// missedCall has a hear that b rang.
func missedCall(a, b *person, n int, at time.Time) error {
	a.t.Helper()
	box, err := b.id.SealNotice(a.id.Public().Box(Token{}), a.id.Public(), [32]byte{byte(n), byte(n >> 8)}, at, n%2 == 0)
	b.must(err)
	if len(box) != NoticeSize {
		a.t.Fatalf("a notice of %d bytes", len(box))
	}
	m, hash, err := a.id.Mailbox().Open(box, a.id.Public())
	a.must(err)
	_, err = a.Receive(m, hash)
	return err
}

// A relay that kept the boxes delivers them again once they were cleared, pushed out by later ones, or forgotten: none is taken.
// Fails if ClearNotices drops them, if the latest to arrive are kept and not the latest calls, or if missed takes what is a week
// old but for the clocks' difference.
func TestANoticeDeliveredAgain(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	introduce(t, a, b, false)
	start := a.time
	again := func(why string, want int) {
		t.Helper()
		for n := range 12 {
			if err := missedCall(a, b, n, start.Add(time.Duration(n)*20*time.Second)); !errors.Is(err, ErrUnexpected) {
				t.Errorf("%s: call %d again: %v, want ErrUnexpected", why, n, err)
			}
		}
		if got := a.Notices(); len(got) != want {
			t.Errorf("%s: %d notices, want %d", why, len(got), want)
		}
	}
	for n := range 12 {
		a.must(missedCall(a, b, n, start.Add(time.Duration(n)*20*time.Second)))
	}
	again("pushed out", maxNoticesPerContact)
	a.must(a.ClearNotices())
	a.open() // from the file
	again("cleared", 0)
	a.must(missedCall(a, b, 100, start.Add(noticeClockSkew)))
	again("cleared, and rung again", 1)
	a.time = start.Add(NoticeMemory)
	a.must(a.Rename(b.id.Public(), "Robert")) // what is written has forgotten them
	again("a week later", 0)
}

// A contact that leaves notices without end has the store written 32 times, and then once a minute; that of others is taken.
// Fails if Receive does not ask noticeDue, or noticeDue has one pace for all.
func TestNoticesHaveAPace(t *testing.T) {
	a, b, c := newPerson(t, "Alice"), newPerson(t, "Bob"), newPerson(t, "Carol")
	introduce(t, a, b, false)
	introduce(t, a, c, false)
	n := 0
	written := func() (times int) {
		for range 2 * MaxNotices {
			n++
			before := a.Changed()
			if err := missedCall(a, b, n, a.time.Add(time.Duration(n)*time.Millisecond)); err != nil && !errors.Is(err, ErrUnexpected) {
				t.Fatal(err)
			}
			if a.Changed() != before {
				times++
			}
		}
		return times
	}
	if got := written(); got != MaxNotices {
		t.Errorf("written %d times, want %d", got, MaxNotices)
	}
	a.must(missedCall(a, c, 1, a.time))
	a.time = a.time.Add(3 * time.Minute)
	if got := written(); got != 3 {
		t.Errorf("written %d times in the 3 minutes after, want 3", got)
	}
}
