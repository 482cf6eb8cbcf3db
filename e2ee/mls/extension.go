package mls

import (
	"bytes"
	"slices"
)

// ExtensionType names an extension (section 17.3).
type ExtensionType uint16

// The extension types of RFC 9420. Every client knows them, and so capabilities must not list them.
const (
	ExtensionApplicationID        ExtensionType = 1
	ExtensionRatchetTree          ExtensionType = 2
	ExtensionRequiredCapabilities ExtensionType = 3
	ExtensionExternalPub          ExtensionType = 4
	ExtensionExternalSenders      ExtensionType = 5
)

func (t ExtensionType) isDefault() bool { return t >= 1 && t <= 5 }

// Extension is a typed, opaque addition to a KeyPackage, LeafNode, GroupInfo or GroupContext.
type Extension struct {
	Type ExtensionType
	Data []byte
}

// findExtension returns the data of the extension of that type, nil and false if there is none.
func findExtension(list []Extension, t ExtensionType) ([]byte, bool) {
	for _, e := range list {
		if e.Type == t {
			return e.Data, true
		}
	}
	return nil, false
}

// checkExtensions verifies that no type stands twice (section 13.4). What is read has been checked already.
func checkExtensions(list []Extension) error {
	for i, e := range list {
		if _, twice := findExtension(list[:i], e.Type); twice {
			return invalid("extension %d twice", e.Type)
		}
	}
	return nil
}

func cloneExtensions(list []Extension) []Extension {
	out := slices.Clone(list)
	for i := range out {
		out[i].Data = bytes.Clone(out[i].Data)
	}
	return out
}

func equalExtensions(a, b []Extension) bool {
	return slices.EqualFunc(a, b, func(x, y Extension) bool { return x.Type == y.Type && bytes.Equal(x.Data, y.Data) })
}

func writeExtensions(w *writer, list []Extension) {
	w.vector(func(w *writer) {
		for _, e := range list {
			w.u16(uint16(e.Type))
			w.opaque(e.Data)
		}
	})
}

// readExtensions reads a list in which, by section 13.4, no type stands twice.
func readExtensions(r *reader) []Extension {
	var list []Extension
	seen := map[ExtensionType]bool{}
	r.vector(func(r *reader) {
		e := Extension{Type: ExtensionType(r.u16()), Data: r.opaque()}
		if seen[e.Type] {
			r.fail("extension %d twice", e.Type)
		}
		seen[e.Type] = true
		list = append(list, e)
	})
	return list
}

// RequiredCapabilities is the extension of section 11.1: what every member must be able to do.
type RequiredCapabilities struct {
	Extensions  []ExtensionType
	Proposals   []ProposalType
	Credentials []CredentialType
}

// Extension encodes it for a GroupContext.
func (c RequiredCapabilities) Extension() Extension {
	return Extension{ExtensionRequiredCapabilities, marshal(&c)}
}

func (c *RequiredCapabilities) encode(w *writer) {
	writeUint16s(w, c.Extensions)
	writeUint16s(w, c.Proposals)
	writeUint16s(w, c.Credentials)
}

func (c *RequiredCapabilities) decode(r *reader) {
	c.Extensions = readUint16s[ExtensionType](r)
	c.Proposals = readUint16s[ProposalType](r)
	c.Credentials = readUint16s[CredentialType](r)
}

// ExternalSender is one who may send proposals to the group without being a member (section 12.1.8.1).
type ExternalSender struct {
	SignatureKey []byte
	Credential   Credential
}

// ExternalSenders encodes the list for a GroupContext.
func ExternalSenders(list []ExternalSender) Extension {
	w := &writer{}
	w.vector(func(w *writer) {
		for _, s := range list {
			w.opaque(s.SignatureKey)
			s.Credential.encode(w)
		}
	})
	return Extension{ExtensionExternalSenders, w.b}
}

func parseExternalSenders(data []byte) ([]ExternalSender, error) {
	var list []ExternalSender
	r := &reader{b: data}
	r.vector(func(r *reader) {
		s := ExternalSender{SignatureKey: r.opaque()}
		s.Credential.decode(r)
		list = append(list, s)
	})
	return list, r.end()
}
