package websocket

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A hoarder opens one mailbox after the other, each with all the tokens that there may be, and has them kept for a week,
// without which a relay had no room for a call until then. It displaces its own: calls find room, and people who are away
// find their mailboxes. It fails when the store's room is not made, or the network of a visitor is not told to the store,
// the widest that it may have whole.
func TestAttackHoardedMailboxes(t *testing.T) {
	hoarders := map[string]func(int) string{
		"one address": func(int) string { return "198.51.100.1" },
		"one /48":     func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) },
	}
	for name, l := range map[string]Limits{"mailboxes": {Mailboxes: 32}, "tokens": {Tokens: 256}} {
		for from, hoarder := range hoarders {
			t.Run(name+" from "+from, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { hoard(t, l, hoarder) })
			})
		}
	}
}

func hoard(t *testing.T, l Limits, hoarder func(int) string) {
	w := newWires()
	var visitor atomic.Value
	from := func(ip string) { visitor.Store(netip.MustParseAddr(ip)) }
	relay := w.start(t, RelayConfig{Limits: l, ClientIP: func(*http.Request) netip.Addr { return visitor.Load().(netip.Addr) }})
	defer relay.Close()

	var friends []*party
	for _, ip := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		from(ip)
		f := w.owner(t)
		f.Close()
		friends = append(friends, f)
	}
	for i := range 100 {
		from(hoarder(i))
		h := w.dial(t, signaltest.NewMailbox())
		hashes := make([][32]byte, 16)
		for i := range hashes {
			hashes[i] = signaltest.NewToken().Hash()
		}
		if err := h.Admit(t.Context(), hashes, false); err != nil {
			t.Fatalf("Admit: %v", err)
		}
		h.Close()
		synctest.Wait()
	}

	from("203.0.113.1")
	alice := w.owner(t)
	defer alice.Close()
	send(t, alice, alice.packet("a call"))
	want(t, alice, "a call")
	left := 0
	for _, f := range friends {
		send(t, alice, f.packet("you missed a call"))
		again := w.dial(t, f.mailbox)
		time.Sleep(time.Second)
		left += again.in.waiting.Len()
		again.Close()
	}
	if left < 2 { // one may be taken for the hoarder: the relay remembers too little to tell them all apart
		t.Errorf("%d of 3 mailboxes of people who are away are left", left)
	}
}
