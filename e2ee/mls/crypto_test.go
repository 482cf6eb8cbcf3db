package mls

import (
	"bytes"
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestEncryptWithLabel: what is sealed opens under the same label, context and key alone, for every suite.
func TestEncryptWithLabel(t *testing.T) {
	for id, s := range suites {
		key := must(s.kem.GenerateKey())(t)
		other := must(s.kem.GenerateKey())(t)
		seal := func(key, plaintext []byte) (hpkeCiphertext, error) {
			return s.encryptWithLabel(key, "UpdatePathNode", []byte("context"), plaintext)
		}
		one := must(seal(key.PublicKey().Bytes(), []byte("secret")))(t)
		two := must(seal(key.PublicKey().Bytes(), []byte("secret")))(t)
		if bytes.Equal(one.kemOutput, two.kemOutput) {
			t.Errorf("%v: one ephemeral key for two", id)
		}
		for _, c := range []hpkeCiphertext{one, two} {
			wantBytes(t, "opened", must(s.decryptWithLabel(key, "UpdatePathNode", []byte("context"), c))(t), []byte("secret"))
			if _, err := s.decryptWithLabel(key, "Welcome", []byte("context"), c); !errors.Is(err, ErrAuthentication) {
				t.Errorf("%v: opens under another label: %v", id, err)
			}
			if _, err := s.decryptWithLabel(other, "UpdatePathNode", []byte("context"), c); !errors.Is(err, ErrAuthentication) {
				t.Errorf("%v: opens with another key: %v", id, err)
			}
		}
		if _, err := seal([]byte("short"), nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: a key that is none: %v", id, err)
		}
	}
}

// wycheproof reads a file of C2SP/wycheproof, testvectors_v1.
func wycheproof(t *testing.T, file string, v any) {
	t.Helper()
	dir := os.Getenv("SOTTO_VECTORS")
	if dir == "" {
		missing(t, "SOTTO_VECTORS is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "wycheproof", file))
	if err != nil {
		missing(t, err.Error())
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

func TestWycheproofEd25519(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey struct {
				Pk octets `json:"pk"`
			}
			Tests []struct {
				TcID     int
				Msg, Sig octets
				Result   string
			}
		}
	}
	wycheproof(t, "ed25519_test.json", &file)
	n, bad := 0, 0
	for _, g := range file.TestGroups {
		for _, c := range g.Tests {
			n++
			ok := ed25519Scheme{}.verify(g.PublicKey.Pk, c.Msg, c.Sig)
			if !ok {
				bad++
			}
			if ok != (c.Result == "valid") {
				t.Errorf("case %d: %v, want %s", c.TcID, ok, c.Result)
			}
		}
	}
	if n != 151 || bad != 63 {
		t.Errorf("%d cases, %d refused", n, bad)
	}
}

// TestWycheproofX25519 seals to every public key: points of low order must be refused, and all others must give the
// shared secret that is published.
func TestWycheproofX25519(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				TcID                    int
				Public, Private, Shared octets
				Flags                   []string
			}
		}
	}
	wycheproof(t, "x25519_test.json", &file)
	s := suites[X25519ChaCha]
	n, low := 0, 0
	zero := make([]byte, 32)
	for _, g := range file.TestGroups {
		for _, c := range g.Tests {
			n++
			_, sealErr := s.encryptWithLabel(c.Public, "UpdatePathNode", nil, []byte("x"))
			if err := s.checkEncryptionKey(c.Public); (err != nil) != bytes.Equal(c.Shared, zero) {
				t.Errorf("case %d: checkEncryptionKey says %v", c.TcID, err)
			}
			if bytes.Equal(c.Shared, zero) {
				low++
				if !errors.Is(sealErr, ErrInvalid) {
					t.Errorf("case %d: sealed to a point of low order", c.TcID)
				}
				continue
			}
			key := must(ecdh.X25519().NewPrivateKey(c.Private))(t)
			public := must(ecdh.X25519().NewPublicKey(c.Public))(t)
			wantBytes(t, "shared secret", must(key.ECDH(public))(t), c.Shared)
		}
	}
	if n != 518 || low != 31 {
		t.Errorf("%d cases, %d of low order", n, low)
	}
}

