package store

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is a store, a mailbox that admits one token, and a clock.
type world struct {
	*testing.T
	*Store
	now   time.Time
	to    signal.Address
	token signal.Token
	n     int
}

func newWorld(t *testing.T, l Limits) *world {
	w := &world{T: t, Store: New(l), now: epoch, to: signal.Address{1}, token: signal.Token{1}}
	return w
}

func (w *world) admit(tokens ...signal.Token) {
	w.Helper()
	var hashes [][32]byte
	for _, t := range tokens {
		hashes = append(hashes, t.Hash())
	}
	if err := w.Admit(w.now, w.to, hashes, false); err != nil {
		w.Fatal(err)
	}
}

func (w *world) attach(reader byte) *Reader {
	w.Helper()
	r, err := w.Attach(w.now, w.to, ReaderID{reader}, netip.Addr{}, time.Hour, func() {})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) item(body string) Item {
	w.n++
	var id ID
	copy(id[:], fmt.Sprintf("%016d", w.n))
	return Item{ID: id, Packet: signal.Packet{To: w.to, Token: w.token, Body: []byte(body)}}
}

func (w *world) put(want Result, its ...Item) {
	w.Helper()
	for _, it := range its {
		if got := w.Put(w.now, it); got != want {
			w.Errorf("Put %q: result %d, want %d", it.Packet.Body, got, want)
		}
	}
}

// read returns the bodies that r has not had, and acknowledges them if ack.
func (w *world) read(r *Reader, ack bool) string {
	w.Helper()
	var bodies []string
	for {
		it, ok, err := r.Next(w.now)
		if err != nil {
			w.Fatal(err)
		}
		if !ok {
			return strings.Join(bodies, " ")
		}
		bodies = append(bodies, string(it.Packet.Body))
		if ack {
			r.Ack(w.now, it.ID)
		}
	}
}

