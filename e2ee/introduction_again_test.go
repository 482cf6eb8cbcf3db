package e2ee

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// asks has the guest use an invitation of the host's, a second after what it did before, and the host hear of it.
func asks(t *testing.T, host, guest *person, inv Invitation) {
	t.Helper()
	host.time, guest.time = host.time.Add(time.Second), guest.time.Add(time.Second)
	l, err := guest.Use(inv, "")
	guest.must(err)
	_, err = host.deliver(l)
	host.must(err)
}

// lost makes two contacts, of which the guest never hears: the confirmation is lost, and the guest asks again, with the same
// invitation or another.
func lost(t *testing.T, same bool) (host, guest *person) {
	t.Helper()
	host, guest = newPerson(t, "Alice"), newPerson(t, "Bob")
	inv, err := host.Invite(time.Hour, "")
	host.must(err)
	asks(t, host, guest, inv)
	_, err = host.Confirm(guest.id.Public(), "")
	host.must(err)
	if len(host.Requests()) != 0 {
		t.Fatal("who was confirmed waits")
	}
	if !same {
		inv, err = host.Invite(time.Hour, "")
		host.must(err)
	}
	asks(t, host, guest, inv)
	host.open() // it is kept in the file
	return host, guest
}

// A contact whose confirmation was lost asks again, and Confirm reaches it. Fails if request does not set Asked, if waits looks
// for Pending ones alone, if the file does not keep Asked, or if confirm answers the first request instead of the last.
func TestALostConfirmationIsSentAgain(t *testing.T) {
	for _, same := range []bool{true, false} {
		a, b := lost(t, same)
		if got := a.Requests(); len(got) != 1 || got[0].ID != b.id.Public() || got[0].State != Confirmed {
			t.Fatalf("same invitation %v: requests %v, want the contact", same, got)
		}
		again, err := a.Confirm(b.id.Public(), "")
		a.must(err)
		if c, err := b.deliver(again); err != nil || c.State != Confirmed {
			t.Fatalf("same invitation %v: the guest has %v, %v", same, c, err)
		}
		if len(a.Requests()) != 0 {
			t.Fatalf("same invitation %v: it waits though it was answered", same)
		}
		if c, _ := b.Lookup(a.id.Public()); !a.admits(c.Token) {
			t.Fatalf("same invitation %v: the token that came does not open the mailbox", same)
		}
	}
}

// Refusing who is a contact already leaves it one. Fails if Refuse deletes whoever waits, or leaves Asked set.
func TestRefusingAContactKeepsIt(t *testing.T) {
	for _, same := range []bool{true, false} {
		a, b := lost(t, same)
		id := b.id.Public()
		a.must(a.Refuse(id))
		if c, ok := a.Lookup(id); !ok || c.State != Confirmed || !c.CanWrite || len(a.Requests()) != 0 {
			t.Fatalf("same invitation %v: refused, it is %v, and %d wait", same, c, len(a.Requests()))
		}
		if err := a.Refuse(id); !errors.Is(err, ErrNoContact) {
			t.Fatalf("refused twice: %v, want ErrNoContact", err)
		}
	}
}

// Who is blocked cannot be confirmed, and so does not wait; it can be found, and waits again when it is unblocked. Fails if
// waits does not look at Blocked for Pending ones or for those that asked, or if Find looks among Requests alone.
func TestTheBlockedDoNotWait(t *testing.T) {
	pending := func() (a, b *person) {
		a, b = newPerson(t, "Alice"), newPerson(t, "Bob")
		inv, err := a.Invite(time.Hour, "")
		a.must(err)
		asks(t, a, b, inv)
		return a, b
	}
	wait := func(a *person, want int) {
		t.Helper()
		if got := a.Requests(); len(got) != want {
			t.Fatalf("%v wait, want %d", got, want)
		}
	}

	a, b := pending()
	a.must(a.Block(b.id.Public(), true))
	wait(a, 0)
	if _, err := a.Confirm(b.id.Public(), ""); !errors.Is(err, ErrNoContact) {
		t.Fatalf("confirmed, and blocked: %v", err)
	}
	if c, err := a.Find("Bob"); err != nil || c.ID != b.id.Public() || !c.Blocked || c.State != Pending {
		t.Fatalf("found %v, %v", c, err)
	}
	a.must(a.Block(b.id.Public(), false))
	wait(a, 1)

	statement, err := b.id.Revoke(testTime, nil)
	b.must(err)
	_, err = a.ReceiveRevocation(statement)
	a.must(err)
	wait(a, 0)

	a, b = lost(t, true)
	a.must(a.Block(b.id.Public(), true))
	wait(a, 0)
}

