package mls

import (
	"bytes"
	"crypto/hpke"
)

// KeyPackage is what a client publishes so that others can add it to a group (section 10). It is used once.
type KeyPackage struct {
	Version    uint16
	Suite      Suite
	InitKey    []byte
	LeafNode   LeafNode
	Extensions []Extension
	Signature  []byte
}

// ParseKeyPackage reads an MLSMessage that holds a KeyPackage. It proves nothing: see Validate.
func ParseKeyPackage(message []byte) (*KeyPackage, error) {
	kp := &KeyPackage{}
	if err := unmarshalMessage(message, wireKeyPackage, kp); err != nil {
		return nil, err
	}
	return kp, nil
}

// Marshal encodes it as an MLSMessage.
func (kp *KeyPackage) Marshal() []byte { return marshalMessage(wireKeyPackage, kp) }

// Ref is the KeyPackageRef by which a Welcome finds its reader: 32 bytes.
func (kp *KeyPackage) Ref() []byte { return refHash("MLS 1.0 KeyPackage Reference", marshal(kp)) }

// Validate does all of section 10.1 that needs no group: version, suite, signatures, source, keys, lifetime, and what
// cfg demands (suite, Authenticate, Policy). Adding a KeyPackage to a group validates it again.
func (kp *KeyPackage) Validate(cfg Config) error {
	c, err := cfg.prepare(false)
	if err != nil {
		return err
	}
	return kp.validate(c)
}

func (kp *KeyPackage) validate(c *config) error {
	if kp.Version != ProtocolVersion10 || kp.Suite != c.suite.id {
		return invalid("KeyPackage of version %d, suite 0x%04x", kp.Version, uint16(kp.Suite))
	}
	l := &kp.LeafNode
	if l.Source != LeafKeyPackage {
		return invalid("KeyPackage with leaf source %d", l.Source)
	}
	if bytes.Equal(kp.InitKey, l.EncryptionKey) {
		return invalid("KeyPackage with one key for both purposes")
	}
	if err := c.suite.checkEncryptionKey(kp.InitKey); err != nil {
		return err
	}
	for _, e := range kp.Extensions {
		if !l.Capabilities.supportsExtension(e.Type) {
			return invalid("KeyPackage does not support its own extension %d", e.Type)
		}
	}
	if err := c.checkLeaf(l, nil, 0); err != nil {
		return err
	}
	return c.suite.verifyWithLabel(l.SignatureKey, "KeyPackageTBS", kp.tbs(), kp.Signature)
}

func (kp *KeyPackage) encode(w *writer) {
	w.fixed(kp.tbs())
	w.opaque(kp.Signature)
}

func (kp *KeyPackage) tbs() []byte {
	w := &writer{b: make([]byte, 0, 512)}
	w.u16(kp.Version)
	w.u16(uint16(kp.Suite))
	w.opaque(kp.InitKey)
	kp.LeafNode.encode(w)
	writeExtensions(w, kp.Extensions)
	return w.b
}

func (kp *KeyPackage) decode(r *reader) {
	kp.Version = r.u16()
	if kp.Version != ProtocolVersion10 {
		r.fail("KeyPackage version %d", kp.Version)
	}
	kp.Suite = Suite(r.u16())
	kp.InitKey = r.opaque()
	kp.LeafNode.decode(r)
	kp.Extensions = readExtensions(r)
	kp.Signature = r.opaque()
}

// KeyPackageSecrets is the private half of a KeyPackage: what Join needs. It redacts itself in every format.
type KeyPackageSecrets struct{ p *keyPackageSecrets }

type keyPackageSecrets struct {
	public     *KeyPackage
	init, leaf hpke.PrivateKey
}

// NewKeyPackage makes a KeyPackage with fresh keys, and its private half. KeyPackage extensions are optional; their
// types must be in cfg's capabilities.
func NewKeyPackage(cfg Config, extensions ...Extension) (*KeyPackage, KeyPackageSecrets, error) {
	c, err := cfg.prepare(true)
	if err != nil {
		return nil, KeyPackageSecrets{}, err
	}
	return c.newKeyPackage(extensions)
}

func (c *config) newKeyPackage(extensions []Extension) (*KeyPackage, KeyPackageSecrets, error) {
	none := KeyPackageSecrets{}
	if err := checkExtensions(extensions); err != nil {
		return nil, none, err
	}
	initKey, err := c.suite.kem.GenerateKey()
	if err != nil {
		return nil, none, err
	}
	leaf, leafKey, err := c.newLeaf()
	if err != nil {
		return nil, none, err
	}
	kp := &KeyPackage{Version: ProtocolVersion10, Suite: c.suite.id, InitKey: initKey.PublicKey().Bytes(),
		LeafNode: *leaf, Extensions: cloneExtensions(extensions)}
	if kp.Signature, err = c.suite.signWithLabel(c.signer, "KeyPackageTBS", kp.tbs()); err != nil {
		return nil, none, err
	}
	return kp, KeyPackageSecrets{&keyPackageSecrets{kp.clone(), initKey, leafKey}}, nil
}

func (kp *KeyPackage) clone() *KeyPackage {
	c := *kp
	c.InitKey = bytes.Clone(kp.InitKey)
	c.LeafNode = *kp.LeafNode.clone()
	c.Extensions = cloneExtensions(kp.Extensions)
	c.Signature = bytes.Clone(kp.Signature)
	return &c
}

// LoadKeyPackageSecrets joins a KeyPackage and its two HPKE private keys, as SerializePrivateKey of RFC 9180 writes
// them. Keys that do not belong to it are refused.
func LoadKeyPackageSecrets(kp *KeyPackage, initKey, leafKey []byte) (KeyPackageSecrets, error) {
	none := KeyPackageSecrets{}
	s, err := kp.Suite.lookup()
	if err != nil {
		return none, err
	}
	i, err := s.kem.NewPrivateKey(initKey)
	if err != nil || !bytes.Equal(i.PublicKey().Bytes(), kp.InitKey) {
		return none, invalid("init key is not the KeyPackage's")
	}
	l, err := s.kem.NewPrivateKey(leafKey)
	if err != nil || !bytes.Equal(l.PublicKey().Bytes(), kp.LeafNode.EncryptionKey) {
		return none, invalid("leaf key is not the KeyPackage's")
	}
	return KeyPackageSecrets{&keyPackageSecrets{kp.clone(), i, l}}, nil
}

// ExportSecrets returns the two private keys in the clear, for LoadKeyPackageSecrets.
func (s KeyPackageSecrets) ExportSecrets() (initKey, leafKey []byte, err error) {
	if s.p == nil || s.p.init == nil {
		return nil, nil, ErrState
	}
	if initKey, err = s.p.init.Bytes(); err != nil {
		return nil, nil, err
	}
	leafKey, err = s.p.leaf.Bytes()
	return initKey, leafKey, err
}

// Destroy forgets the keys in every copy of s. Join does it by itself.
func (s KeyPackageSecrets) Destroy() {
	if s.p != nil {
		*s.p = keyPackageSecrets{}
	}
}
