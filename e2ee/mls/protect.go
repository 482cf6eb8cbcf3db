package mls

import "crypto"

// tbs is FramedContentTBS (section 6.1): what the signature covers. Members and external joiners are bound to the
// epoch by its GroupContext; other outsiders do not know it.
func (a *authenticatedContent) tbs(context []byte) []byte {
	w := &writer{b: make([]byte, 0, 1024)}
	w.u16(ProtocolVersion10)
	w.u16(uint16(a.format))
	a.content.encode(w)
	if t := a.content.sender.Type; t == SenderMember || t == SenderNewMemberCommit {
		w.fixed(context)
	}
	return w.b
}

// tbm is AuthenticatedContentTBM: what the membership tag covers.
func (a *authenticatedContent) tbm(context []byte) []byte {
	w := &writer{b: a.tbs(context)}
	a.auth.encode(w, a.content.contentType)
	return w.b
}

func (a *authenticatedContent) sign(s *suite, signer crypto.Signer, context []byte) (err error) {
	a.auth.signature, err = s.signWithLabel(signer, "FramedContentTBS", a.tbs(context))
	return err
}

func (a *authenticatedContent) verify(s *suite, key, context []byte) error {
	return s.verifyWithLabel(key, "FramedContentTBS", a.tbs(context), a.auth.signature)
}

// publicMessage is PublicMessage (section 6.2): signed, and for members with a MAC of the group.
type publicMessage struct {
	authenticatedContent
	membershipTag []byte
}

func (m *publicMessage) encode(w *writer) {
	m.content.encode(w)
	m.auth.encode(w, m.content.contentType)
	if m.content.sender.Type == SenderMember {
		w.opaque(m.membershipTag)
	}
}

func (m *publicMessage) decode(r *reader) {
	m.format = wirePublic
	m.content.decode(r)
	m.auth.decode(r, m.content.contentType)
	if m.content.sender.Type == SenderMember {
		m.membershipTag = r.opaque()
	}
}

// protectPublic makes the MLSMessage of a handshake message in the clear.
func protectPublic(a authenticatedContent, context, membershipKey []byte) ([]byte, error) {
	if a.content.contentType == contentApplication {
		return nil, invalid("application data in a PublicMessage")
	}
	m := &publicMessage{authenticatedContent: a}
	if a.content.sender.Type == SenderMember {
		m.membershipTag = mac(membershipKey, a.tbm(context))
	}
	return marshalMessage(wirePublic, m), nil
}

// unprotect verifies the membership tag. The signature is the caller's to check.
func (m *publicMessage) unprotect(context, membershipKey []byte) (*authenticatedContent, error) {
	if m.content.contentType == contentApplication {
		return nil, invalid("application data in a PublicMessage")
	}
	if m.content.sender.Type == SenderMember && !equalMAC(m.membershipTag, mac(membershipKey, m.tbm(context))) {
		return nil, unauthentic("membership tag")
	}
	return &m.authenticatedContent, nil
}
