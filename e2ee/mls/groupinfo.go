package mls

import "crypto"

// groupInfo is GroupInfo (section 12.4.3): an epoch, as told to those who join it.
type groupInfo struct {
	context         groupContext
	extensions      []Extension
	confirmationTag []byte
	signer          uint32
	signature       []byte
}

func (g *groupInfo) encode(w *writer) {
	g.encodeUnsigned(w)
	w.opaque(g.signature)
}

func (g *groupInfo) encodeUnsigned(w *writer) {
	g.context.encode(w)
	writeExtensions(w, g.extensions)
	w.opaque(g.confirmationTag)
	w.u32(g.signer)
}

func (g *groupInfo) decode(r *reader) {
	g.context.decode(r)
	g.extensions = readExtensions(r)
	g.confirmationTag = r.opaque()
	g.signer = r.u32()
	g.signature = r.opaque()
}

func (g *groupInfo) tbs() []byte {
	w := &writer{}
	g.encodeUnsigned(w)
	return w.b
}

func (g *groupInfo) sign(s *suite, signer crypto.Signer) (err error) {
	g.signature, err = s.signWithLabel(signer, "GroupInfoTBS", g.tbs())
	return err
}

// verify checks the signature with the key of the signer's leaf in t.
func (g *groupInfo) verify(s *suite, t *tree) error {
	l := t.leafAt(g.signer)
	if l == nil {
		return invalid("GroupInfo signed by a blank leaf")
	}
	return s.verifyWithLabel(l.SignatureKey, "GroupInfoTBS", g.tbs(), g.signature)
}

// ratchetTree takes the tree from its extension, or else from beside the message, and compares it with the tree hash.
func (g *groupInfo) ratchetTree(beside []byte, l Limits) (*tree, error) {
	data, ok := findExtension(g.extensions, ExtensionRatchetTree)
	if !ok {
		data = beside
	}
	if data == nil {
		return nil, invalid("no ratchet tree")
	}
	t, err := parseTree(data, l.Members)
	if err != nil {
		return nil, err
	}
	if !equalMAC(t.treeHash(t.root()), g.context.treeHash) {
		return nil, invalid("tree hash")
	}
	return t, nil
}

// externalPub reads the external_pub extension.
func (g *groupInfo) externalPub() ([]byte, error) {
	data, ok := findExtension(g.extensions, ExtensionExternalPub)
	if !ok {
		return nil, invalid("GroupInfo without external_pub")
	}
	r := &reader{b: data}
	key := r.opaque()
	return key, r.end()
}

func externalPubExtension(key []byte) Extension {
	w := &writer{}
	w.opaque(key)
	return Extension{ExtensionExternalPub, w.b}
}