// An invitation is unused until somebody uses it, also in vain, or it expires. Fails if Unused leaves out one of its comparisons.
func TestUnused(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	invite := func() Invitation {
		inv, err := a.Invite(time.Hour, "")
		a.must(err)
		return inv
	}
	used, expires := invite(), invite()
	if !a.Unused(used) || !a.Unused(expires) || a.Unused(Invitation{}) || b.Unused(used) {
		t.Fatal("a new invitation cannot be used, or what is none of ours can")
	}
	asks(t, a, b, used)
	if a.Unused(used) || !a.Unused(expires) {
		t.Fatal("used, and unused; or the other way round")
	}
	a.must(a.Refuse(b.id.Public()))
	if a.Unused(used) {
		t.Fatal("the invitation of who was refused can be used")
	}
	a.time = a.time.Add(time.Hour)
	if a.Unused(expires) {
		t.Fatal("expired, and unused")
	}
}

// Nobody has signed an invitation: whoever passes one on, or makes one up, can write any token and relay into it. What a
// confirmed contact gave us stands until its confirm, which is signed, brings others. Fails if use writes them at once.
func TestAnInvitationRewritesNoContact(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	introduce(t, a, b, false)
	alice := a.id.Public()
	b.must(b.Verify(alice))
	before := must(b.Lookup(alice))
	uses := func(inv Invitation) Letter {
		t.Helper()
		inv, err := ParseInvitation(inv.URI())
		b.must(err)
		l, err := b.Use(inv, "")
		b.must(err)
		b.open() // from the file
		if got := must(b.Lookup(alice)); !reflect.DeepEqual(got, before) {
			t.Errorf("an invitation leaves %v at %q, its token kept: %v", got, got.Relays, got.Token == before.Token)
		}
		return l
	}
	uses(Invitation{From: alice, Name: "Mallory", Relays: []string{"wss://evil.example/v1"}, Expires: testTime.Add(time.Hour),
		secret: hide(invitationSecret{token: GenerateToken()})})

	a.must(a.RevokeToken(b.id.Public()))
	a.must(a.SetProfile(Profile{Name: "Alice", Relays: []string{"wss://new.example/v1"}}))
	inv, err := a.Invite(time.Hour, "")
	a.must(err)
	b.time = b.time.Add(time.Second)
	_, err = a.deliver(uses(inv))
	a.must(err)
	confirm, err := a.Confirm(b.id.Public(), "")
	a.must(err)
	c, err := b.deliver(confirm)
	b.must(err)
	if !a.admits(c.Token) || len(c.Relays) != 1 || c.Relays[0] != "wss://new.example/v1" || c.Verified.IsZero() {
		t.Errorf("confirmed, it is %v at %q, verified %v; its token admits: %v", c, c.Relays, c.Verified, a.admits(c.Token))
	}
}

