package mls

import (
	"bytes"
	"maps"
)

// epoch is one state of the group: what all members agree on, and what this member knows besides.
type epoch struct {
	context         groupContext
	encoded         []byte // context, as signatures and key derivations take it
	tree            *tree
	own             uint32 // our leaf
	private         privateTree
	keys            *secrets
	messages        *secretTree
	interim         []byte // interim transcript hash
	confirmationTag []byte
}

// newEpoch derives all that follows from an epoch secret, which it uses up.
func newEpoch(s *suite, context groupContext, t *tree, own uint32, private privateTree, secret []byte) *epoch {
	e := &epoch{context: context, encoded: marshal(&context), tree: t, own: own, private: private}
	var encryption []byte
	e.keys, encryption = deriveSecrets(secret)
	e.messages = newSecretTree(s, t.width(), encryption)
	e.confirmationTag = mac(e.keys.confirmation, context.transcriptHash)
	e.interim = interimTranscript(context.transcriptHash, e.confirmationTag)
	return e
}

// destroy zeroes the secrets.
func (e *epoch) destroy() {
	e.keys.destroy()
	e.messages.destroy()
	clear(e.private)
}

// groupInfo tells of the epoch, unsigned.
func (e *epoch) groupInfo(extensions []Extension) *groupInfo {
	return &groupInfo{context: e.context, extensions: extensions, confirmationTag: e.confirmationTag, signer: e.own}
}

// infoExtensions are the GroupInfo extensions that were asked for.
func (e *epoch) infoExtensions(s *suite, withTree, externalPub bool) ([]Extension, error) {
	var list []Extension
	if withTree {
		list = append(list, Extension{ExtensionRatchetTree, marshal(e.tree)})
	}
	if externalPub {
		key, err := e.keys.externalKey(s)
		if err != nil {
			return nil, err
		}
		list = append(list, externalPubExtension(key.PublicKey().Bytes()))
	}
	return list, nil
}

// senderKey is the key that verifies a message of this sender.
func (e *epoch) senderKey(a *authenticatedContent) ([]byte, error) {
	c := &a.content
	switch c.sender.Type {
	case SenderMember:
		if l := e.tree.leafAt(c.sender.Index); l != nil {
			return l.SignatureKey, nil
		}
	case SenderExternal:
		list, err := e.context.externalSenders()
		if err != nil {
			return nil, err
		}
		if c.contentType == contentProposal && c.proposal.Type.fromOutside() && int64(c.sender.Index) < int64(len(list)) {
			return list[c.sender.Index].SignatureKey, nil
		}
	case SenderNewMemberProposal:
		if c.contentType == contentProposal && c.proposal.Type == ProposalAdd {
			return c.proposal.KeyPackage.LeafNode.SignatureKey, nil
		}
	case SenderNewMemberCommit:
		if c.contentType == contentCommit && c.commit.path != nil {
			return c.commit.path.leaf.SignatureKey, nil
		}
	}
	return nil, invalid("no such sender, or not with this content")
}

// verify checks the signature of a message of this epoch.
func (e *epoch) verify(s *suite, a *authenticatedContent) error {
	key, err := e.senderKey(a)
	if err != nil {
		return err
	}
	return a.verify(s, key, e.encoded)
}

// member describes a leaf.
func (e *epoch) member(leaf uint32) (Member, bool) {
	l := e.tree.leafAt(leaf)
	if l == nil {
		return Member{}, false
	}
	l = l.clone()
	return Member{Leaf: leaf, Credential: l.Credential, SignatureKey: l.SignatureKey, LeafNode: l}, true
}

// retire reduces an epoch to what opens late application messages.
func (e *epoch) retire() {
	keep := bytes.Clone(e.keys.senderData)
	e.keys.destroy()
	e.keys = &secrets{senderData: keep}
	clear(e.private)
}

// clonePrivate copies the map of private keys for the next epoch.
func (e *epoch) clonePrivate() privateTree { return maps.Clone(e.private) }
