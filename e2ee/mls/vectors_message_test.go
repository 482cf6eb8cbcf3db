package mls

import (
	"bytes"
	"testing"
)

type messagesVector struct {
	Welcome      octets `json:"mls_welcome"`
	GroupInfo    octets `json:"mls_group_info"`
	KeyPackage   octets `json:"mls_key_package"`
	Tree         octets `json:"ratchet_tree"`
	GroupSecrets octets `json:"group_secrets"`

	Add          octets `json:"add_proposal"`
	Update       octets `json:"update_proposal"`
	Remove       octets `json:"remove_proposal"`
	PSK          octets `json:"pre_shared_key_proposal"`
	ReInit       octets `json:"re_init_proposal"`
	ExternalInit octets `json:"external_init_proposal"`
	Extensions   octets `json:"group_context_extensions_proposal"`

	Commit      octets `json:"commit"`
	Application octets `json:"public_message_application"`
	Proposal    octets `json:"public_message_proposal"`
	CommitMsg   octets `json:"public_message_commit"`
	Private     octets `json:"private_message"`
}

// codec is a structure that reads and writes itself.
type codec interface {
	encoder
	decoder
}

// body is a proposal without its type, as the vectors give it.
type body struct {
	Proposal
	as ProposalType
}

func (b *body) decode(r *reader) {
	w := &writer{}
	w.u16(uint16(b.as))
	r.b = append(w.b, r.b...)
	b.Proposal.decode(r)
}

func (b *body) encode(w *writer) {
	full := marshal(&b.Proposal)
	w.fixed(full[2:])
}

// envelope is an MLSMessage.
type envelope struct {
	format wireFormat
	body   codec
}

func (e *envelope) decode(r *reader) {
	if f := readFormat(r); f != e.format {
		r.fail("format %d", f)
	}
	e.body.decode(r)
}

func (e *envelope) encode(w *writer) { w.fixed(marshalMessage(e.format, e.body)) }

// parts pairs each field of a vector with what reads it.
func (v *messagesVector) parts() map[string]struct {
	data []byte
	into func() codec
} {
	type part = struct {
		data []byte
		into func() codec
	}
	message := func(f wireFormat, body func() codec) func() codec {
		return func() codec { return &envelope{f, body()} }
	}
	proposal := func(p ProposalType) func() codec { return func() codec { return &body{as: p} } }
	public := message(wirePublic, func() codec { return &publicMessage{} })
	return map[string]part{
		"welcome":       {v.Welcome, message(wireWelcome, func() codec { return &welcome{} })},
		"group info":    {v.GroupInfo, message(wireGroupInfo, func() codec { return &groupInfo{} })},
		"key package":   {v.KeyPackage, message(wireKeyPackage, func() codec { return &KeyPackage{} })},
		"tree":          {v.Tree, func() codec { return &treeDecoder{members: 1 << 16} }},
		"group secrets": {v.GroupSecrets, func() codec { return &groupSecrets{} }},
		"add":           {v.Add, proposal(ProposalAdd)},
		"update":        {v.Update, proposal(ProposalUpdate)},
		"remove":        {v.Remove, proposal(ProposalRemove)},
		"psk":           {v.PSK, proposal(ProposalPSK)},
		"reinit":        {v.ReInit, proposal(ProposalReInit)},
		"external init": {v.ExternalInit, proposal(ProposalExternalInit)},
		"extensions":    {v.Extensions, proposal(ProposalGroupContextExtensions)},
		"commit":        {v.Commit, func() codec { return &commit{} }},
		"application":   {v.Application, public},
		"proposal":      {v.Proposal, public},
		"public commit": {v.CommitMsg, public},
		"private":       {v.Private, message(wirePrivate, func() codec { return &privateMessage{} })},
	}
}

func TestVectorsMessages(t *testing.T) {
	list := readVectors[messagesVector](t, "messages.json")
	n := 0
	for i, v := range list {
		for name, p := range v.parts() {
			n++
			x := p.into()
			if err := unmarshal(p.data, x); err != nil {
				t.Errorf("%d: %s: %v", i, name, err)
				continue
			}
			if !bytes.Equal(marshal(x), p.data) {
				t.Errorf("%d: %s re-encodes to other bytes", i, name)
			}
			if err := unmarshal(append(bytes.Clone(p.data), 0), p.into()); err == nil {
				t.Errorf("%d: %s with a byte behind it", i, name)
			}
			if err := unmarshal(p.data[:len(p.data)-1], p.into()); err == nil {
				t.Errorf("%d: %s without its last byte", i, name)
			}
		}
	}
	if len(list) != 300 || n != 300*17 {
		t.Errorf("%d cases, %d parts", len(list), n)
	}
}

