package sframe

import "fmt"

// Keyring opens the frames of several KIDs: the receiving half of what the RFC's appendix calls an SFrame context. It is
// for one goroutine at a time. The zero value is not usable; see [NewKeyring].
type Keyring struct {
	suite   Suite
	openers map[uint64]*Opener
}

// NewKeyring makes an empty one.
func NewKeyring(suite Suite) (*Keyring, error) {
	if _, err := suite.params(); err != nil {
		return nil, err
	}
	return &Keyring{suite: suite, openers: make(map[uint64]*Opener)}, nil
}

// Add derives the receiving key of kid from a base key. The error is ErrKey if the KID has a key: replacing one would
// forget what has been opened under it. Remove it first if that is meant.
func (r *Keyring) Add(kid uint64, base []byte) error {
	if r.openers[kid] != nil {
		return fmt.Errorf("%w: KID %d has a key", ErrKey, kid)
	}
	o, err := NewOpener(r.suite, kid, base)
	if err != nil {
		return err
	}
	r.openers[kid] = o
	return nil
}

// Remove destroys the key of kid, if there is one.
func (r *Keyring) Remove(kid uint64) {
	if o := r.openers[kid]; o != nil {
		o.Destroy()
		delete(r.openers, kid)
	}
}

// Open opens sealed with the key that its header names, as [Opener.Open] does.
func (r *Keyring) Open(dst, metadata, sealed []byte) ([]byte, error) {
	header, n, err := ParseHeader(sealed)
	if err != nil {
		return dst, err
	}
	o := r.openers[header.KID]
	if o == nil {
		return dst, ErrUnknownKey
	}
	return o.OpenParsed(dst, metadata, sealed, header, n)
}

// Destroy destroys every key. The ring is empty then.
func (r *Keyring) Destroy() {
	for kid := range r.openers {
		r.Remove(kid)
	}
}