// What a request said may have changed since, by a card: delivered again it asks again, and no more. The confirm that it gets
// goes where the card says. Fails if request takes the token and relays of the request that it has, or of one of that time
// once our own use has taken its place.
func TestARequestDeliveredAgain(t *testing.T) {
	for _, both := range []bool{false, true} {
		a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
		inv, err := a.Invite(time.Hour, "")
		a.must(err)
		request, err := b.Use(inv, "")
		b.must(err)
		_, err = a.deliver(request)
		a.must(err)
		_, err = a.Confirm(b.id.Public(), "")
		a.must(err)

		b.must(b.RevokeToken(a.id.Public()))
		b.must(b.SetProfile(Profile{Name: "Robert", Relays: []string{"wss://new.example/v1"}}))
		card, err := b.CardFor(a.id.Public())
		b.must(err)
		_, err = a.Add(card, "")
		a.must(err)
		if both { // each has invited the other
			inv, err := b.Invite(time.Hour, "")
			b.must(err)
			_, err = a.Use(inv, "")
			a.must(err)
		}
		want := must(a.Lookup(b.id.Public()))
		a.time = a.time.Add(time.Minute)
		if _, err := a.deliver(request); both != errors.Is(err, ErrUnexpected) {
			t.Errorf("we asked too: %v; delivered again: %v", both, err)
		}
		if got := must(a.Lookup(b.id.Public())); !reflect.DeepEqual(got, want) {
			t.Errorf("we asked too: %v; it is %q at %q, its token kept: %v", both, got.Claimed, got.Relays, got.Token == want.Token)
		}
		if n := len(a.Requests()); (n == 1) == both {
			t.Errorf("we asked too: %v; %d wait", both, n)
		}
	}
}

// A guest whose clock was ahead can ask again when it is right. Fails if request holds it to a time that is still to come.
func TestAClockThatWasAhead(t *testing.T) {
	a, b := newPerson(t, "Alice"), newPerson(t, "Bob")
	inv, err := a.Invite(MaxInvitationTTL, "")
	a.must(err)
	b.time = b.time.Add(MaxInvitationTTL - time.Hour)
	first, err := b.Use(inv, "")
	b.must(err)
	_, err = a.deliver(first)
	a.must(err)
	b.time = testTime
	asks(t, a, b, inv)
	confirm, err := a.Confirm(b.id.Public(), "")
	a.must(err)
	if c, err := b.deliver(confirm); err != nil || c.State != Confirmed {
		t.Errorf("the guest has %v, %v", c, err)
	}
}

// The identity that a revoked contact named may have used an invitation before it is accepted: it is a contact then, and
// what the old one could write with is its own. Fails if AcceptReplacement leaves who is Pending as it is.
func TestAReplacementThatHasAsked(t *testing.T) {
	a, b, next := newPerson(t, "Alice"), newPerson(t, "Bob"), newPerson(t, "Bob anew")
	introduce(t, a, b, false)
	old, id := b.id.Public(), next.id.Public()
	token := must(b.Lookup(a.id.Public())).Token
	inv, err := a.Invite(time.Hour, "")
	a.must(err)
	asks(t, a, next, inv)
	statement, err := b.id.Revoke(testTime, next.id)
	b.must(err)
	_, err = a.ReceiveRevocation(statement)
	a.must(err)
	c, err := a.AcceptReplacement(old)
	a.must(err)
	if c.ID != id || c.State != Confirmed || c.Name != "Bob" || !c.Verified.IsZero() || !a.admits(token) {
		t.Fatalf("the new contact: %+v", c)
	}
	if was := must(a.Lookup(old)); !was.Blocked || !was.Token.IsZero() {
		t.Errorf("the old contact: %+v", was)
	}
	if got := a.Requests(); len(got) != 1 || got[0].ID != id {
		t.Fatalf("%v wait; who asked has not been told", got)
	}
	confirm, err := a.Confirm(id, "")
	a.must(err)
	if c, err := next.deliver(confirm); err != nil || c.State != Confirmed || !a.admits(c.Token) {
		t.Errorf("the new identity has %v, %v", c, err)
	}
	a.must(a.Rename(id, "Robert"))
	if c, err := a.AcceptReplacement(old); err != nil || c.Name != "Robert" {
		t.Errorf("accepted again: %v, %v", c, err)
	}
}
