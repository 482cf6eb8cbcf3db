package mls

import (
	"bytes"
	"testing"
	"time"
)

type passiveVector struct {
	Suite Suite `json:"cipher_suite"`
	PSKs  []struct {
		ID  octets `json:"psk_id"`
		PSK octets `json:"psk"`
	} `json:"external_psks"`
	KeyPackage    octets `json:"key_package"`
	Signature     octets `json:"signature_priv"`
	Encryption    octets `json:"encryption_priv"`
	Init          octets `json:"init_priv"`
	Welcome       octets
	Tree          octets `json:"ratchet_tree"`
	Authenticator octets `json:"initial_epoch_authenticator"`
	Epochs        []struct {
		Proposals     []octets
		Commit        octets
		Authenticator octets `json:"epoch_authenticator"`
	}
}

// follow joins as the client of the vector and handles all that it holds.
func (v *passiveVector) follow(t *testing.T) {
	kp := must(ParseKeyPackage(v.KeyPackage))(t)
	signer := must(ParseSigner(v.Suite, v.Signature))(t)
	secrets := must(LoadKeyPackageSecrets(kp, v.Init, v.Encryption))(t)
	cfg := Config{Suite: v.Suite, Signer: signer, Credential: kp.LeafNode.Credential, Capabilities: &kp.LeafNode.Capabilities,
		Authenticate: InsecureAcceptAll,
		Policy:       Policy{ExpiredLeaves: true, Successor: func(_, _ Credential) error { return nil }},
		Clock:        func() time.Time { return time.Unix(int64(kp.LeafNode.Lifetime.NotBefore), 0) },
		PSK: func(id PSKID) ([]byte, error) {
			for _, p := range v.PSKs {
				if bytes.Equal(p.ID, id.ID) && id.Type == PSKExternal {
					return p.PSK, nil
				}
			}
			return nil, ErrUnknown
		}}
	g := must(Join(v.Welcome, secrets, cfg, JoinOptions{RatchetTree: v.Tree}))(t)
	wantBytes(t, "initial authenticator", g.EpochAuthenticator(), v.Authenticator)
	wantBytes(t, "public key", g.s.c.publicKey, kp.LeafNode.SignatureKey)
	for i, e := range v.Epochs {
		for _, p := range e.Proposals {
			if _, err := g.Handle(p); err != nil {
				t.Fatalf("epoch %d: proposal: %v", i, err)
			}
		}
		if _, err := g.Handle(e.Commit); err != nil {
			t.Fatalf("epoch %d: commit: %v", i, err)
		}
		wantBytes(t, "authenticator", g.EpochAuthenticator(), e.Authenticator)
	}
}

func TestVectorsPassiveClient(t *testing.T) {
	eachVector(t, "passive-client-welcome.json", forEach(8), func(v passiveVector) Suite { return v.Suite },
		func(t *testing.T, _ *suite, v passiveVector) { v.follow(t) })
}
