package mls

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Our own vectors are in testdata, in the formats of the published ones, for every suite: crypto-basics.json, and
// passive-client.json, in which a client joins and then follows every kind of change.
var update = flag.Bool("update", false, "write testdata anew")

var ownSuites = []Suite{X25519AES128, P256AES128, X25519ChaCha, HybridChaCha}

func readOwn[T any](t *testing.T, file string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(ownSuites) {
		t.Fatalf("%d cases", len(list))
	}
	return list
}

func writeOwn(t *testing.T, file string, make func(t *testing.T, s *suite) any) {
	t.Helper()
	if !*update {
		return
	}
	var list []any
	for _, s := range ownSuites {
		list = append(list, make(t, suites[s]))
	}
	data, err := json.MarshalIndent(list, "", " ")
	if err == nil {
		err = os.MkdirAll("testdata", 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join("testdata", file), append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestOwnCryptoBasics(t *testing.T) {
	writeOwn(t, "crypto-basics.json", makeCryptoVector)
	for i, v := range readOwn[cryptoVector](t, "crypto-basics.json") {
		if v.Suite != ownSuites[i] {
			t.Fatalf("case %d is of suite %v", i, v.Suite)
		}
		t.Run(v.Suite.String(), func(t *testing.T) { checkCryptoBasics(t, suites[v.Suite], v) })
	}
}

func TestOwnPassiveClient(t *testing.T) {
	writeOwn(t, "passive-client.json", makePassiveVector)
	for i, v := range readOwn[passiveVector](t, "passive-client.json") {
		if v.Suite != ownSuites[i] || len(v.Epochs) != 8 {
			t.Fatalf("case %d is of suite %v, with %d epochs", i, v.Suite, len(v.Epochs))
		}
		t.Run(v.Suite.String(), func(t *testing.T) { v.follow(t) })
	}
}

type object = map[string]any

func x(b []byte) string { return hex.EncodeToString(b) }

// rawKey is a signature key as ParseSigner reads it.
func rawKey(t *testing.T, signer crypto.Signer) []byte {
	switch k := signer.(type) {
	case ed25519.PrivateKey:
		return k.Seed()
	case *ecdsa.PrivateKey:
		return must(k.Bytes())(t)
	}
	t.Fatalf("a signer of type %T", signer)
	return nil
}

func makeCryptoVector(t *testing.T, s *suite) any {
	secret, context := randomBytes(hashSize), randomBytes(40)
	signer := must(s.signature.generate())(t)
	key := must(s.kem.GenerateKey())(t)
	sealed := must(s.encryptWithLabel(key.PublicKey().Bytes(), "EncryptWithLabel", context, secret))(t)
	return object{
		"cipher_suite": s.id,
		"ref_hash":     object{"label": "RefHash", "value": x(context), "out": x(refHash("RefHash", context))},
		"expand_with_label": object{"secret": x(secret), "label": "ExpandWithLabel", "context": x(context), "length": 50,
			"out": x(expandWithLabel(secret, "ExpandWithLabel", context, 50))},
		"derive_secret": object{"secret": x(secret), "label": "DeriveSecret", "out": x(deriveSecret(secret, "DeriveSecret"))},
		"derive_tree_secret": object{"secret": x(secret), "label": "DeriveTreeSecret", "generation": 7, "length": s.keySize,
			"out": x(deriveTreeSecret(secret, "DeriveTreeSecret", 7, s.keySize))},
		"sign_with_label": object{"priv": x(rawKey(t, signer)), "pub": x(must(s.signature.public(signer.Public()))(t)), "content": x(context),
			"label": "SignWithLabel", "signature": x(must(s.signWithLabel(signer, "SignWithLabel", context))(t))},
		"encrypt_with_label": object{"priv": x(must(key.Bytes())(t)), "pub": x(key.PublicKey().Bytes()), "label": "EncryptWithLabel",
			"context": x(context), "plaintext": x(secret), "kem_output": x(sealed.kemOutput), "ciphertext": x(sealed.ciphertext)},
	}
}

// scenario makes a passive-client vector: three members, of whom the last is the one who follows.
type scenario struct {
	t      *testing.T
	suite  *suite
	names  int
	a, b   *Group
	epochs []object
}

func (s *scenario) config() Config {
	s.names++
	signer := must(s.suite.signature.generate())(s.t)
	return Config{Suite: s.suite.id, Signer: signer, Credential: BasicCredential(fmt.Append(nil, "member ", s.names)), Authenticate: InsecureAcceptAll,
		Clock: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }, PSK: func(id PSKID) ([]byte, error) { return []byte("key of " + string(id.ID)), nil }}
}

// epoch lets a commit what proposals holds and o adds.
func (s *scenario) epoch(o CommitOptions, proposals ...[]byte) {
	for _, p := range proposals {
		must(s.a.Handle(p))(s.t)
	}
	c := must(s.a.Commit(o))(s.t)
	must(s.a.Merge())(s.t)
	must(s.b.Handle(c.Message))(s.t)
	s.record(c.Message, proposals)
}

func (s *scenario) record(commit []byte, proposals [][]byte) {
	list := []string{}
	for _, p := range proposals {
		list = append(list, x(p))
	}
	wantBytes(s.t, "authenticator", s.a.EpochAuthenticator(), s.b.EpochAuthenticator())
	s.epochs = append(s.epochs, object{"proposals": list, "commit": x(commit), "epoch_authenticator": x(s.a.EpochAuthenticator())})
}

func makePassiveVector(t *testing.T, p *suite) any {
	s := &scenario{t: t, suite: p}
	ca, cb, cc := s.config(), s.config(), s.config()
	s.a = must(NewGroup([]byte("group"), ca))(t)
	kb, sb, err := NewKeyPackage(cb)
	if err != nil {
		t.Fatal(err)
	}
	c := must(s.a.Commit(CommitOptions{Proposals: []Proposal{Add(kb)}}))(t)
	must(s.a.Merge())(t)
	s.b = must(Join(c.Welcome, sb, cb, JoinOptions{}))(t)
	kc, sc, err := NewKeyPackage(cc)
	if err != nil {
		t.Fatal(err)
	}
	c = must(s.a.Commit(CommitOptions{Proposals: []Proposal{Add(kc), ExternalPSK([]byte("k"))}, Path: true}))(t)
	must(s.a.Merge())(t)
	must(s.b.Handle(c.Message))(t)
	first, welcome := s.a.EpochAuthenticator(), c.Welcome
	initKey, leafKey, err := sc.ExportSecrets()
	if err != nil {
		t.Fatal(err)
	}

	s.epoch(CommitOptions{})
	s.epoch(CommitOptions{Public: true}, must(s.b.ProposeUpdate(nil, MessageOptions{}))(t))
	added := packageOf(t, s.config(), nil)
	s.epoch(CommitOptions{Proposals: []Proposal{Add(added)}, Padding: 30})
	s.epoch(CommitOptions{Path: true}, must(s.b.Propose(Add(packageOf(t, s.config(), nil)), MessageOptions{Public: true}))(t),
		must(s.b.Propose(ExternalPSK([]byte("k")), MessageOptions{}))(t))
	s.epoch(CommitOptions{Proposals: []Proposal{Remove(3)}}, must(s.b.Propose(ResumptionPSK([]byte("group"), 4), MessageOptions{}))(t))
	outsider := ExternalSender{SignatureKey: added.LeafNode.SignatureKey, Credential: added.LeafNode.Credential}
	s.epoch(CommitOptions{Proposals: []Proposal{SetExtensions(ExternalSenders([]ExternalSender{outsider}))}})
	_, message, err := ExternalJoin(must(s.a.GroupInfo(GroupInfoOptions{ExternalPub: true}))(t), s.config(), ExternalJoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	must(s.a.Handle(message))(t)
	must(s.b.Handle(message))(t)
	s.record(message, nil)
	s.epoch(CommitOptions{Proposals: []Proposal{Reinitialize([]byte("next"), X25519ChaCha)}, OnlyThese: true})
	return object{"cipher_suite": p.id, "external_psks": []object{{"psk_id": x([]byte("k")), "psk": x([]byte("key of k"))}},
		"key_package": x(kc.Marshal()), "signature_priv": x(rawKey(t, cc.Signer)), "encryption_priv": x(leafKey), "init_priv": x(initKey),
		"welcome": x(welcome), "ratchet_tree": nil, "initial_epoch_authenticator": x(first), "epochs": s.epochs}
}

// TestRatchetTreeBesideTheWelcome joins with the tree from elsewhere.
func TestRatchetTreeBesideTheWelcome(t *testing.T) {
	a, b := forgerConfig(t, "a"), forgerConfig(t, "b")
	g := must(NewGroup([]byte("g"), a))(t)
	kp, secrets, err := NewKeyPackage(b)
	if err != nil {
		t.Fatal(err)
	}
	c := must(g.Commit(CommitOptions{Proposals: []Proposal{Add(kp)}, OmitTree: true}))(t)
	wrong := g.RatchetTree() // of the epoch before
	must(g.Merge())(t)
	for _, tree := range [][]byte{nil, wrong} {
		if _, err := Join(c.Welcome, secrets, b, JoinOptions{RatchetTree: tree}); err == nil {
			t.Error("joined with a wrong tree")
		}
	}
	joined := must(Join(c.Welcome, secrets, b, JoinOptions{RatchetTree: g.RatchetTree()}))(t)
	if !bytes.Equal(joined.EpochAuthenticator(), g.EpochAuthenticator()) {
		t.Error("another state")
	}
}
