package e2ee

import "fmt"

// Find gives the contact that a user names: by our label (in any case), or by its text form or URI. Pending ones are
// found too, also those that are blocked: they could not be unblocked otherwise. Several of one name are an error, which
// asks for the text form: a program must not guess between keys.
func (c *Contacts) Find(s string) (Contact, error) {
	card, err := ParseCard(s)
	byID := err == nil
	var found []Contact
	for _, o := range c.list(func(*record) bool { return true }) {
		if byID && o.ID == card.ID || !byID && SameName(o.Name, s) {
			found = append(found, o)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Contact{}, fmt.Errorf("%w: %d have this name, use the text form (sotto1…) of one", ErrNoContact, len(found))
	}
	return Contact{}, ErrNoContact
}
