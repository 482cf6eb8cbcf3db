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

// Who gives no name is somebody all the same, on both sides. Fails if use has no label for it.
func TestWithoutNames(t *testing.T) {
	host, guest := newPerson(t, ""), newPerson(t, "")
	introduce(t, host, guest, false)
	for _, p := range []*person{host, guest} {
		if all := p.All(); len(all) != 1 || all[0].Name != unnamed {
			t.Errorf("contacts %v", all)
		}
	}
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

// Fails if Revocations leaves out who used our invitation, or whose we used, or writes to who has given us no token.
func TestRevocationsGoToAllWhomWeCanWriteTo(t *testing.T) {
	a, b, c, d := newPerson(t, "Alice"), newPerson(t, "Bob"), newPerson(t, "Carol"), newPerson(t, "Dave")
	introduce(t, b, a, false)
	introduce(t, a, c, true)
	_, err := a.Add(d.Card(), "") // without a token
	a.must(err)
	statement, err := a.id.Revoke(testTime, nil)
	a.must(err)
	letters, err := a.Revocations(statement)
	a.must(err)
	if len(letters) != 2 {
		t.Fatalf("%d letters, want 2", len(letters))
	}
	for i, p := range []*person{b, c} { // by name
		if !p.admits(letters[i].To.Token) || letters[i].Relays[0] != "wss://relay.example/v1" {
			t.Errorf("letter %d goes to %v with a token that does not admit it, at %q", i, letters[i].To, letters[i].Relays)
		}
		got, err := p.deliver(letters[i])
		p.must(err)
		if got.ID != a.id.Public() || !got.Blocked || !got.Revoked.Equal(testTime) {
			t.Errorf("%d has %+v", i, got)
		}
	}
	if _, again, err := ParseRevocationText(letters[0].Text()); err != nil || !bytes.Equal(again, statement) {
		t.Errorf("as text: %v", err)
	}
	if _, err := c.Revocations(statement); !errors.Is(err, ErrUnexpected) {
		t.Errorf("another's statement: %v, want ErrUnexpected", err)
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

// TestReloadReadsWhatHasChanged, and nothing else: an unchanged file costs a stat.
// Mutations: Reload without sameFile; sameFile that is always true.
func TestReloadReadsWhatHasChanged(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	tool, err := OpenContacts(a.path, a.id)
	a.must(err)
	a.must(a.Reload())
	changed := a.Changed()
	_, err = tool.Add(b.Card(), "Bob")
	a.must(err)
	a.must(a.Reload())
	select {
	case <-changed:
	default:
		t.Error("Changed is not closed")
	}
	if _, ok := a.Lookup(b.id.Public()); !ok {
		t.Fatal("what another process added is not there")
	}
	info, err := os.Stat(a.path)
	a.must(err)
	a.must(os.WriteFile(a.path, make([]byte, info.Size()), 0o600))
	a.must(os.Chtimes(a.path, info.ModTime(), info.ModTime())) // as if nobody had touched it
	a.must(a.Reload())
	a.must(os.Chtimes(a.path, info.ModTime(), info.ModTime().Add(time.Second)))
	if a.Reload() == nil {
		t.Error("a damaged file was taken")
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
