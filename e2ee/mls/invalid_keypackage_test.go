package mls

import (
	"errors"
	"testing"
	"time"
)

// leafFlaws are the rules of section 7.3 that one leaf alone can break, and 10.1's beside them.
var keyPackageFlaws = []struct {
	name   string
	want   error
	change func(kp *KeyPackage, resignLeaf func())
}{
	{"nothing", nil, func(*KeyPackage, func()) {}},
	{"other suite", ErrInvalid, func(kp *KeyPackage, _ func()) { kp.Suite = X25519AES128 }},
	{"one key for both purposes", ErrInvalid, func(kp *KeyPackage, _ func()) { kp.InitKey = kp.LeafNode.EncryptionKey }},
	{"init key that is none", ErrInvalid, func(kp *KeyPackage, _ func()) { kp.InitKey = kp.InitKey[:31] }},
	{"unsupported own extension", ErrInvalid, func(kp *KeyPackage, _ func()) { kp.Extensions = []Extension{{Type: 0xFF07}} }},
	{"leaf signature", ErrAuthentication, func(kp *KeyPackage, _ func()) { kp.LeafNode.Signature[5] ^= 1 }},
	{"leaf of an Update", ErrInvalid, func(kp *KeyPackage, resign func()) { kp.LeafNode.Source = LeafUpdate; resign() }},
	{"leaf of a commit", ErrInvalid, func(kp *KeyPackage, resign func()) { kp.LeafNode.Source = LeafCommit; resign() }},
	{"expired", ErrInvalid, func(kp *KeyPackage, resign func()) {
		kp.LeafNode.Lifetime.NotAfter = uint64(time.Now().Add(-time.Minute).Unix())
		resign()
	}},
	{"not yet valid", ErrInvalid, func(kp *KeyPackage, resign func()) {
		kp.LeafNode.Lifetime.NotBefore = uint64(time.Now().Add(time.Minute).Unix())
		resign()
	}},
	{"no version", ErrInvalid, func(kp *KeyPackage, resign func()) { kp.LeafNode.Capabilities.Versions = nil; resign() }},
	{"suite not among the capabilities", ErrInvalid, func(kp *KeyPackage, resign func()) {
		kp.LeafNode.Capabilities.Suites = []Suite{X25519AES128}
		resign()
	}},
	{"credential not among the capabilities", ErrInvalid, func(kp *KeyPackage, resign func()) {
		kp.LeafNode.Capabilities.Credentials = []CredentialType{CredentialX509}
		resign()
	}},
	{"leaf extension not among the capabilities", ErrInvalid, func(kp *KeyPackage, resign func()) {
		kp.LeafNode.Extensions = []Extension{{Type: 0xFF07}}
		resign()
	}},
	{"encryption key that is none", ErrInvalid, func(kp *KeyPackage, resign func()) { kp.LeafNode.EncryptionKey = []byte("short"); resign() }},
	{"signature key that is none", ErrInvalid, func(kp *KeyPackage, _ func()) { kp.LeafNode.SignatureKey = kp.LeafNode.SignatureKey[:31] }},
}

func TestKeyPackageRules(t *testing.T) {
	for _, f := range keyPackageFlaws {
		t.Run(f.name, func(t *testing.T) {
			c := newCrew(t)
			kp := packageOf(t, forgerConfig(t, "new"), f.change)
			if err := kp.Validate(c.configs[1]); !errors.Is(err, f.want) {
				t.Errorf("Validate: %v, want %v", err, f.want)
			}
			message := c.send(func(a *authenticatedContent) {
				a.content.contentType, a.content.proposal = contentProposal, &Proposal{Type: ProposalAdd, KeyPackage: kp}
			})
			if _, err := c.groups[1].Handle(message); !errors.Is(err, f.want) {
				t.Errorf("Add: %v, want %v", err, f.want)
			}
			if _, err := c.groups[2].Commit(CommitOptions{Proposals: []Proposal{Add(kp)}}); !errors.Is(err, f.want) {
				t.Errorf("our own commit: %v, want %v", err, f.want)
			}
			want := f.want
			if want == nil {
				want = ErrAuthentication // by the confirmation tag, as every forged commit
			}
			if _, err := c.groups[3].Handle(c.commit(forgery{values: []Proposal{Add(kp)}, noPath: true})); !errors.Is(err, want) {
				t.Errorf("commit: %v, want %v", err, want)
			}
		})
	}
	kp := packageOf(t, forgerConfig(t, "new"), nil)
	kp.Signature[3] ^= 1
	if err := kp.Validate(forgerConfig(t, "x")); !errors.Is(err, ErrAuthentication) {
		t.Errorf("signature: %v", err)
	}
	stranger := forgerConfig(t, "x")
	stranger.Authenticate = func(Credential, []byte) error { return errors.New("who is that") }
	if err := packageOf(t, forgerConfig(t, "new"), nil).Validate(stranger); !errors.Is(err, ErrAuthentication) {
		t.Errorf("credential: %v", err)
	}
	encoded := packageOf(t, forgerConfig(t, "new"), nil).Marshal()
	encoded[5] = 2 // the KeyPackage's version, within an MLSMessage of version 1
	if _, err := ParseKeyPackage(encoded); !errors.Is(err, ErrMalformed) {
		t.Errorf("version: %v", err)
	}
}

func TestPolicyOnLeaves(t *testing.T) {
	caps := NewCapabilities(X25519ChaCha, 0xF5A1)
	good := forgerConfig(t, "new")
	good.Capabilities, good.LeafExtensions = &caps, []Extension{{Type: 0xF5A1, Data: []byte("x")}}
	judge := forgerConfig(t, "judge")
	judge.Policy = Policy{Capabilities: &caps, LeafExtensions: []ExtensionType{0xF5A1}, MaxLifetime: 48 * time.Hour}
	check := func(name string, want error, change func(c *Config)) {
		cfg := good
		change(&cfg)
		if err := packageOf(t, cfg, nil).Validate(judge); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	check("nothing", nil, func(*Config) {})
	check("more capabilities", ErrPolicy, func(c *Config) {
		more := NewCapabilities(X25519ChaCha, 0xF5A1)
		more.Credentials = append(more.Credentials, CredentialX509)
		c.Capabilities = &more
	})
	check("no extension", ErrPolicy, func(c *Config) { c.LeafExtensions = nil })
	check("another extension beside it", ErrPolicy, func(c *Config) {
		c.LeafExtensions = append(c.LeafExtensions, Extension{Type: ExtensionApplicationID})
	})
	check("too long a life", ErrPolicy, func(c *Config) { c.Lifetime = 25 * time.Hour })
	judge.Policy.Leaf = func(l *LeafNode) error {
		if data, _ := l.Extension(0xF5A1); string(data) != "x" {
			return errors.New("another fingerprint")
		}
		return nil
	}
	check("nothing", nil, func(*Config) {})
	check("Policy.Leaf", ErrPolicy, func(c *Config) { c.LeafExtensions = []Extension{{Type: 0xF5A1, Data: []byte("y")}} })
}
