package mls

import (
	"bytes"
	"crypto"
	"crypto/hpke"
	"time"
)

// Config is what one member brings to a group. It is copied; only Signer, Authenticate, PSK, Clock and the functions
// of Policy are kept by reference, and called on the goroutine that calls the Group.
type Config struct {
	// Suite is the cipher suite. Zero means X25519ChaCha.
	Suite Suite
	// Signer signs as this member: an Ed25519 or P-256 key, as the suite wants. Required to take part in a group.
	Signer crypto.Signer
	// Credential is the member's own.
	Credential Credential
	// Capabilities of the member. Nil means NewCapabilities with the types of LeafExtensions.
	Capabilities *Capabilities
	// LeafExtensions go into the member's leaf, in this order, whenever it is renewed.
	LeafExtensions []Extension
	// Lifetime is how long before and after now a KeyPackage's leaf is valid. Zero means 24 hours.
	Lifetime time.Duration
	// Authenticate is the Authentication Service of section 5.3.1: nil if the signature key really belongs to whom the
	// credential names, and that one may be here. It is asked for every leaf that is new. Required.
	Authenticate func(c Credential, signatureKey []byte) error
	// PSK returns a pre-shared key: an external one, or the resumption secret of another group or of an epoch before
	// this member came. Nil: there are none.
	PSK func(id PSKID) ([]byte, error)
	// Policy narrows what RFC 9420 allows. Its zero value allows all of it.
	Policy Policy
	// Limits bound what a peer can make us hold or compute.
	Limits Limits
	// Clock tells the time. Nil means time.Now.
	Clock func() time.Time
}

// InsecureAcceptAll is an Authenticate that believes everyone. For tests and for groups whose members are proven
// elsewhere.
func InsecureAcceptAll(Credential, []byte) error { return nil }

// config is a Config that has been checked and completed.
type config struct {
	Config
	suite     *suite
	signer    crypto.Signer
	publicKey []byte // the signer's, as leaves carry it
	caps      Capabilities
}

// prepare checks a Config. member says that it is to take part: then it needs a signer.
func (cfg Config) prepare(member bool) (*config, error) {
	if cfg.Suite == 0 {
		cfg.Suite = X25519ChaCha
	}
	s, err := cfg.Suite.lookup()
	if err != nil {
		return nil, err
	}
	if cfg.Authenticate == nil {
		return nil, invalid("Config.Authenticate is required")
	}
	if cfg.Lifetime <= 0 {
		cfg.Lifetime = 24 * time.Hour
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	cfg.LeafExtensions = cloneExtensions(cfg.LeafExtensions)
	cfg.Credential = cfg.Credential.clone()
	cfg.Limits = cfg.Limits.withDefaults()
	c := &config{Config: cfg, suite: s, signer: cfg.Signer, caps: cfg.ownCapabilities()}
	if !member {
		return c, nil
	}
	return c, c.checkSigner()
}

func (cfg Config) ownCapabilities() Capabilities {
	if cfg.Capabilities != nil {
		return cfg.Capabilities.clone()
	}
	caps := NewCapabilities(cfg.Suite)
	if cfg.Credential.Type != 0 {
		caps.Credentials = []CredentialType{cfg.Credential.Type}
	}
	for _, e := range cfg.LeafExtensions {
		if !e.Type.isDefault() {
			caps.Extensions = append(caps.Extensions, e.Type)
		}
	}
	return caps
}

func (c *config) checkSigner() error {
	if c.signer == nil {
		return invalid("Config.Signer is required")
	}
	key, err := c.suite.signature.public(c.signer.Public())
	if err != nil {
		return err
	}
	c.publicKey = bytes.Clone(key)
	return nil
}

// template is the own leaf without what differs each time.
func (c *config) template() *LeafNode {
	return &LeafNode{SignatureKey: c.publicKey, Credential: c.Credential.clone(), Capabilities: c.caps.clone(),
		Extensions: cloneExtensions(c.LeafExtensions)}
}

// newLeaf makes a signed leaf for a KeyPackage or for the creator of a group, with a fresh key.
func (c *config) newLeaf() (*LeafNode, hpke.PrivateKey, error) {
	key, err := c.suite.kem.GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	leaf := c.template()
	leaf.EncryptionKey = key.PublicKey().Bytes()
	leaf.Source = LeafKeyPackage
	leaf.Lifetime = lifetimeAround(c.Clock(), c.Lifetime)
	if err := leaf.checkForm(c.suite); err != nil {
		return nil, nil, err
	}
	return leaf, key, leaf.sign(c.suite, c.signer, nil, 0)
}

// checkLeaf is section 7.3 for one leaf on its own: form, signature, lifetime, credential, policy.
func (c *config) checkLeaf(l *LeafNode, groupID []byte, leaf uint32) error {
	if err := c.checkLeafClaims(l); err != nil {
		return err
	}
	return l.verify(c.suite, groupID, leaf)
}

// checkLeafClaims is checkLeaf without the signature, which is the costly part.
func (c *config) checkLeafClaims(l *LeafNode) error {
	if l.Source == LeafKeyPackage && !l.Lifetime.contains(c.Clock()) {
		return invalid("leaf outside its lifetime")
	}
	return c.checkTimeless(l)
}

// checkMember is checkLeafClaims for a leaf that has been in the group for a while.
func (c *config) checkMember(l *LeafNode) error {
	if c.Policy.ExpiredLeaves {
		return c.checkTimeless(l)
	}
	return c.checkLeafClaims(l)
}

func (c *config) checkTimeless(l *LeafNode) error {
	if err := l.checkForm(c.suite); err != nil {
		return err
	}
	if err := c.Policy.checkLeaf(l); err != nil {
		return err
	}
	if err := c.Authenticate(l.Credential.clone(), bytes.Clone(l.SignatureKey)); err != nil {
		return unauthentic("credential: %w", err)
	}
	return nil
}
