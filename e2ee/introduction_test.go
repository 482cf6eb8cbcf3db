package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestBecomingContacts(t *testing.T) {
	for _, text := range []bool{false, true} {
		t.Run(fmt.Sprintf("text=%v", text), func(t *testing.T) {
			a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
			introduce(t, a, b, text)
			for _, p := range []struct{ me, peer *person }{{a, b}, {b, a}} {
				p.me.open() // from the file
				c, ok := p.me.Lookup(p.peer.id.Public())
				if !ok || c.State != Confirmed || c.Blocked || !c.Verified.IsZero() || !c.KnownSince.Equal(testTime) {
					t.Fatalf("%v, %v", c, ok)
				}
				if c.Name != p.peer.Profile().Name || c.Relays[0] != "wss://relay.example/v1" {
					t.Fatalf("%q at %q", c.Name, c.Relays)
				}
				// Fails if a side stores a token that the other does not register.
				if !p.peer.admits(c.Token) {
					t.Fatal("the token that the contact was given does not open its mailbox")
				}
			}
			if len(a.Requests()) != 0 || len(a.All()) != 1 {
				t.Fatal("a request was left")
			}
			ca, _ := a.Lookup(b.id.Public())
			cb, _ := b.Lookup(a.id.Public())
			if ca.Token == cb.Token {
				t.Fatal("both write with one token")
			}
		})
	}
}

// Until the inviter's user confirms, the guest may not ring; the inviter may. Fails if Lookup shows Pending ones.
func TestAPendingGuestMayNotRing(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	inv, err := a.Invite(time.Hour, "Bob from work")
	a.must(err)
	l, err := b.Use(inv, "")
	b.must(err)
	c, err := a.deliver(l)
	a.must(err)
	if _, ok := a.Lookup(b.id.Public()); ok {
		t.Fatal("who was not confirmed may ring")
	}
	if got := a.Requests(); len(got) != 1 || got[0].ID != b.id.Public() || got[0].Name != "Bob from work" || got[0].Claimed != "Bob" {
		t.Fatalf("requests: %v", got)
	}
	if got, ok := b.Lookup(a.id.Public()); !ok || got.State != Requested {
		t.Fatalf("the guest has %v", got)
	}
	a.must(a.Refuse(c.ID))
	if len(a.Requests()) != 0 || len(a.TokenHashes()) != 0 {
		t.Fatal("the refused one can still write")
	}
	if _, err := a.deliver(l); !errors.Is(err, ErrInvitation) {
		t.Fatalf("refused, and asks again: %v, want ErrInvitation", err)
	}
}

// Fails if request does not remember who used the invitation.
func TestAnInvitationIsForOne(t *testing.T) {
	a, b, eve := newPerson(t, "Alice"), newPerson(t, "Bob"), newPerson(t, "Bob")
	inv, err := a.Invite(time.Hour, "")
	a.must(err)
	first, err := b.Use(inv, "")
	b.must(err)
	second, err := eve.Use(inv, "")
	eve.must(err)
	_, err = a.deliver(first)
	a.must(err)
	if _, err := a.deliver(second); !errors.Is(err, ErrInvitation) {
		t.Fatalf("a second identity: %v, want ErrInvitation", err)
	}
	_, err = a.deliver(first)
	a.must(err) // a relay may deliver twice
	a.time = a.time.Add(time.Second)
	b.time = b.time.Add(time.Second)
	again, err := b.Use(inv, "") // its program had crashed before the letter was sent
	b.must(err)
	_, err = a.deliver(again)
	a.must(err)
	// Fails if an older request replaces a newer one: the confirm would then answer what b has forgotten.
	if _, err := a.deliver(first); !errors.Is(err, ErrUnexpected) {
		t.Fatalf("an older request: %v, want ErrUnexpected", err)
	}
	confirm, err := a.Confirm(b.id.Public(), "")
	a.must(err)
	_, err = b.deliver(confirm)
	b.must(err)
}

func TestInvitationsExpire(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	inv, err := a.Invite(time.Hour, "")
	a.must(err)
	l, err := b.Use(inv, "")
	b.must(err)
	if !a.admits(inv.secret.get().token) {
		t.Fatal("an open invitation's token is not registered")
	}
	a.time = a.time.Add(time.Hour)
	if _, err := a.deliver(l); !errors.Is(err, ErrInvitation) {
		t.Fatalf("used in time, arrived late: %v, want ErrInvitation", err)
	}
	if a.admits(inv.secret.get().token) {
		t.Fatal("an expired invitation's token is registered")
	}
	b.time = b.time.Add(time.Hour)
	if _, err := b.Use(inv, ""); !errors.Is(err, ErrInvitation) {
		t.Fatalf("%v, want ErrInvitation", err)
	}
	for _, ttl := range []time.Duration{0, -1, time.Second, MaxInvitationTTL + 1} {
		if _, err := a.Invite(ttl, ""); err == nil {
			t.Errorf("an invitation for %v", ttl)
		}
	}
	if _, err := a.Use(inv, ""); !errors.Is(err, ErrInvitation) {
		t.Errorf("using one's own: %v", err)
	}
}

