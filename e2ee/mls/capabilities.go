package mls

import "slices"

// ProtocolVersion10 is mls10, the only version there is.
const ProtocolVersion10 uint16 = 1

// Capabilities says what a client can do (section 7.2). Default proposal and extension types are not listed.
type Capabilities struct {
	Versions    []uint16
	Suites      []Suite
	Extensions  []ExtensionType
	Proposals   []ProposalType
	Credentials []CredentialType
}

// NewCapabilities is mls10, the one suite, these extensions, no further proposals, basic credentials.
func NewCapabilities(s Suite, extensions ...ExtensionType) Capabilities {
	return Capabilities{
		Versions:    []uint16{ProtocolVersion10},
		Suites:      []Suite{s},
		Extensions:  extensions,
		Credentials: []CredentialType{CredentialBasic},
	}
}

// Equal reports whether both list the same in the same order.
func (c Capabilities) Equal(o Capabilities) bool {
	return slices.Equal(c.Versions, o.Versions) && slices.Equal(c.Suites, o.Suites) &&
		slices.Equal(c.Extensions, o.Extensions) && slices.Equal(c.Proposals, o.Proposals) &&
		slices.Equal(c.Credentials, o.Credentials)
}

func (c Capabilities) clone() Capabilities {
	return Capabilities{slices.Clone(c.Versions), slices.Clone(c.Suites), slices.Clone(c.Extensions),
		slices.Clone(c.Proposals), slices.Clone(c.Credentials)}
}

func (c *Capabilities) supportsExtension(t ExtensionType) bool {
	return t.isDefault() || slices.Contains(c.Extensions, t)
}

func (c *Capabilities) supportsProposal(t ProposalType) bool {
	return t.isDefault() || slices.Contains(c.Proposals, t)
}

// satisfies reports whether all that a group requires is there.
func (c *Capabilities) satisfies(req RequiredCapabilities) error {
	for _, t := range req.Extensions {
		if !c.supportsExtension(t) {
			return invalid("required extension %d is not supported", t)
		}
	}
	for _, t := range req.Proposals {
		if !c.supportsProposal(t) {
			return invalid("required proposal %d is not supported", t)
		}
	}
	for _, t := range req.Credentials {
		if !slices.Contains(c.Credentials, t) {
			return invalid("required credential %d is not supported", t)
		}
	}
	return nil
}

func (c *Capabilities) encode(w *writer) {
	writeUint16s(w, c.Versions)
	writeUint16s(w, c.Suites)
	writeUint16s(w, c.Extensions)
	writeUint16s(w, c.Proposals)
	writeUint16s(w, c.Credentials)
}

func (c *Capabilities) decode(r *reader) {
	c.Versions = readUint16s[uint16](r)
	c.Suites = readUint16s[Suite](r)
	c.Extensions = readUint16s[ExtensionType](r)
	c.Proposals = readUint16s[ProposalType](r)
	c.Credentials = readUint16s[CredentialType](r)
}
