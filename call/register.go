package call

import (
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// register keeps the relay's list of tokens that may write to the identity's mailbox as the contacts are: whoever is
// revoked there cannot even reach us. Without contacts the transport's owner decides what it admits.
func (c *Client) register(t signal.Transport) {
	defer c.readers.Done()
	r, ok := t.(signal.Registrar)
	if !ok || c.config.Contacts == nil {
		return
	}
	for pause := firstPause; ; {
		changed := c.config.Contacts.Changed()
		err := r.Admit(c.ctx, c.config.Contacts.TokenHashes(), false)
		if err == nil {
			pause = firstPause
			select {
			case <-changed:
			case <-c.ctx.Done():
				return
			}
			continue
		}
		c.config.Logger.Warn("the relay did not take the list of contacts' tokens", "error", err)
		select {
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		case <-c.ctx.Done():
			return
		}
	}
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
