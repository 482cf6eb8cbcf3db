package mls

// privateMessage is PrivateMessage (section 6.3): signed, and encrypted with a key used once.
type privateMessage struct {
	groupID             []byte
	epoch               uint64
	contentType         contentType
	authenticatedData   []byte
	encryptedSenderData []byte
	ciphertext          []byte
}

func (m *privateMessage) encode(w *writer) {
	m.encodeAAD(w)
	w.opaque(m.encryptedSenderData)
	w.opaque(m.ciphertext)
}

// encodeAAD writes PrivateContentAAD, which is also how the message begins.
func (m *privateMessage) encodeAAD(w *writer) {
	m.encodeSenderDataAAD(w)
	w.opaque(m.authenticatedData)
}

func (m *privateMessage) encodeSenderDataAAD(w *writer) {
	w.opaque(m.groupID)
	w.u64(m.epoch)
	w.u8(uint8(m.contentType))
}

func (m *privateMessage) decode(r *reader) {
	m.groupID = r.opaque()
	m.epoch = r.u64()
	m.contentType = contentType(r.u8())
	if m.contentType < contentApplication || m.contentType > contentCommit {
		r.fail("content type %d", m.contentType)
	}
	m.authenticatedData = r.opaque()
	m.encryptedSenderData = r.opaqueView()
	m.ciphertext = r.opaqueView()
}

// IsCommit says whether a message calls itself a Commit in a PrivateMessage, before anything of it is decrypted: for who
// limits how often a member may commit. The name is authenticated, so that one that lies does not open (section 6.3.2).
func IsCommit(message []byte) bool {
	var m privateMessage
	return unmarshalMessage(message, wirePrivate, &m) == nil && m.contentType == contentCommit
}

// senderData is SenderData: whose key opens the content.
type senderData struct {
	leaf       uint32
	generation uint32
	reuseGuard [4]byte
}

func (d *senderData) encode(w *writer) {
	w.u32(d.leaf)
	w.u32(d.generation)
	w.fixed(d.reuseGuard[:])
}

func (d *senderData) decode(r *reader) {
	d.leaf = r.u32()
	d.generation = r.u32()
	copy(d.reuseGuard[:], r.view(4))
}

// guarded is the nonce with the reuse guard mixed in: it saves a member that lost its place in the ratchet from using
// a nonce twice.
func (d *senderData) guarded(nonce []byte) []byte {
	out := append([]byte(nil), nonce...)
	for i, g := range d.reuseGuard {
		out[i] ^= g
	}
	return out
}

// senderDataKeys are the key and nonce that hide the sender, taken from a sample of the ciphertext.
func (s *suite) senderDataKeys(secret, ciphertext []byte) messageKey {
	sample := ciphertext[:min(len(ciphertext), hashSize)]
	return messageKey{expandWithLabel(secret, "key", sample, s.keySize), expandWithLabel(secret, "nonce", sample, nonceSize)}
}

// protectPrivate encrypts a message of a member, with padding zero bytes behind it.
func protectPrivate(a *authenticatedContent, tree *secretTree, senderDataSecret []byte, padding int) ([]byte, error) {
	s, c := tree.suite, &a.content
	if c.sender.Type != SenderMember {
		return nil, invalid("PrivateMessage from outside the group")
	}
	r := tree.ratchet(c.sender.Index, c.contentType)
	if r == nil {
		return nil, ErrState
	}
	generation, k, err := r.send()
	if err != nil {
		return nil, err
	}
	defer k.destroy()
	d := senderData{leaf: c.sender.Index, generation: generation, reuseGuard: [4]byte(randomBytes(4))}
	m := &privateMessage{groupID: c.groupID, epoch: c.epoch, contentType: c.contentType, authenticatedData: c.authenticatedData}
	plain, aad := &writer{}, &writer{}
	c.encodeBody(plain)
	a.auth.encode(plain, c.contentType)
	plain.fixed(make([]byte, max(padding, 0)))
	m.encodeAAD(aad)
	if m.ciphertext, err = s.seal(k.key, d.guarded(k.nonce), plain.b, aad.b); err != nil {
		return nil, err
	}
	aad.b = aad.b[:0]
	m.encodeSenderDataAAD(aad)
	hide := s.senderDataKeys(senderDataSecret, m.ciphertext)
	defer hide.destroy()
	if m.encryptedSenderData, err = s.seal(hide.key, hide.nonce, marshal(&d), aad.b); err != nil {
		return nil, err
	}
	return marshalMessage(wirePrivate, m), nil
}

// openSender finds out who sent a message and under which generation.
func (m *privateMessage) openSender(s *suite, senderDataSecret []byte) (d senderData, err error) {
	aad := &writer{}
	m.encodeSenderDataAAD(aad)
	k := s.senderDataKeys(senderDataSecret, m.ciphertext)
	defer k.destroy()
	plain, err := s.open(k.key, k.nonce, m.encryptedSenderData, aad.b)
	if err != nil {
		return d, err
	}
	return d, unmarshal(plain, &d)
}

// unprotect decrypts a message. The caller of settle says whether the signature has proven right: that uses its key up.
func (m *privateMessage) unprotect(tree *secretTree, senderDataSecret []byte, l Limits) (a *authenticatedContent, settle func(bool), err error) {
	s := tree.suite
	d, err := m.openSender(s, senderDataSecret)
	if err != nil {
		return nil, nil, err
	}
	r := tree.ratchet(d.leaf, m.contentType)
	if r == nil {
		return nil, nil, invalid("message of a leaf without keys")
	}
	k, settle, err := r.receive(d.generation, l)
	if err != nil {
		return nil, nil, err
	}
	aad := &writer{}
	m.encodeAAD(aad)
	plain, err := s.open(k.key, d.guarded(k.nonce), m.ciphertext, aad.b)
	if err == nil {
		a, err = m.parse(plain, d.leaf)
	}
	if err != nil {
		settle(false)
		return nil, nil, err
	}
	return a, settle, nil
}

// parse reads the decrypted content; what follows it must be zeros (section 6.3.1).
func (m *privateMessage) parse(plain []byte, leaf uint32) (*authenticatedContent, error) {
	a := &authenticatedContent{format: wirePrivate, content: framedContent{groupID: m.groupID, epoch: m.epoch,
		sender: memberSender(leaf), authenticatedData: m.authenticatedData, contentType: m.contentType}}
	r := &reader{b: plain}
	a.content.decodeBody(r)
	a.auth.decode(r, m.contentType)
	for _, b := range r.b {
		if b != 0 {
			r.fail("padding that is not zero")
			break
		}
	}
	return a, r.err
}
