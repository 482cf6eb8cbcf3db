package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// crowd opens mailboxes from several networks.
type crowd struct {
	*world
	n uint64
}

// networks are addresses that the store tells apart.
func (c *crowd) networks(n int) (all []netip.Addr) {
	seen := map[uint16]bool{}
	for i := uint32(1); len(all) < n; i++ {
		a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, i)))
		if !seen[c.share(a)] {
			seen[c.share(a)] = true
			all = append(all, a)
		}
	}
	return all
}

// join opens a new mailbox that admits so many new tokens and is kept for a week.
func (c *crowd) join(from netip.Addr, tokens int) (signal.Address, *Reader, error) {
	c.now = c.now.Add(time.Millisecond)
	c.n++
	to := signal.Address{0: 0xff}
	binary.BigEndian.PutUint64(to[1:], c.n)
	r, err := c.Attach(c.now, to, ReaderID{1}, from, signal.NoticeRetention, func() {})
	if err != nil {
		return to, nil, err
	}
	hashes := make([][32]byte, tokens)
	for i := range hashes {
		binary.BigEndian.PutUint64(hashes[i][:], c.n)
		hashes[i][8] = byte(i)
	}
	return to, r, c.Admit(c.now, to, hashes, false)
}

// visit is join and leave.
func (c *crowd) visit(from netip.Addr, tokens int) signal.Address {
	c.Helper()
	to, r, err := c.join(from, tokens)
	if err != nil {
		c.Fatalf("mailbox %d, from %v: %v", c.n, from, err)
	}
	r.Leave(c.now)
	return to
}

func (c *crowd) kept(all []signal.Address) (n int) {
	for _, to := range all {
		if c.boxes[to] != nil {
			n++
		}
	}
	return n
}

// One visitor opens as many mailboxes as the store holds, or admits as many tokens, and has them kept for a week. It
// displaces its own: others come, and those who are away, hundreds of them behind one address, find theirs as they were.
// It fails when room does not look at networks, or does not forget.
func TestAHoarderDisplacesItsOwn(t *testing.T) {
	for name, l := range map[string]func(*Limits){
		"tokens":    func(l *Limits) { l.Tokens = 8000 },
		"mailboxes": func(l *Limits) { l.Mailboxes = 1000 },
	} {
		t.Run(name, func(t *testing.T) {
			limits := Default()
			l(&limits)
			c := &crowd{world: newWorld(t, limits)}
			networks := c.networks(3)
			nat, hoarder, late := networks[0], networks[1], networks[2]
			var away []signal.Address
			for range 300 {
				away = append(away, c.visit(nat, 8))
			}
			here, _, err := c.join(hoarder, 8) // behind the hoarder's own address
			if err != nil {
				t.Fatal(err)
			}
			for range 3000 {
				c.visit(hoarder, 20)
			}
			for range 50 {
				c.visit(late, 8)
			}
			if n := c.kept(away); n != len(away) {
				t.Errorf("%d of %d mailboxes of others are left", n, len(away))
			}
			if c.kept([]signal.Address{here}) != 1 {
				t.Error("a mailbox that is read was forgotten")
			}
			if c.tokens > limits.Tokens || len(c.boxes) > limits.Mailboxes || c.Forgotten() == 0 {
				t.Errorf("%d tokens, %d mailboxes, %d forgotten", c.tokens, len(c.boxes), c.Forgotten())
			}
		})
	}
}

// Of one network the mailboxes that were left first go first, no more of them than is wanted, and the books are right.
func TestTheOldestGoFirst(t *testing.T) {
	l := Default()
	l.Tokens = 160
	c := &crowd{world: newWorld(t, l)}
	from := c.networks(1)[0]
	var away []signal.Address
	for range 16 {
		away = append(away, c.visit(from, 10))
	}
	c.visit(from, 15)
	// 15 tokens, and a sixteenth of the limit.
	if old, young := c.kept(away[:3]), c.kept(away[3:]); old != 0 || young != 13 || c.tokens != 145 {
		t.Errorf("%d of the oldest and %d others are left, %d tokens", old, young, c.tokens)
	}
}

// A hoard of notices, which are kept for a week too, must not stop calls.
func TestHoardedNoticesGiveWay(t *testing.T) {
	l := Default()
	l.Total = 1 << 20
	c := &crowd{world: newWorld(t, l)}
	networks := c.networks(2)
	friend, r, err := c.join(networks[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	c.to = friend
	c.admit(c.token)
	call := c.item("a call")
	c.put(Taken, call)
	r.Detach(c.now)
	for range 100 {
		to, r, err := c.join(networks[1], 0)
		if err != nil {
			t.Fatal(err)
		}
		c.to = to
		var tokens []signal.Token
		for i := range signal.MaxNotices {
			tokens = append(tokens, signal.Token{1, byte(i)})
		}
		c.admit(tokens...)
		for i, token := range tokens {
			it := c.item(fmt.Sprintf("%01000d", i))
			it.Packet.Class, it.Packet.Token = signal.ClassNotice, token
			c.put(Taken, it)
		}
		r.Leave(c.now)
	}
	if c.Forgotten() == 0 {
		t.Fatal("the memory was never full; the test proves nothing")
	}
	c.to = friend
	c.want("the friend's packet", c.read(c.attach(2), false), "a call")
}

// What cannot be had is not made room for: nobody is forgotten in vain, and the question is not asked again and again.
func TestNobodyIsForgottenInVain(t *testing.T) {
	l := Default()
	l.Tokens = 100
	c := &crowd{world: newWorld(t, l)}
	networks := c.networks(2)
	away := c.visit(networks[0], 10)
	if _, _, err := c.join(networks[1], 85); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.join(networks[1], 16); !errors.Is(err, ErrFull) {
		t.Errorf("16 tokens, of which 15 can be had: %v", err)
	}
	if c.kept([]signal.Address{away}) != 1 {
		t.Error("forgotten in vain")
	}
	if _, _, err := c.join(networks[1], 15); !errors.Is(err, ErrFull) {
		t.Errorf("looked again at once: %v", err)
	}
	c.now = c.now.Add(barrenTime)
	if _, _, err := c.join(networks[1], 15); err != nil {
		t.Errorf("15 tokens, a moment later: %v", err)
	}
}
