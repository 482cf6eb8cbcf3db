package mls

import (
	"bytes"
	"crypto/rand"
)

// ProposalType names a proposal (section 17.4).
type ProposalType uint16

// The proposal types of RFC 9420. Others cannot be read, since their form is not known.
const (
	ProposalAdd                    ProposalType = 1
	ProposalUpdate                 ProposalType = 2
	ProposalRemove                 ProposalType = 3
	ProposalPSK                    ProposalType = 4
	ProposalReInit                 ProposalType = 5
	ProposalExternalInit           ProposalType = 6
	ProposalGroupContextExtensions ProposalType = 7
)

func (t ProposalType) isDefault() bool {
	return t >= ProposalAdd && t <= ProposalGroupContextExtensions
}

// needsPath reports whether a commit of such a proposal must renew the committer's keys (section 12.4).
func (t ProposalType) needsPath() bool {
	return t != ProposalAdd && t != ProposalPSK && t != ProposalReInit
}

// fromOutside reports whether an external sender may send it (section 12.1.8).
func (t ProposalType) fromOutside() bool {
	return t != ProposalUpdate && t != ProposalExternalInit
}

// Proposal is a change that someone asks for (section 12.1). Type says which one field counts.
type Proposal struct {
	Type         ProposalType
	KeyPackage   *KeyPackage // Add
	Leaf         *LeafNode   // Update
	Removed      uint32      // Remove: a leaf index
	PSK          PSKID       // PSK
	ReInit       *ReInit     // ReInit
	ExternalInit []byte      // ExternalInit: the KEM output
	Extensions   []Extension // GroupContextExtensions: the whole new list
}

// Add proposes a new member.
func Add(kp *KeyPackage) Proposal { return Proposal{Type: ProposalAdd, KeyPackage: kp} }

// Remove proposes that the member at that leaf goes.
func Remove(leaf uint32) Proposal { return Proposal{Type: ProposalRemove, Removed: leaf} }

// SetExtensions proposes a new list of GroupContext extensions in place of the old one.
func SetExtensions(list ...Extension) Proposal {
	return Proposal{Type: ProposalGroupContextExtensions, Extensions: cloneExtensions(list)}
}

// ExternalPSK proposes to mix in the external pre-shared key of that name, under a fresh nonce.
func ExternalPSK(id []byte) Proposal {
	return Proposal{Type: ProposalPSK, PSK: PSKID{Type: PSKExternal, ID: bytes.Clone(id), Nonce: randomBytes(hashSize)}}
}

// ResumptionPSK proposes to mix in the resumption secret of an earlier epoch of a group, under a fresh nonce.
func ResumptionPSK(groupID []byte, epoch uint64) Proposal {
	return Proposal{Type: ProposalPSK, PSK: resumptionID(UsageApplication, groupID, epoch)}
}

// ReInit asks that the group be replaced by a new one of the same members (section 12.1.5).
type ReInit struct {
	GroupID    []byte
	Version    uint16
	Suite      Suite
	Extensions []Extension
}

// Reinitialize proposes to close the group in favour of a new one.
func Reinitialize(groupID []byte, s Suite, extensions ...Extension) Proposal {
	return Proposal{Type: ProposalReInit, ReInit: &ReInit{bytes.Clone(groupID), ProtocolVersion10, s, cloneExtensions(extensions)}}
}

func (p *Proposal) encode(w *writer) {
	w.u16(uint16(p.Type))
	switch p.Type {
	case ProposalAdd:
		p.KeyPackage.encode(w)
	case ProposalUpdate:
		p.Leaf.encode(w)
	case ProposalRemove:
		w.u32(p.Removed)
	case ProposalPSK:
		p.PSK.encode(w)
	case ProposalReInit:
		w.opaque(p.ReInit.GroupID)
		w.u16(p.ReInit.Version)
		w.u16(uint16(p.ReInit.Suite))
		writeExtensions(w, p.ReInit.Extensions)
	case ProposalExternalInit:
		w.opaque(p.ExternalInit)
	case ProposalGroupContextExtensions:
		writeExtensions(w, p.Extensions)
	}
}

func (p *Proposal) decode(r *reader) {
	p.Type = ProposalType(r.u16())
	switch p.Type {
	case ProposalAdd:
		p.KeyPackage = &KeyPackage{}
		p.KeyPackage.decode(r)
	case ProposalUpdate:
		p.Leaf = &LeafNode{}
		p.Leaf.decode(r)
	case ProposalRemove:
		p.Removed = r.u32()
	case ProposalPSK:
		p.PSK.decode(r)
	case ProposalReInit:
		p.ReInit = &ReInit{GroupID: r.opaque(), Version: r.u16(), Suite: Suite(r.u16()), Extensions: readExtensions(r)}
	case ProposalExternalInit:
		p.ExternalInit = r.opaque()
	case ProposalGroupContextExtensions:
		p.Extensions = readExtensions(r)
	default:
		r.fail("proposal type %d", p.Type)
	}
}

func (p *Proposal) clone() *Proposal {
	c := *p
	if p.KeyPackage != nil {
		c.KeyPackage = p.KeyPackage.clone()
	}
	if p.Leaf != nil {
		c.Leaf = p.Leaf.clone()
	}
	if p.ReInit != nil {
		r := *p.ReInit
		r.Extensions = cloneExtensions(r.Extensions)
		c.ReInit = &r
	}
	c.Extensions = cloneExtensions(p.Extensions)
	return &c
}

// complete reports whether the field that Type asks for is there.
func (p *Proposal) complete() error {
	ok := p.Type.isDefault()
	switch p.Type {
	case ProposalAdd:
		ok = p.KeyPackage != nil
	case ProposalUpdate:
		ok = p.Leaf != nil
	case ProposalReInit:
		ok = p.ReInit != nil
	}
	if !ok {
		return invalid("incomplete proposal of type %d", p.Type)
	}
	return nil
}

// randomBytes is n bytes of crypto/rand, which cannot fail.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
