package mls

import (
	"bytes"
	"slices"
)

// CredentialType says what a Credential holds (section 5.3).
type CredentialType uint16

// The credential types of RFC 9420.
const (
	CredentialBasic CredentialType = 1
	CredentialX509  CredentialType = 2
)

// Credential is what a member says of itself. Whether it is true is for Config.Authenticate to decide: this package
// only carries it. Other types cannot be read, since their form is not known.
type Credential struct {
	Type         CredentialType
	Identity     []byte   // of a basic credential; its form is the application's
	Certificates [][]byte // of an X.509 credential: DER, the member's own first
}

// maxChain bounds an X.509 chain.
const maxChain = 32

// BasicCredential is a bare identity.
func BasicCredential(identity []byte) Credential {
	return Credential{Type: CredentialBasic, Identity: bytes.Clone(identity)}
}

// Equal reports whether both are the same bytes.
func (c Credential) Equal(o Credential) bool {
	return c.Type == o.Type && bytes.Equal(c.Identity, o.Identity) &&
		slices.EqualFunc(c.Certificates, o.Certificates, bytes.Equal)
}

func (c Credential) clone() Credential {
	o := Credential{Type: c.Type, Identity: bytes.Clone(c.Identity)}
	for _, der := range c.Certificates {
		o.Certificates = append(o.Certificates, bytes.Clone(der))
	}
	return o
}

func (c *Credential) encode(w *writer) {
	w.u16(uint16(c.Type))
	if c.Type == CredentialX509 {
		w.vector(func(w *writer) {
			for _, der := range c.Certificates {
				w.opaque(der)
			}
		})
		return
	}
	w.opaque(c.Identity)
}

func (c *Credential) decode(r *reader) {
	c.Type = CredentialType(r.u16())
	switch c.Type {
	case CredentialBasic:
		c.Identity = r.opaque()
	case CredentialX509:
		r.vectorMax(maxChain, func(r *reader) { c.Certificates = append(c.Certificates, r.opaque()) })
	default:
		r.fail("credential type %d", c.Type)
	}
}
