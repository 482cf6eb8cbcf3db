package e2ee

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// Profile is what we say of ourselves in invitations and cards.
type Profile struct {
	Name   string   // at most MaxName bytes; may be empty
	Relays []string // where our mailbox is, best first; at most MaxRelays. None: who uses another relay cannot write to us
}

// Contacts is the store of an identity's contacts, invitations and missed calls: in a file that is sealed by a key
// derived from the identity, or in memory alone.
//
// It is safe for several goroutines. Each change reads the file again if another process wrote it, and replaces it
// whole; two processes that change it in the same instant can still lose one of the changes, so let one do the writing.
// An error means that nothing was changed. Nobody who reads the file without the identity learns more than its size;
// who can write it can put an older copy back.
type Contacts struct {
	id   *Identity
	key  hidden[[32]byte]
	path string
	now  func() time.Time

	mu        sync.Mutex
	destroyed bool
	file      []byte           // as last read or written
	seen      fs.FileInfo      // of the file as Reload last read it
	state     *contactState    // never changed in place: replaced
	changed   chan struct{}    // closed at the next change
	due       map[ID]time.Time // when the last notice of a contact would have come, of one a minute
}

// OpenContacts opens the store at path, or starts an empty one if there is none; the file appears with the first
// change. An empty path keeps the store in memory. Another identity's store is keystore.ErrPassphrase, a damaged one
// keystore.ErrCorrupted.
func OpenContacts(path string, id *Identity) (*Contacts, error) {
	c := &Contacts{id: id, key: hide([32]byte{}), path: path, now: time.Now, state: newContactState(), changed: make(chan struct{}),
		due: make(map[ID]time.Time)}
	err := id.mailbox.keys.secret(func(seed, private []byte) error {
		key, err := hkdf.Key(sha256.New, slices.Concat(seed, private), []byte("sotto/v1 contacts"), string(id.id[:]), 32)
		copy(c.key.get()[:], key)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c, c.reload()
}

// Path is the store's file; empty: it is in memory alone.
func (c *Contacts) Path() string { return c.path }

// Reload reads what another process has written; a file that has not changed is not read. What is new closes Changed. After
// an error the store is as it was. Changes reload by themselves, and a call.Client does for the contacts that it has.
func (c *Contacts) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.path) // before it is read: what changes meanwhile is seen the next time
	if err == nil && c.seen != nil && !c.destroyed && sameFile(info, c.seen) {
		return nil
	}
	if err := c.reload(); err != nil {
		return err
	}
	c.seen = info
	return nil
}

// sameFile says that nobody has replaced or written the file.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (c *Contacts) reload() error {
	if c.destroyed {
		return ErrDestroyed
	}
	if c.path == "" {
		return nil
	}
	file, err := keystore.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) && c.file == nil {
		return nil
	}
	if err != nil || bytes.Equal(file, c.file) {
		return err
	}
	plain, err := keystore.OpenKey(c.key.get(), keystore.ContactsKind, file)
	if err != nil {
		return err
	}
	state, err := decodeContacts(plain)
	if err != nil {
		return err
	}
	c.file = file
	c.set(state)
	return nil
}

// update runs f over a copy of the state, writes that, and only then puts it in place.
func (c *Contacts) update(f func(s *contactState, now time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.destroyed {
		return ErrDestroyed
	}
	if err := c.reload(); err != nil {
		return err
	}
	next, now := c.state.clone(), c.now()
	next.expire(now)
	if err := f(next, now); err != nil {
		return err
	}
	plain, err := next.encode()
	if err != nil {
		return err
	}
	if before, err := c.state.encode(); err == nil && bytes.Equal(before, plain) && (c.path == "" || c.file != nil) {
		return nil // what is said again, as often as somebody likes, is not written again
	}
	if c.path != "" {
		file, err := keystore.SealKey(c.key.get(), keystore.ContactsKind, plain)
		if err != nil {
			return err
		}
		if err := keystore.ReplaceFile(c.path, file); err != nil {
			return err
		}
		c.file = file
	}
	c.set(next)
	return nil
}

func (c *Contacts) set(s *contactState) {
	c.state = s
	close(c.changed)
	c.changed = make(chan struct{})
}

// snapshot is the state as it is now; nobody changes it.
func (c *Contacts) snapshot() *contactState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Changed is closed when the store changes the next time: then the relay may have to hear new TokenHashes.
func (c *Contacts) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Identity is whose contacts these are.
func (c *Contacts) Identity() ID { return c.id.id }

// Lookup gives a contact that may ring us: not one that is Pending. It may be Blocked. What another process has changed
// since is seen after Reload.
func (c *Contacts) Lookup(id ID) (Contact, bool) {
	r, ok := c.snapshot().contacts[id]
	if !ok || r.State == uint8(Pending) {
		return Contact{}, false
	}
	return r.contact(), true
}

// All gives the contacts by name, without those that are Pending.
func (c *Contacts) All() []Contact {
	return c.list(func(r *record) bool { return r.State != uint8(Pending) })
}

// Requests gives those who used an invitation of ours and wait for Confirm or Refuse: who is Pending, and contacts that
// ask again, since our Confirm has not reached them. Who is blocked is not among them.
func (c *Contacts) Requests() []Contact {
	return c.list((*record).waits)
}

func (c *Contacts) list(want func(*record) bool) []Contact {
	var out []Contact
	for _, r := range c.snapshot().contacts {
		if want(r) {
			out = append(out, r.contact())
		}
	}
	slices.SortFunc(out, func(a, b Contact) int {
		if n := strings.Compare(fold(a.Name), fold(b.Name)); n != 0 {
			return n
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return out
}

// Resembling gives the other contacts whose label, or own name, is this name (same: their key seems to have changed, or
// somebody plays them) or may be taken for it (alike). Nothing is ever replaced: both are there to be shown.
func (c *Contacts) Resembling(id ID, name string) (same, alike []Contact) {
	for _, o := range c.All() {
		switch {
		case o.ID == id:
		case SameName(name, o.Name), SameName(name, o.Claimed):
			same = append(same, o)
		case LookAlike(name, o.Name), LookAlike(name, o.Claimed):
			alike = append(alike, o)
		}
	}
	return same, alike
}

// Destroy zeroes the store's key and forgets what it holds; the file stays. It may be called again.
func (c *Contacts) Destroy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.destroyed {
		clear(c.key.get()[:])
		c.destroyed, c.file = true, nil
		c.set(newContactState())
	}
}

// Format says whose contacts these are.
func (c *Contacts) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.short()) }

// LogValue says whose contacts these are.
func (c *Contacts) LogValue() slog.Value { return slog.StringValue(c.short()) }

func (c *Contacts) short() string {
	if c == nil {
		return "e2ee.Contacts(nil)"
	}
	return "e2ee.Contacts(" + c.id.id.String() + ")"
}
