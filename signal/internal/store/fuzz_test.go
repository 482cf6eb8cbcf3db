package store

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// FuzzStore drives a small store with any sequence of calls and checks its books after each: the sums are what is there,
// no limit is passed, and in the end nothing is left.
func FuzzStore(f *testing.F) {
	f.Add([]byte{3, 0, 4, 0, 0, 1, 0, 2, 5, 0, 6, 0, 1, 9, 7, 0})
	f.Add([]byte{0, 1, 0, 1, 3, 0, 4, 1, 5, 0, 2, 3, 0, 200, 8, 1})
	f.Add([]byte("\x93XX080XX082000XX0X")) // a reader that came back to a full mailbox
	f.Fuzz(func(t *testing.T, ops []byte) {
		l := Default()
		l.Mailboxes, l.Tokens, l.Readers, l.Total, l.Entries, l.Bytes, l.Unclaimed, l.Window = 3, 4, 2, 20_000, 8, 4_000, 3_000, 2
		d := &driver{Store: New(l), now: epoch, readers: map[int]*Reader{}}
		for len(ops) >= 2 {
			d.step(ops[0]%9, int(ops[1]))
			ops = ops[2:]
			d.check(t, l)
		}
		for _, r := range d.readers {
			r.Detach(d.now)
		}
		d.now = d.now.Add(signal.NoticeRetention + time.Hour)
		d.Sweep(d.now)
		if m, n, b := d.Held(); m != 0 || n != 0 || b != 0 || d.tokens != 0 {
			t.Fatalf("left in the end: %d mailboxes, %d packets, %d bytes, %d tokens", m, n, b, d.tokens)
		}
	})
}

type driver struct {
	*Store
	now     time.Time
	readers map[int]*Reader
	had     []Item
}

func (d *driver) step(op byte, n int) {
	to, token := signal.Address{byte(n % 4)}, signal.Token{byte(n / 4 % 4)}
	switch op {
	case 0, 1, 2:
		p := signal.Packet{To: to, Token: token, Body: make([]byte, 1+n*4), Class: signal.Class(op / 2)}
		d.Put(d.now, Item{ID: ID{byte(n), op}, Packet: p})
	case 3:
		if r, err := d.Attach(d.now, to, ReaderID{byte(n % 3)}, netip.AddrFrom4([4]byte{byte(n / 3 % 2)}), time.Hour, func() {}); err == nil {
			d.readers[n] = r
		}
	case 4:
		d.Admit(d.now, to, [][32]byte{token.Hash(), signal.Token{byte(n)}.Hash()}, n%7 == 0)
	case 5:
		for _, r := range d.readers {
			if it, ok, err := r.Next(d.now); ok && err == nil {
				d.had = append(d.had, it)
			}
		}
	case 6:
		if r := d.readers[n]; r != nil && len(d.had) > 0 {
			r.Ack(d.now, d.had[n%len(d.had)].ID)
		}
	case 7:
		if r := d.readers[n]; r != nil {
			r.Detach(d.now)
		}
	case 8:
		if r := d.readers[n]; r != nil {
			r.Leave(d.now)
		}
		d.now = d.now.Add(time.Duration(n) * time.Second)
	}
}

func (d *driver) check(t *testing.T, l Limits) {
	t.Helper()
	bytes, tokens := 0, 0
	for _, b := range d.boxes {
		taken := 0
		tokens += len(b.tokens)
		for _, e := range b.entries {
			taken += e.size
			bytes += overhead
			if !e.freed {
				bytes += e.size
			}
			if b.ids[e.ID] != e {
				t.Fatal("an entry without its id")
			}
		}
		if b.taken != taken || len(b.ids) != len(b.entries) || len(b.entries) > l.Entries || b.attached() > l.Readers {
			t.Fatalf("mailbox: %d bytes counted, %d there; %d ids, %d entries, %d readers", b.taken, taken, len(b.ids), len(b.entries), b.attached())
		}
	}
	pool := 0
	for _, e := range d.unclaimed.entries {
		pool += e.size + overhead
	}
	if d.bytes != bytes || d.tokens != tokens || d.unclaimed.bytes != pool || len(d.unclaimed.ids) != len(d.unclaimed.entries) {
		t.Fatalf("books: %d bytes for %d, %d tokens for %d, pool %d for %d", d.bytes, bytes, d.tokens, tokens, d.unclaimed.bytes, pool)
	}
	if bytes > l.Total+l.Unclaimed || pool > l.Unclaimed || len(d.boxes) > l.Mailboxes || tokens > l.Tokens {
		t.Fatal("over a limit")
	}
}
