package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// uses has a guest of this name use an invitation, and the kiosk take the letter.
func (s *stage) uses(name string, inv e2ee.Invitation) e2ee.ID {
	s.t.Helper()
	guest := s.enter(name, "")
	letter, err := guest.contacts.Use(inv, "kiosk")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.self.contacts.ReceiveText(letter.Text()); err != nil {
		s.t.Fatal(err)
	}
	return guest.identity.Public()
}

// Who uses the kiosk's invitation is confirmed. Who uses another one is not, however they are called; and a start makes no
// second invitation while the first may be used.
func TestIntroduce(t *testing.T) {
	dir := t.TempDir()
	onStage(t, "-invite alice", nil, func(t *testing.T, s *stage) {
		s.kiosk.Identity = filepath.Join(dir, "kiosk")
		var printed [2]bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			s.kiosk.introduce(ctx, &printed[0])
			s.kiosk.introduce(t.Context(), &printed[1])
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if printed[0].Len() == 0 || printed[0].String() != printed[1].String() {
			t.Fatalf("printed %d bytes, and then others", printed[0].Len())
		}

		for _, label := range []string{"", "alice"} {
			other, err := s.self.contacts.Invite(time.Hour, label)
			if err != nil {
				t.Fatal(err)
			}
			id := s.uses("alice", other)
			time.Sleep(time.Minute)
			if _, known := s.self.contacts.Lookup(id); known {
				t.Errorf("who used an invitation for %q was confirmed", label)
			}
		}

		inv, err := e2ee.ParseInvitation(strings.TrimSpace(printed[0].String()))
		if err != nil {
			t.Fatal(err)
		}
		id := s.uses("Mallory", inv)
		time.Sleep(time.Minute)
		if c, known := s.self.contacts.Lookup(id); !known || c.State != e2ee.Confirmed || c.Name != "alice" || !c.Verified.IsZero() {
			t.Errorf("%v, %t", c, known)
		}
		if found, err := find(s.self.contacts, "alice"); err != nil || found.ID != id { // those that wait do not count
			t.Errorf("%v, %v", found, err)
		}
		var again bytes.Buffer
		if s.kiosk.introduce(t.Context(), &again); again.Len() > 0 {
			t.Error("it was printed again")
		}
	})
}

// The contact whose confirmation was lost is confirmed again, under the name that it has by then; nobody else is. Mutations:
// introduce returns once it has confirmed; it confirms whoever asks then; it gives the name of -invite again.
func TestIntroduceAgain(t *testing.T) {
	dir := t.TempDir()
	onStage(t, "-invite alice", nil, func(t *testing.T, s *stage) {
		s.kiosk.Identity = filepath.Join(dir, "kiosk")
		var printed bytes.Buffer
		go s.kiosk.introduce(t.Context(), &printed)
		synctest.Wait()
		inv, err := e2ee.ParseInvitation(strings.TrimSpace(printed.String()))
		if err != nil {
			t.Fatal(err)
		}
		guest := s.enter("Mallory", "")
		ask := func() {
			t.Helper()
			time.Sleep(time.Minute)
			letter, err := guest.contacts.Use(inv, "kiosk")
			if err == nil {
				_, err = s.self.contacts.ReceiveText(letter.Text())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		ask()
		time.Sleep(time.Minute)
		if err := s.self.contacts.Rename(guest.identity.Public(), "Alice upstairs"); err != nil {
			t.Fatal(err)
		}
		other, err := s.self.contacts.Invite(time.Hour, "")
		if err != nil {
			t.Fatal(err)
		}
		stranger := s.uses("Eve", other)
		ask()
		time.Sleep(time.Minute)
		waiting := s.self.contacts.Requests()
		if len(waiting) != 1 || waiting[0].ID != stranger {
			t.Errorf("%v wait, want the stranger alone", waiting)
		}
		if c, known := s.self.contacts.Lookup(guest.identity.Public()); !known || c.Name != "Alice upstairs" {
			t.Errorf("%v, %t", c, known)
		}
	})
}

// A store that is full of invitations ends nothing.
func TestNoMoreInvitations(t *testing.T) {
	dir := t.TempDir()
	onStage(t, "-invite alice", nil, func(t *testing.T, s *stage) {
		s.kiosk.Identity = filepath.Join(dir, "kiosk")
		var err error
		for n := 0; err == nil && n < 10_000; n++ {
			_, err = s.self.contacts.Invite(time.Hour, fmt.Sprint(n))
		}
		if !errors.Is(err, e2ee.ErrTooLarge) {
			t.Fatal(err)
		}
		var out bytes.Buffer
		s.kiosk.introduce(t.Context(), &out)
		if out.Len() > 0 {
			t.Error("it was printed")
		}
		s.wants("-invite: ")
	})
}
