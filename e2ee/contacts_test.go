package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// person is an identity with a store in a file and a clock that stands still until the test moves it.
type person struct {
	*Contacts
	t    testing.TB
	id   *Identity
	path string
	time time.Time
}

func newPerson(t testing.TB, name string) *person {
	t.Helper()
	p := &person{t: t, id: Generate(), path: filepath.Join(t.TempDir(), "contacts"), time: testTime}
	p.open()
	p.must(p.SetProfile(Profile{Name: name, Relays: []string{"wss://relay.example/v1"}}))
	return p
}

func (p *person) open() {
	p.t.Helper()
	c, err := OpenContacts(p.path, p.id)
	p.must(err)
	c.now = func() time.Time { return p.time }
	p.Contacts = c
}

func (p *person) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// deliver opens a letter as it came through a relay and hands it to the store.
func (p *person) deliver(l Letter) (Contact, error) {
	p.t.Helper()
	if l.To.Address() != p.id.Public().Address() {
		p.t.Fatal("the letter is not for this mailbox")
	}
	m, hash, err := p.id.Mailbox().Open(l.Sealed, p.id.Public())
	p.must(err)
	return p.Receive(m, hash)
}

func (p *person) admits(tok Token) bool { return slices.Contains(p.TokenHashes(), tok.Hash()) }

// introduce makes guest and host contacts of each other, through text if so asked.
func introduce(t testing.TB, host, guest *person, text bool) {
	t.Helper()
	inv, err := host.Invite(time.Hour, "")
	host.must(err)
	inv, err = ParseInvitation(inv.URI())
	host.must(err)
	request, err := guest.Use(inv, "")
	guest.must(err)
	pass := func(to *person, l Letter) Contact {
		var c Contact
		var err error
		if text {
			c, err = to.ReceiveText(l.Text())
		} else {
			c, err = to.deliver(l)
		}
		to.must(err)
		return c
	}
	if c := pass(host, request); c.State != Pending || c.ID != guest.id.Public() {
		t.Fatalf("the host has %v, want a pending guest", c)
	}
	confirm, err := host.Confirm(guest.id.Public(), "")
	host.must(err)
	if c := pass(guest, confirm); c.State != Confirmed || c.ID != host.id.Public() {
		t.Fatalf("the guest has %v, want a confirmed host", c)
	}
}

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

func TestChangedWakes(t *testing.T) {
	a := newPerson(t, "Alice")
	ch := a.Changed()
	select {
	case <-ch:
		t.Fatal("closed before any change")
	default:
	}
	_, err := a.Invite(time.Hour, "")
	a.must(err)
	<-ch
}

// A card with a known name and another id: both are shown, nothing is replaced. Fails if Add looks contacts up by name.
func TestAChangedKeyIsAnotherContact(t *testing.T) {
	a := newPerson(t, "Alice")
	bob, mallory := Generate().Public(), Generate().Public()
	_, err := a.Add(Card{ID: bob, Name: "Bob"}, "")
	a.must(err)
	a.must(a.Verify(bob))
	same, _ := a.Resembling(mallory, "bob")
	if len(same) != 1 || same[0].ID != bob {
		t.Fatalf("same name: %v", same)
	}
	_, alike := a.Resembling(mallory, "B0b")
	if len(alike) != 1 || alike[0].ID != bob {
		t.Fatalf("look-alike: %v", alike)
	}
	c, err := a.Add(Card{ID: mallory, Name: "Bob"}, "")
	a.must(err)
	if !c.Verified.IsZero() {
		t.Fatal("the new key is verified")
	}
	if old, _ := a.Lookup(bob); old.Verified.IsZero() || len(a.All()) != 2 {
		t.Fatal("the old contact was replaced")
	}
	if same, _ := a.Resembling(bob, "Bob"); len(same) != 1 || same[0].ID != mallory {
		t.Fatalf("seen from the old one: %v", same)
	}
}

// What a contact calls itself never replaces our label.
func TestOwnLabelStands(t *testing.T) {
	a := newPerson(t, "Alice")
	id := Generate().Public()
	_, err := a.Add(Card{ID: id, Name: "Bob"}, "The plumber")
	a.must(err)
	c, err := a.Add(Card{ID: id, Name: "Your Bank"}, "Your Bank")
	a.must(err)
	if c.Name != "The plumber" || c.Claimed != "Your Bank" {
		t.Fatalf("%q, who says %q", c.Name, c.Claimed)
	}
	a.must(a.Rename(id, "Plumber"))
	for _, bad := range []string{"", "a\nb", "\u202eBob", "a\u200bb", string(bytes.Repeat([]byte("a"), 65)), "\xff"} {
		if a.Rename(id, bad) == nil {
			t.Errorf("label %q was taken", bad)
		}
	}
}