// TestPitfall26 for introductions: a confirm is matched on peer, exchange and request. Fails if confirmed leaves one of
// its comparisons out.
func TestPitfall26AConfirmAnswersOneRequest(t *testing.T) {
	a, b, eve := newPerson(t, "Alice"), newPerson(t, "Bob"), newPerson(t, "Eve")
	introduce(t, eve, b, false)
	inv, err := a.Invite(time.Hour, "")
	a.must(err)
	l, err := b.Use(inv, "")
	b.must(err)
	_, err = a.deliver(l)
	a.must(err)
	real, err := a.Confirm(b.id.Public(), "")
	a.must(err)
	m, hash, err := b.id.Mailbox().Open(real.Sealed, b.id.Public())
	b.must(err)
	for name, change := range map[string]func(m *Message){
		"from another contact": func(m *Message) { m.From = eve.id.Public() },
		"from a stranger":      func(m *Message) { m.From = Generate().Public() },
		"another exchange":     func(m *Message) { m.Call[0] ^= 1 },
		"another request":      func(m *Message) { m.Ref = bytes.Repeat([]byte{1}, 32) },
		"no ref":               func(m *Message) { m.Ref = nil },
		"for another":          func(m *Message) { m.To = a.id.Public() },
		"of no known type":     func(m *Message) { m.Type = 99 },
	} {
		bad := m
		change(&bad)
		if _, err := b.Receive(bad, hash); !errors.Is(err, ErrUnexpected) {
			t.Errorf("%s: %v, want ErrUnexpected", name, err)
		}
	}
	_, err = b.Receive(m, hash)
	b.must(err)
	if _, err := b.Receive(m, hash); !errors.Is(err, ErrUnexpected) {
		t.Errorf("the same again: %v, want ErrUnexpected", err)
	}
}

// Fails if TokenHashes or admits forgets one of the ways to lose a token.
func TestTokensAreRevokedOneByOne(t *testing.T) {
	a := newPerson(t, "Alice")
	var tokens []Token
	var ids []ID
	var last Letter // the request of the contact that is removed
	for i := range 4 {
		p := newPerson(t, "P")
		introduce(t, a, p, false)
		c, _ := p.Lookup(a.id.Public())
		if i == 2 {
			last = secondRequest(t, a, p)
		}
		tokens, ids = append(tokens, c.Token), append(ids, p.id.Public())
	}
	if n := len(a.TokenHashes()); n != 9 { // each one's own, and its invitations' until they expire
		t.Fatalf("%d tokens, want 9", n)
	}
	a.must(a.RevokeToken(ids[0]))
	a.must(a.Block(ids[1], true))
	a.must(a.Remove(ids[2]))
	for i, want := range []bool{false, false, false, true} {
		if a.admits(tokens[i]) != want {
			t.Errorf("token %d: admitted %v, want %v", i, !want, want)
		}
	}
	if n := len(a.TokenHashes()); n != 2 {
		t.Errorf("%d tokens, want 2", n)
	}
	if _, err := a.deliver(last); !errors.Is(err, ErrInvitation) {
		t.Errorf("removed, and asks again with the invitation that it used: %v, want ErrInvitation", err)
	}
	a.must(a.Block(ids[1], false))
	if !a.admits(tokens[1]) {
		t.Error("unblocked, and its token is gone")
	}
	card, err := a.CardFor(ids[0])
	a.must(err)
	if card.Token == tokens[0] || !a.admits(card.Token) {
		t.Error("no new token in place of the revoked one")
	}
}

// secondRequest has the guest use another invitation, and the host hear of it; it gives a letter that asks once more.
func secondRequest(t *testing.T, host, guest *person) Letter {
	t.Helper()
	inv, err := host.Invite(time.Hour, "")
	host.must(err)
	guest.time = guest.time.Add(time.Second)
	l, err := guest.Use(inv, "")
	guest.must(err)
	_, err = host.deliver(l)
	host.must(err)
	_, err = host.Confirm(guest.id.Public(), "")
	host.must(err)
	l, err = guest.Use(inv, "")
	guest.must(err)
	return l
}
