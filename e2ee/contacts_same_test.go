package e2ee

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is said again is not written again: whoever may write to us could have the store written without end. Fails if update
// writes what is there.
func TestWhatIsSaidAgainIsNotWritten(t *testing.T) {
	host, guest := newPerson(t, "Alice"), newPerson(t, "Bob")
	inv, err := host.Invite(time.Hour, "")
	host.must(err)
	l, err := guest.Use(inv, "")
	guest.must(err)
	_, err = host.deliver(l)
	host.must(err)
	changed := host.Changed()
	for range 3 {
		_, err = host.deliver(l)
		host.must(err)
	}
	select {
	case <-changed:
		t.Error("the same request was written again")
	default:
	}
	host.must(host.SetProfile(Profile{Name: "Alice", Relays: []string{"wss://elsewhere"}}))
	select {
	case <-changed:
	default:
		t.Error("what is new was not written")
	}
}

// A store in which there is nothing has a file all the same. Fails if update looks at what is there alone.
func TestTheFileOfAnEmptyStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "moved")
	empty, err := OpenContacts("", Generate())
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.MoveTo(path, Generate()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