func TestRevocationBlocksAtOnce(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	introduce(t, a, b, false)
	old := b.id.Public()
	a.must(a.Verify(old))
	token := must(b.Lookup(a.id.Public())).Token
	next := Generate()
	statement, err := b.id.Revoke(testTime, next)
	b.must(err)
	c, err := a.ReceiveRevocation(statement)
	a.must(err)
	if !c.Blocked || !c.Revoked.Equal(testTime) || c.ReplacedBy != next.Public() || a.admits(token) {
		t.Fatalf("%+v is still trusted", c)
	}
	if a.Block(old, false) == nil || a.Verify(old) == nil {
		t.Fatal("a revoked contact was trusted again")
	}
	if _, ok := a.Lookup(next.Public()); ok {
		t.Fatal("the new identity was accepted without the user")
	}
	// A thief's later word does not change who was named. Fails if ReceiveRevocation overwrites.
	thief, err := b.id.Revoke(testTime.Add(time.Hour), Generate())
	b.must(err)
	if c, err = a.ReceiveRevocation(thief); err != nil || c.ReplacedBy != next.Public() {
		t.Fatalf("%v, %v", c.ReplacedBy, err)
	}
	n, err := a.AcceptReplacement(old)
	a.must(err)
	if n.ID != next.Public() || n.Name != "Bob" || !n.Verified.IsZero() || n.Blocked || !a.admits(token) {
		t.Fatalf("the new contact: %+v", n)
	}
	if c, _ := a.Lookup(old); !c.Blocked {
		t.Fatal("the old contact may ring again")
	}
	plain, err := newPerson(t, "X").id.Revoke(testTime, nil)
	a.must(err)
	if _, err := a.ReceiveRevocation(plain); !errors.Is(err, ErrNoContact) {
		t.Fatalf("a stranger's revocation: %v", err)
	}
}

func must[T any](v T, ok bool) T {
	if !ok {
		panic("not there")
	}
	return v
}

func TestMoveTo(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	introduce(t, a, b, false)
	a.must(a.Verify(b.id.Public()))
	next := Generate()
	path := filepath.Join(t.TempDir(), "moved")
	a.must(a.MoveTo(path, next))
	moved, err := OpenContacts(path, next)
	a.must(err)
	c, ok := moved.Lookup(b.id.Public())
	token := must(b.Lookup(a.id.Public())).Token
	if !ok || c.Verified.IsZero() || !slices.Contains(moved.TokenHashes(), token.Hash()) {
		t.Fatalf("moved: %v", c)
	}
	if moved.Profile().Name != "Alice" {
		t.Fatal("the profile did not move")
	}
	if a.MoveTo(path, next) == nil {
		t.Fatal("contacts were written over others")
	}
}

func TestStoreBelongsToOneIdentity(t *testing.T) {
	a := newPerson(t, "Alice")
	if _, err := OpenContacts(a.path, Generate()); !errors.Is(err, keystore.ErrPassphrase) {
		t.Fatalf("another identity: %v, want ErrPassphrase", err)
	}
	file, err := os.ReadFile(a.path)
	a.must(err)
	for _, secret := range []string{"Alice", "relay.example"} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("%q is in the file", secret)
		}
	}
	file[len(file)/2] ^= 1
	a.must(os.WriteFile(a.path, file, 0o600))
	if _, err := OpenContacts(a.path, a.id); !errors.Is(err, keystore.ErrCorrupted) {
		t.Fatalf("damaged: %v, want ErrCorrupted", err)
	}
	// A damaged file is not written over. Fails if update goes on from memory.
	if err := a.SetProfile(Profile{}); !errors.Is(err, keystore.ErrCorrupted) {
		t.Fatalf("a change on a damaged file: %v, want ErrCorrupted", err)
	}
}

// Fails if update does not read again what another process wrote.
func TestTwoProcessesOneStore(t *testing.T) {
	a := newPerson(t, "Alice")
	other, err := OpenContacts(a.path, a.id)
	a.must(err)
	x, y := Generate().Public(), Generate().Public()
	_, err = a.Add(Card{ID: x}, "X")
	a.must(err)
	_, err = other.Add(Card{ID: y}, "Y")
	a.must(err)
	a.must(a.Reload())
	if len(a.All()) != 2 || len(other.All()) != 2 {
		t.Fatalf("%d and %d contacts, want 2 in both", len(a.All()), len(other.All()))
	}
}

func TestAFailedWriteChangesNothing(t *testing.T) {
	a := newPerson(t, "Alice")
	a.path = filepath.Join(t.TempDir(), "gone", "contacts")
	a.Contacts.path, a.Contacts.file = a.path, nil
	if _, err := a.Add(Card{ID: Generate().Public()}, "X"); err == nil {
		t.Fatal("written to a folder that is not there")
	}
	if len(a.All()) != 0 {
		t.Fatal("the change is seen though it was not kept")
	}
}

func TestContactsInParallel(t *testing.T) {
	c, err := OpenContacts("", Generate())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				id := Generate().Public()
				if _, err := c.Add(Card{ID: id}, fmt.Sprint("contact ", i)); err != nil {
					t.Error(err)
				}
				c.Lookup(id)
				c.TokenHashes()
				if err := c.Verify(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(c.All()); n != 40 {
		t.Fatalf("%d contacts, want 40", n)
	}
}

func TestContactsDestroy(t *testing.T) {
	a := newPerson(t, "Alice")
	a.Destroy()
	a.Destroy()
	if err := a.SetProfile(Profile{}); !errors.Is(err, ErrDestroyed) {
		t.Fatalf("%v, want ErrDestroyed", err)
	}
	if *a.Contacts.key.get() != [32]byte{} {
		t.Fatal("the key is still there")
	}
}
