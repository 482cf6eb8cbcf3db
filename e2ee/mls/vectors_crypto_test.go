package mls

import (
	"bytes"
	"testing"
)

type cryptoVector struct {
	Suite   Suite `json:"cipher_suite"`
	RefHash struct {
		Label      string
		Value, Out octets
	} `json:"ref_hash"`
	Expand struct {
		Secret, Context, Out octets
		Label                string
		Length               int
	} `json:"expand_with_label"`
	Derive struct {
		Secret, Out octets
		Label       string
	} `json:"derive_secret"`
	Tree struct {
		Secret, Out octets
		Label       string
		Generation  uint32
		Length      int
	} `json:"derive_tree_secret"`
	Sign struct {
		Priv, Pub, Content, Signature octets
		Label                         string
	} `json:"sign_with_label"`
	Encrypt struct {
		Priv, Pub, Context, Plaintext, Ciphertext octets
		KEM                                       octets `json:"kem_output"`
		Label                                     string
	} `json:"encrypt_with_label"`
}

func TestVectorsCryptoBasics(t *testing.T) {
	eachVector(t, "crypto-basics.json", forEach(1), func(v cryptoVector) Suite { return v.Suite }, checkCryptoBasics)
}

func checkCryptoBasics(t *testing.T, s *suite, v cryptoVector) {
	wantBytes(t, "RefHash", refHash(v.RefHash.Label, v.RefHash.Value), v.RefHash.Out)
	wantBytes(t, "ExpandWithLabel", expandWithLabel(v.Expand.Secret, v.Expand.Label, v.Expand.Context, v.Expand.Length), v.Expand.Out)
	wantBytes(t, "DeriveSecret", deriveSecret(v.Derive.Secret, v.Derive.Label), v.Derive.Out)
	wantBytes(t, "DeriveTreeSecret", deriveTreeSecret(v.Tree.Secret, v.Tree.Label, v.Tree.Generation, v.Tree.Length), v.Tree.Out)

	sign := v.Sign
	if err := s.verifyWithLabel(sign.Pub, sign.Label, sign.Content, sign.Signature); err != nil {
		t.Error(err)
	}
	signer := must(ParseSigner(s.id, sign.Priv))(t)
	wantBytes(t, "public key", must(s.signature.public(signer.Public()))(t), sign.Pub)
	own := must(s.signWithLabel(signer, sign.Label, sign.Content))(t)
	if s.verifyWithLabel(sign.Pub, sign.Label, sign.Content, own) != nil || s.verifyWithLabel(sign.Pub, sign.Label+"x", sign.Content, own) == nil {
		t.Error("own signature")
	}

	e := v.Encrypt
	key := must(s.kem.NewPrivateKey(e.Priv))(t)
	wantBytes(t, "HPKE public key", key.PublicKey().Bytes(), e.Pub)
	wantBytes(t, "decrypted", must(s.decryptWithLabel(key, e.Label, e.Context, hpkeCiphertext{e.KEM, e.Ciphertext}))(t), e.Plaintext)
	sealed := must(s.encryptWithLabel(e.Pub, e.Label, e.Context, e.Plaintext))(t)
	wantBytes(t, "own", must(s.decryptWithLabel(key, e.Label, e.Context, sealed))(t), e.Plaintext)
	if _, err := s.decryptWithLabel(key, e.Label+"x", e.Context, sealed); err == nil {
		t.Error("decrypts under another label")
	}
}

func TestVectorsSecretTree(t *testing.T) {
	type generation struct {
		Generation       uint32
		HandshakeKey     octets `json:"handshake_key"`
		HandshakeNonce   octets `json:"handshake_nonce"`
		ApplicationKey   octets `json:"application_key"`
		ApplicationNonce octets `json:"application_nonce"`
	}
	type vector struct {
		Suite      Suite  `json:"cipher_suite"`
		Encryption octets `json:"encryption_secret"`
		SenderData struct {
			Secret     octets `json:"sender_data_secret"`
			Ciphertext octets
			Key, Nonce octets
		} `json:"sender_data"`
		Leaves [][]generation
	}
	limits := Limits{}.withDefaults()
	eachVector(t, "secret-tree.json", forEach(3), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		hide := s.senderDataKeys(v.SenderData.Secret, v.SenderData.Ciphertext)
		wantBytes(t, "sender data key", hide.key, v.SenderData.Key)
		wantBytes(t, "sender data nonce", hide.nonce, v.SenderData.Nonce)
		tr := newSecretTree(s, uint32(len(v.Leaves)), bytes.Clone(v.Encryption))
		for leaf, list := range v.Leaves {
			for _, g := range list {
				for _, c := range []struct {
					t          contentType
					key, nonce []byte
				}{{contentHandshake, g.HandshakeKey, g.HandshakeNonce}, {contentApplication, g.ApplicationKey, g.ApplicationNonce}} {
					r := tr.ratchet(uint32(leaf), c.t)
					k, settle, err := r.receive(g.Generation, limits)
					if err != nil {
						t.Fatal(err)
					}
					wantBytes(t, "key", k.key, c.key)
					wantBytes(t, "nonce", k.nonce, c.nonce)
					settle(true)
					if _, _, err := r.receive(g.Generation, limits); err == nil {
						t.Error("a key is given twice")
					}
				}
			}
		}
		for x, secret := range tr.nodes {
			t.Errorf("node %d still has a secret of %d bytes", x, len(secret))
		}
	})
}