// TestLowOrderKeys: a client with such a key is not let in, whatever the suite's KEM.
func TestLowOrderKeys(t *testing.T) {
	for _, id := range []Suite{X25519AES128, X25519ChaCha, HybridChaCha} {
		key := must(suites[id].kem.GenerateKey())(t).PublicKey().Bytes()
		if err := suites[id].checkEncryptionKey(key); err != nil {
			t.Error(err)
		}
		for _, u := range lowOrder {
			for _, top := range []byte{0, 0x80} {
				bad := append(bytes.Clone(key[:len(key)-32]), u...)
				bad[len(bad)-1] |= top
				if err := suites[id].checkEncryptionKey(bad); !errors.Is(err, ErrInvalid) {
					t.Errorf("%v accepts %x", id, bad[len(bad)-32:])
				}
				cfg := forgerConfig(t, "low")
				if cfg.Suite == id {
					kp := packageOf(t, cfg, func(kp *KeyPackage, resign func()) { kp.LeafNode.EncryptionKey = bad; resign() })
					if err := kp.Validate(cfg); !errors.Is(err, ErrInvalid) {
						t.Errorf("a KeyPackage with %x: %v", u, err)
					}
				}
			}
		}
	}
}

// TestErasure: what has been used up is zero, and gone.
func TestErasure(t *testing.T) {
	s := suites[X25519ChaCha]
	encryption := bytes.Repeat([]byte{7}, hashSize)
	tr := newSecretTree(s, 8, encryption)
	r := tr.ratchet(3, contentApplication)
	if !bytes.Equal(encryption, make([]byte, hashSize)) {
		t.Error("the encryption secret survives its use")
	}
	if len(tr.nodes) != 3 { // of the siblings on the way down
		t.Errorf("%d node secrets are left", len(tr.nodes))
	}
	first := r.secret
	_, k, err := r.send()
	if err != nil || !bytes.Equal(first, make([]byte, hashSize)) {
		t.Error("a ratchet secret survives its use", err)
	}
	k.destroy()
	if !bytes.Equal(k.key, make([]byte, s.keySize)) || !bytes.Equal(k.nonce, make([]byte, nonceSize)) {
		t.Error("a message key survives destroy")
	}
	limits := Limits{}.withDefaults()
	late, settle, err := r.receive(5, limits)
	if err != nil {
		t.Fatal(err)
	}
	if r.next != 1 || len(r.skipped) != 0 {
		t.Error("the ratchet moves before it is settled")
	}
	settle(true)
	if !bytes.Equal(late.key, make([]byte, s.keySize)) || len(r.skipped) != 4 {
		t.Error("a used key survives")
	}
	kept := r.skipped[2]
	tr.drop(3)
	if !bytes.Equal(kept.key, make([]byte, s.keySize)) || tr.ratchet(3, contentApplication) != nil {
		t.Error("a dropped sender's keys survive")
	}

	c := newCrew(t)
	old := c.state(1).now
	keys, external := old.keys, old.keys.external
	must(c.groups[1].Handle(must(c.groups[0].Commit(CommitOptions{}))(t).Message))(t)
	must(c.groups[0].Merge())(t)
	for i, secret := range keys.all() {
		if !bytes.Equal(*secret, make([]byte, hashSize)) {
			t.Errorf("secret %d of the last epoch survives", i)
		}
	}
	if !bytes.Equal(external, make([]byte, hashSize)) || len(old.private) != 0 {
		t.Error("keys of the last epoch survive")
	}
	past := c.state(1).past[0].keys.senderData
	for range c.state(1).c.Limits.PastEpochs {
		must(c.groups[1].Handle(must(c.groups[0].Commit(CommitOptions{}))(t).Message))(t)
		must(c.groups[0].Merge())(t)
	}
	if !bytes.Equal(past, make([]byte, hashSize)) {
		t.Error("keys of an epoch long past survive")
	}
	now := c.state(1).now
	joined := now.keys.all()
	c.groups[1].Destroy()
	for _, secret := range joined {
		if !bytes.Equal(*secret, make([]byte, hashSize)) {
			t.Error("a secret survives Destroy")
		}
	}
}
