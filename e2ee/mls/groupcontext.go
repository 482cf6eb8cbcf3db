package mls

// groupContext summarises an epoch (section 8.1).
type groupContext struct {
	suite          Suite
	groupID        []byte
	epoch          uint64
	treeHash       []byte
	transcriptHash []byte // confirmed_transcript_hash
	extensions     []Extension
}

func (c *groupContext) encode(w *writer) {
	w.u16(ProtocolVersion10)
	w.u16(uint16(c.suite))
	w.opaque(c.groupID)
	w.u64(c.epoch)
	w.opaque(c.treeHash)
	w.opaque(c.transcriptHash)
	writeExtensions(w, c.extensions)
}

func (c *groupContext) decode(r *reader) {
	if v := r.u16(); v != ProtocolVersion10 {
		r.fail("GroupContext version %d", v)
	}
	c.suite = Suite(r.u16())
	c.groupID = r.opaque()
	c.epoch = r.u64()
	c.treeHash = r.opaque()
	c.transcriptHash = r.opaque()
	c.extensions = readExtensions(r)
}

// requiredOf returns the required_capabilities extension, zero if there is none.
func requiredOf(list []Extension) (req RequiredCapabilities, err error) {
	if data, ok := findExtension(list, ExtensionRequiredCapabilities); ok {
		err = unmarshal(data, &req)
	}
	return req, err
}

// externalSenders returns the external_senders extension, nil if there is none.
func (c *groupContext) externalSenders() ([]ExternalSender, error) {
	if data, ok := findExtension(c.extensions, ExtensionExternalSenders); ok {
		return parseExternalSenders(data)
	}
	return nil, nil
}

// confirmedTranscript is the confirmed transcript hash after a commit (section 8.2).
func confirmedTranscript(interim []byte, a *authenticatedContent) []byte {
	w := &writer{b: append(make([]byte, 0, 1024), interim...)}
	w.u16(uint16(a.format))
	a.content.encode(w)
	w.opaque(a.auth.signature)
	return hash(w.b)
}

// interimTranscript is the interim transcript hash after a commit.
func interimTranscript(confirmed, confirmationTag []byte) []byte {
	w := &writer{b: append([]byte(nil), confirmed...)}
	w.opaque(confirmationTag)
	return hash(w.b)
}