// contentHandshake stands for proposals and commits, which share a ratchet.
const contentHandshake = contentProposal

func TestVectorsKeySchedule(t *testing.T) {
	type vector struct {
		Suite   Suite  `json:"cipher_suite"`
		GroupID octets `json:"group_id"`
		Initial octets `json:"initial_init_secret"`
		Epochs  []struct {
			TreeHash      octets `json:"tree_hash"`
			Commit        octets `json:"commit_secret"`
			PSK           octets `json:"psk_secret"`
			Transcript    octets `json:"confirmed_transcript_hash"`
			Context       octets `json:"group_context"`
			Joiner        octets `json:"joiner_secret"`
			Welcome       octets `json:"welcome_secret"`
			Init          octets `json:"init_secret"`
			SenderData    octets `json:"sender_data_secret"`
			Encryption    octets `json:"encryption_secret"`
			Exporter      octets `json:"exporter_secret"`
			Authenticator octets `json:"epoch_authenticator"`
			External      octets `json:"external_secret"`
			Confirmation  octets `json:"confirmation_key"`
			Membership    octets `json:"membership_key"`
			Resumption    octets `json:"resumption_psk"`
			ExternalPub   octets `json:"external_pub"`
			Export        struct {
				Label           string
				Context, Secret octets
				Length          int
			} `json:"exporter"`
		}
	}
	eachVector(t, "key-schedule.json", forEach(1), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		initSecret := []byte(v.Initial)
		if len(v.Epochs) < 2 {
			t.Errorf("%d epochs", len(v.Epochs))
		}
		for i, e := range v.Epochs {
			context := groupContext{suite: s.id, groupID: v.GroupID, epoch: uint64(i), treeHash: e.TreeHash, transcriptHash: e.Transcript}
			encoded := marshal(&context)
			wantBytes(t, "GroupContext", encoded, e.Context)
			joiner := joinerSecret(initSecret, e.Commit, encoded)
			wantBytes(t, "joiner", joiner, e.Joiner)
			member := memberSecret(joiner, e.PSK)
			wantBytes(t, "welcome", welcomeSecret(member), e.Welcome)
			k, encryption := deriveSecrets(epochSecret(member, encoded))
			for _, c := range []struct {
				name      string
				got, want []byte
			}{
				{"init", k.initSecret, e.Init}, {"sender data", k.senderData, e.SenderData}, {"encryption", encryption, e.Encryption},
				{"exporter", k.exporter, e.Exporter}, {"authenticator", k.authenticator, e.Authenticator}, {"external", k.external, e.External},
				{"confirmation", k.confirmation, e.Confirmation}, {"membership", k.membership, e.Membership}, {"resumption", k.resumption, e.Resumption},
				{"external pub", must(k.externalKey(s))(t).PublicKey().Bytes(), e.ExternalPub},
				{"exported", k.export(e.Export.Label, e.Export.Context, e.Export.Length), e.Export.Secret},
			} {
				wantBytes(t, c.name, c.got, c.want)
			}
			initSecret = k.initSecret
		}
	})
}

func TestVectorsPSKSecret(t *testing.T) {
	type vector struct {
		Suite Suite `json:"cipher_suite"`
		PSKs  []struct {
			ID    octets `json:"psk_id"`
			PSK   octets `json:"psk"`
			Nonce octets `json:"psk_nonce"`
		} `json:"psks"`
		Secret octets `json:"psk_secret"`
	}
	eachVector(t, "psk_secret.json", forEach(11), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		var ids []PSKID
		var keys [][]byte
		for _, p := range v.PSKs {
			ids = append(ids, PSKID{Type: PSKExternal, ID: p.ID, Nonce: p.Nonce})
			keys = append(keys, p.PSK)
		}
		wantBytes(t, "psk_secret", pskSecret(ids, keys), v.Secret)
	})
}

func TestVectorsTranscriptHashes(t *testing.T) {
	type vector struct {
		Suite        Suite  `json:"cipher_suite"`
		Confirmation octets `json:"confirmation_key"`
		Content      octets `json:"authenticated_content"`
		Before       octets `json:"interim_transcript_hash_before"`
		Confirmed    octets `json:"confirmed_transcript_hash_after"`
		Interim      octets `json:"interim_transcript_hash_after"`
	}
	eachVector(t, "transcript-hashes.json", forEach(1), func(v vector) Suite { return v.Suite }, func(t *testing.T, s *suite, v vector) {
		a := &authenticatedContent{}
		if err := unmarshal(v.Content, a); err != nil || a.content.contentType != contentCommit {
			t.Fatal("not a commit", err)
		}
		wantBytes(t, "again", marshal(a), v.Content)
		wantBytes(t, "confirmed", confirmedTranscript(v.Before, a), v.Confirmed)
		wantBytes(t, "interim", interimTranscript(v.Confirmed, a.auth.confirmationTag), v.Interim)
		wantBytes(t, "confirmation tag", mac(v.Confirmation, v.Confirmed), a.auth.confirmationTag)
	})
}
