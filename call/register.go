package call

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// A tokenList is what e2ee.Contacts says of the tokens that may write to the identity's mailbox.
type tokenList interface {
	Changed() <-chan struct{}
	TokenHashes() [][32]byte
}

// nobody is the tokenList of a client without contacts, whose mailbox is open.
type nobody struct{}

func (nobody) Changed() <-chan struct{} { return nil }
func (nobody) TokenHashes() [][32]byte  { return nil }

// register keeps the relay's list of tokens that may write to the identity's mailbox as the contacts are: whoever is
// revoked there cannot even reach us, unless the mailbox is open to all.
func (c *Client) register(t signal.Transport) {
	defer c.readers.Done()
	if r, ok := t.(signal.Registrar); ok {
		var list tokenList = nobody{}
		if c.config.Contacts != nil {
			list = c.config.Contacts
		}
		keepAdmitted(c.ctx, r, list, c.config.OpenMailbox, c.config.Logger)
	}
}

// watchPause is how often the contacts' file is looked at, beside each Invite that comes.
const watchPause = 3 * time.Second

// watch keeps the contacts as their file is: another process may take a contact's token back there, and the relay must hear
// of it.
func (c *Client) watch(contacts *e2ee.Contacts) {
	defer c.readers.Done()
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	for failed := false; ; {
		select {
		case <-tick.C:
		case <-c.ctx.Done():
			return
		}
		err := contacts.Reload()
		if err != nil && !failed {
			c.config.Logger.Warn("the contacts cannot be read: nobody can ring", "error", err)
		}
		failed = err != nil
	}
}

// keepAdmitted tells the relay the list, and whether everybody else may write too, and again whenever the list has changed,
// until ctx ends.
func keepAdmitted(ctx context.Context, r signal.Registrar, list tokenList, open bool, log *slog.Logger) {
	var known roster
	for pause := firstPause; ; {
		changed := list.Changed()
		admitted, rest := known.update(list.TokenHashes())
		if rest > 0 && !open {
			log.Warn("contacts and invitations are left out: their calls do not arrive, for the relay admits no more tokens",
				"admitted", len(admitted), "left out", rest)
		}
		err := r.Admit(ctx, admitted, open)
		if err == nil {
			pause = firstPause
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
			continue
		}
		log.Warn("the relay did not take the list of contacts' tokens", "error", err)
		select {
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		case <-ctx.Done():
			return
		}
	}
}

// A roster is the hashes of all tokens that may write to us, those that were seen first last.
type roster [][32]byte

// update takes the hashes as they are now and gives those to be admitted, which is all of them up to signal.MaxTokens. Of
// more, the newest: whoever has just become a contact, or been invited, is about to ring. They are sorted, so that a relay
// does not learn which is which.
func (r *roster) update(now [][32]byte) (admitted [][32]byte, rest int) {
	there := make(map[[32]byte]bool, len(now))
	for _, h := range now {
		there[h] = true
	}
	old := slices.DeleteFunc(*r, func(h [32]byte) bool { return !there[h] })
	for _, h := range old {
		delete(there, h)
	}
	*r = append(slices.DeleteFunc(now, func(h [32]byte) bool { return !there[h] }), old...)
	admitted = slices.Clone((*r)[:min(len(*r), signal.MaxTokens)])
	slices.SortFunc(admitted, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	return admitted, len(*r) - len(admitted)
}

// resembles names the contacts for whom a stranger of this name may be taken.
func resembles(contacts *e2ee.Contacts, id e2ee.ID, name string) (same, alike string) {
	s, a := contacts.Resembling(id, name)
	if len(s) > 0 {
		same = s[0].Name
	}
	if len(a) > 0 {
		alike = a[0].Name
	}
	return same, alike
}