func (w *world) want(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestEveryReaderGetsEveryPacketUntilItAcknowledges(t *testing.T) {
	w := newWorld(t, Default())
	a, b := w.attach(1), w.attach(2)
	w.admit(w.token)
	w.put(Taken, w.item("one"), w.item("two"))
	w.want("first reader", w.read(a, true), "one two")
	b.Detach(w.now)
	w.now = w.now.Add(10 * time.Second)
	b = w.attach(2)
	w.want("second reader after its return", w.read(b, false), "one two")
	b = w.attach(2)
	w.want("unacknowledged, again", w.read(b, true), "one two")
	b = w.attach(2)
	w.want("acknowledged", w.read(b, true), "")
}

// Who closed its transport for good holds nothing back: the next one must not get what the last one has had.
func TestNothingWaitsForReadersThatLeft(t *testing.T) {
	w := newWorld(t, Default())
	a, b := w.attach(1), w.attach(2)
	w.admit(w.token)
	w.put(Taken, w.item("one"), w.item("two"))
	a.Leave(w.now)
	w.want("second reader", w.read(b, true), "one two")
	w.want("third reader", w.read(w.attach(3), true), "")
	w.put(Taken, w.item("three"))
	it, _, _ := b.Next(w.now)
	b.Ack(w.now, it.ID)
	w.readers(3).Detach(w.now)
	w.want("fourth reader: the third has not had it and may come back", w.read(w.attach(4), true), "three")
}

func (w *world) readers(id byte) *Reader { return w.boxes[w.to].readers[ReaderID{id}] }

func TestBodiesGoWhenAllHaveAcknowledged(t *testing.T) {
	w := newWorld(t, Default())
	a := w.attach(1)
	b := w.attach(2)
	w.admit(w.token)
	w.put(Taken, w.item(strings.Repeat("x", 1000)))
	w.read(a, true)
	if _, _, held := w.Held(); held < 1000 {
		t.Errorf("%d bytes held while one reader waits", held)
	}
	w.read(b, true)
	if _, n, held := w.Held(); held >= 1000 || n != 1 {
		t.Errorf("%d bytes, %d entries held after both, want the id alone", held, n)
	}
	w.now = w.now.Add(signal.Retention)
	w.Sweep(w.now)
	if _, n, held := w.Held(); held != 0 || n != 0 {
		t.Errorf("%d bytes, %d entries after a minute", held, n)
	}
}

func TestRepetitionsAreDropped(t *testing.T) {
	w := newWorld(t, Default())
	r := w.attach(1)
	w.admit(w.token)
	it := w.item("once")
	w.put(Taken, it, it)
	w.want("read", w.read(r, true), "once")
	w.put(Taken, it)
	w.want("after the acknowledgement", w.read(r, true), "")
	if n := w.Stats().Envelopes; n != 1 {
		t.Errorf("%d envelopes counted", n)
	}
}

func TestUnclaimedPacketsWaitForTheirOwner(t *testing.T) {
	w := newWorld(t, Default())
	again := w.item("early")
	w.put(Taken, again, again, w.item("second"))
	wrong := w.item("wrong token")
	wrong.Packet.Token = signal.Token{9}
	w.put(Taken, wrong)
	w.now = w.now.Add(30 * time.Second)
	r := w.attach(1)
	w.want("before Admit", w.read(r, true), "")
	w.admit(w.token)
	w.want("after Admit", w.read(r, true), "early second")
	w.put(Taken, again)
	w.want("repetition across the claim", w.read(r, true), "")
	w.now = w.now.Add(30 * time.Second)
	w.admit(w.token, wrong.Packet.Token)
	w.want("a minute after it was sent", w.read(r, true), "")
}

func TestClaimKeepsTheTimeOfArrival(t *testing.T) {
	w := newWorld(t, Default())
	w.put(Taken, w.item("early"))
	w.now = w.now.Add(50 * time.Second)
	r := w.attach(1)
	w.admit(w.token)
	w.now = w.now.Add(10 * time.Second)
	w.want("a minute after it was sent", w.read(r, true), "")
}

func TestUnclaimedIsBounded(t *testing.T) {
	l := Default()
	l.Unclaimed = 10 * (overhead + 1)
	w := newWorld(t, l)
	for i := range 100 {
		w.put(Taken, w.item(string(rune('a'+i%26))))
	}
	if _, n, _ := w.Held(); n != 10 {
		t.Errorf("%d unclaimed packets, want 10", n)
	}
	r := w.attach(1)
	w.admit(w.token)
	w.want("the newest", w.read(r, true), "m n o p q r s t u v")
}

func TestNothingIsReadAfterItsTime(t *testing.T) {
	w := newWorld(t, Default())
	r := w.attach(1)
	w.admit(w.token)
	n := w.item("notice")
	n.Packet.Class = signal.ClassNotice
	w.put(Taken, w.item("call"), n)
	w.now = w.now.Add(signal.Retention)
	w.want("after a minute", w.read(r, false), "notice")
	w.now = epoch.Add(signal.NoticeRetention - 1)
	w.want("for seven days", w.read(w.attach(1), false), "notice")
	w.now = epoch.Add(signal.NoticeRetention)
	w.want("after seven days", w.read(w.attach(1), false), "")
}

func TestNoticesOfOneTokenDoNotPushOutOthers(t *testing.T) {
	w := newWorld(t, withoutQuota())
	w.attach(1).Detach(w.now)
	var tokens []signal.Token
	for i := range 20 {
		tokens = append(tokens, signal.Token{byte(i)})
	}
	w.admit(tokens...)
	notice := func(token signal.Token, body string) {
		it := w.item(body)
		it.Packet.Class, it.Packet.Token = signal.ClassNotice, token
		w.put(Taken, it)
	}
	notice(tokens[0], "friend")
	for i := range 50 {
		notice(tokens[1], fmt.Sprint("flood", i))
	}
	w.want("the flood keeps its last four", w.read(w.attach(1), false), "friend flood46 flood47 flood48 flood49")
	for i := range 40 {
		notice(tokens[i/4+2], "n")
	}
	if got := len(strings.Fields(w.read(w.attach(1), false))); got != signal.MaxNotices {
		t.Errorf("%d notices, want %d", got, signal.MaxNotices)
	}
}

func TestMailboxIsForgottenAfterItsLastReader(t *testing.T) {
	w := newWorld(t, Default())
	r := w.attach(1)
	w.admit(w.token)
	r.Detach(w.now)
	w.now = w.now.Add(time.Hour - 1)
	w.Sweep(w.now)
	if n, _, _ := w.Held(); n != 1 {
		t.Fatal("forgotten too early")
	}
	w.now = w.now.Add(1)
	w.Sweep(w.now)
	if n, _, _ := w.Held(); n != 0 || w.tokens != 0 {
		t.Errorf("%d mailboxes, %d tokens are left", n, w.tokens)
	}
}

func TestSameReaderAgainReplacesTheFirst(t *testing.T) {
	w := newWorld(t, Default())
	woken := false
	old, err := w.Attach(w.now, w.to, ReaderID{1}, netip.Addr{}, time.Hour, func() { woken = true })
	if err != nil {
		t.Fatal(err)
	}
	woken = false
	w.attach(1)
	if _, _, err := old.Next(w.now); !errors.Is(err, ErrReplaced) || !woken {
		t.Errorf("old attachment: %v, woken %t", err, woken)
	}
	old.Detach(w.now)
	w.now = w.now.Add(24 * time.Hour)
	w.Sweep(w.now)
	if n, _, _ := w.Held(); n != 1 {
		t.Error("Detach of the old attachment ended the new one")
	}
}

func TestWindow(t *testing.T) {
	l := Default()
	l.Window = 2
	w := newWorld(t, l)
	r := w.attach(1)
	w.admit(w.token)
	a, b, c := w.item("a"), w.item("b"), w.item("c")
	w.put(Taken, a, b, c)
	w.want("window of two", w.read(r, false), "a b")
	r.Ack(w.now, a.ID)
	w.want("one more after an acknowledgement", w.read(r, false), "c")
	w.now = w.now.Add(signal.Retention)
	w.put(Taken, w.item("d"))
	w.want("what expired holds no place", w.read(r, false), "d")
}

func withoutQuota() Limits {
	l := Default()
	l.QuotaBurst = 0
	return l
}

func (w *world) notice(body string) Item {
	it := w.item(body)
	it.Packet.Class = signal.ClassNotice
	return it
}

// The attack: one contact writes notices, each of which makes an earlier one give way, as fast as the relay hands them out.
// A reader that does not keep up would have to hold them all. It fails when a packet that the mailbox dropped leaves the
// window before it is acknowledged, or one that is written again under its id is handed out again.
func TestAttackNoticesPastTheWindow(t *testing.T) {
	w := newWorld(t, withoutQuota())
	r := w.attach(1)
	w.admit(w.token)
	var had []ID
	next := func() bool {
		it, ok, _ := r.Next(w.now)
		if ok {
			had = append(had, it.ID)
		}
		return ok
	}
	first := w.notice("first")
	w.put(Taken, first)
	next()
	for i := range 300 {
		w.put(Taken, w.notice("x"))
		if i == 10 {
			w.put(Taken, first)
		}
		for next() {
		}
	}
	if len(had) != w.limits.Window {
		t.Fatalf("%d packets are under way, want a window of %d", len(had), w.limits.Window)
	}
	held := len(r.flying)
	for _, id := range had {
		r.Ack(w.now, id)
	}
	if held != w.limits.Window || len(r.flying) != 0 || r.bytes != 0 {
		t.Errorf("%d of %d, and %d bytes, are still under way", len(r.flying), held, r.bytes)
	}
	w.want("what is left", w.read(r, true), "x x x x")
}

func TestNoticesCostMore(t *testing.T) {
	w := newWorld(t, Default())
	w.attach(1)
	w.admit(w.token)
	for range 16 {
		w.put(Taken, w.notice("you missed a call"))
	}
	w.put(Throttled, w.notice("and another"))
	w.now = w.now.Add(4 * time.Second)
	w.put(Taken, w.notice("and another"))
	w.put(Throttled, w.notice("and another"))

	l := Default()
	l.QuotaBurst, l.QuotaRate = 5, 1
	few := newWorld(t, l)
	few.put(Taken, few.item("a call"), few.notice("a small quota is still for one after it"))
	few.put(Throttled, few.notice("x"))
}

func TestLimits(t *testing.T) {
	l := Default()
	l.Mailboxes, l.Readers, l.Tokens, l.Entries, l.Bytes, l.Total = 2, 1, 3, 2, 100, 10_000
	w := newWorld(t, l)
	r := w.attach(1)
	w.admit(w.token)
	if _, err := w.Attach(w.now, w.to, ReaderID{2}, netip.Addr{}, 0, func() {}); !errors.Is(err, ErrFull) {
		t.Errorf("second reader: %v", err)
	}
	if err := w.Admit(w.now, w.to, make([][32]byte, 4), false); !errors.Is(err, ErrFull) {
		t.Errorf("four tokens: %v", err)
	}
	w.put(Taken, w.item("1"), w.item("2"))
	w.put(Throttled, w.item("3"))
	w.read(r, true)
	w.put(Throttled, w.item("3")) // reading makes no room: the answer would tell that somebody reads
	w.now = w.now.Add(signal.Retention)
	w.put(Throttled, w.item(strings.Repeat("x", 101)))
	w.put(Taken, w.item("4"))
	w.to = signal.Address{2}
	w.put(Full, w.item(strings.Repeat("x", 10_000)))
	w.attach(1)
	w.to = signal.Address{3}
	if _, err := w.Attach(w.now, w.to, ReaderID{1}, netip.Addr{}, 0, func() {}); !errors.Is(err, ErrFull) {
		t.Errorf("third mailbox: %v", err)
	}
}

// The presence oracle: a sender must learn nothing from answers, at any rate of sending. It fails when the quota is taken
// after the mailbox or the token was looked up, or when room depends on what was read.
func TestUniformAnswersUnderFlood(t *testing.T) {
	flood := func(prepare func(w *world)) (answers []byte) {
		w := newWorld(t, Default())
		prepare(w)
		w.quota.seed = sharedSeed
		for i := range 1000 {
			it := w.item("x")
			answers = append(answers, byte(w.Put(w.now, it)))
			w.now = w.now.Add(time.Duration(i%7) * 10 * time.Millisecond)
		}
		return answers
	}
	want := flood(func(*world) {})
	if !bytes.Contains(want, []byte{byte(Throttled)}) {
		t.Fatal("the flood was never throttled; the test proves nothing")
	}
	for name, prepare := range map[string]func(*world){
		"stored":        func(w *world) { w.attach(1); w.admit(w.token) },
		"wrong token":   func(w *world) { w.attach(1); w.admit(signal.Token{9}) },
		"nobody reads":  func(w *world) { r := w.attach(1); w.admit(w.token); r.Detach(w.now) },
		"many admitted": func(w *world) { w.attach(1); w.admit(w.token, signal.Token{2}, signal.Token{3}) },
	} {
		if got := flood(prepare); !bytes.Equal(got, want) {
			t.Errorf("%s answers unlike an unknown mailbox", name)
		}
	}
}

var sharedSeed = newQuota(1, 1).seed

func TestQuotaRefills(t *testing.T) {
	q := newQuota(4, 2)
	now := epoch
	take := func(size int) bool { return q.take(now, signal.Packet{Body: make([]byte, size)}, [32]byte{2}) }
	if !take(4*QuotaUnit) || take(1) {
		t.Fatal("burst of four units")
	}
	if now = now.Add(500 * time.Millisecond); !take(1) || take(1) {
		t.Error("one unit after half a second")
	}
	if now = now.Add(time.Hour); !take(4*QuotaUnit) || take(1) {
		t.Error("the burst again, not more, after an hour")
	}
}