func TestVectorsMessageProtection(t *testing.T) {
	type vector struct {
		Suite      Suite  `json:"cipher_suite"`
		GroupID    octets `json:"group_id"`
		Epoch      uint64
		TreeHash   octets `json:"tree_hash"`
		Transcript octets `json:"confirmed_transcript_hash"`
		Priv       octets `json:"signature_priv"`
		Pub        octets `json:"signature_pub"`
		Encryption octets `json:"encryption_secret"`
		SenderData octets `json:"sender_data_secret"`
		Membership octets `json:"membership_key"`

		Proposal, Commit, Application octets
		ProposalPriv                  octets `json:"proposal_priv"`
		ProposalPub                   octets `json:"proposal_pub"`
		CommitPriv                    octets `json:"commit_priv"`
		CommitPub                     octets `json:"commit_pub"`
		ApplicationPriv               octets `json:"application_priv"`
	}
	limits := Limits{}.withDefaults()
	eachVector(t, "message-protection.json", forEach(1), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		context := marshal(&groupContext{suite: s.id, groupID: v.GroupID, epoch: v.Epoch, treeHash: v.TreeHash, transcriptHash: v.Transcript})
		signer := must(ParseSigner(s.id, v.Priv))(t)
		newTree := func() *secretTree { return newSecretTree(s, 2, bytes.Clone(v.Encryption)) }

		openPublic := func(message []byte) (*authenticatedContent, error) {
			m := &publicMessage{}
			if err := unmarshalMessage(message, wirePublic, m); err != nil {
				return nil, err
			}
			a, err := m.unprotect(context, v.Membership)
			if err != nil {
				return nil, err
			}
			return a, a.verify(s, v.Pub, context)
		}
		openPrivate := func(message []byte) (*authenticatedContent, error) {
			m := &privateMessage{}
			if err := unmarshalMessage(message, wirePrivate, m); err != nil {
				return nil, err
			}
			a, _, err := m.unprotect(newTree(), v.SenderData, limits)
			if err != nil {
				return nil, err
			}
			return a, a.verify(s, v.Pub, context)
		}
		check := func(a *authenticatedContent, err error, want []byte) *authenticatedContent {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			w := &writer{}
			a.content.encodeBody(w)
			if a.content.contentType == contentApplication {
				w.b = a.content.application
			}
			wantBytes(t, "content", w.b, want)
			return a
		}
		for _, c := range []struct{ raw, public, private octets }{
			{v.Proposal, v.ProposalPub, v.ProposalPriv}, {v.Commit, v.CommitPub, v.CommitPriv}, {v.Application, nil, v.ApplicationPriv},
		} {
			a, err := openPrivate(c.private)
			check(a, err, c.raw)
			a.content.sender = memberSender(1)
			if err := a.sign(s, signer, context); err != nil {
				t.Fatal(err)
			}
			tr := newTree()
			own := must(protectPrivate(a, tr, v.SenderData, 11))(t)
			b, err := openPrivate(own)
			check(b, err, c.raw)
			own[len(own)-1] ^= 1
			if _, err := openPrivate(own); err == nil {
				t.Error("opens with a changed tag")
			}

			a.format = wirePublic
			if err := a.sign(s, signer, context); err != nil {
				t.Fatal(err)
			}
			own, err = protectPublic(*a, context, v.Membership)
			if c.public == nil {
				if err == nil {
					t.Error("application data in the clear")
				}
				continue
			}
			b, err = openPublic(own)
			check(b, err, c.raw)
			own[len(own)-1] ^= 1
			if _, err := openPublic(own); err == nil {
				t.Error("verifies with a changed membership tag")
			}
			b, err = openPublic(c.public)
			check(b, err, c.raw)
		}
	})
}

func TestVectorsWelcome(t *testing.T) {
	type vector struct {
		Suite      Suite  `json:"cipher_suite"`
		Init       octets `json:"init_priv"`
		Signer     octets `json:"signer_pub"`
		KeyPackage octets `json:"key_package"`
		Welcome    octets
	}
	eachVector(t, "welcome.json", forEach(1), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		kp := must(ParseKeyPackage(v.KeyPackage))(t)
		wantBytes(t, "KeyPackage again", kp.Marshal(), v.KeyPackage)
		w := &welcome{}
		if err := unmarshalMessage(v.Welcome, wireWelcome, w); err != nil {
			t.Fatal(err)
		}
		wantBytes(t, "Welcome again", marshalMessage(wireWelcome, w), v.Welcome)
		key := must(s.kem.NewPrivateKey(v.Init))(t)
		wantBytes(t, "init key", key.PublicKey().Bytes(), kp.InitKey)
		secrets := must(w.open(s, &keyPackageSecrets{public: kp, init: key}))(t)
		j := &joiner{c: &config{suite: s, Config: Config{Limits: Limits{}.withDefaults()}}, key: &keyPackageSecrets{public: kp}}
		member := memberSecret(secrets.joiner, make([]byte, hashSize))
		if err := j.openInfo(w, member); err != nil && j.info == nil {
			t.Fatal(err)
		}
		if err := s.verifyWithLabel(v.Signer, "GroupInfoTBS", j.info.tbs(), j.info.signature); err != nil {
			t.Error(err)
		}
		k, _ := deriveSecrets(epochSecret(member, marshal(&j.info.context)))
		wantBytes(t, "confirmation tag", mac(k.confirmation, j.info.context.transcriptHash), j.info.confirmationTag)
	})
}
