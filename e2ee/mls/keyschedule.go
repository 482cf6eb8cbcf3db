package mls

import "crypto/hpke"

// secrets are the epoch secrets that are kept (section 8, table 4). The encryption secret goes into the secret tree.
type secrets struct {
	initSecret    []byte
	senderData    []byte
	exporter      []byte
	external      []byte
	confirmation  []byte
	membership    []byte
	resumption    []byte
	authenticator []byte
}

// joinerSecret mixes the last epoch's init secret with the commit secret.
func joinerSecret(initSecret, commitSecret, context []byte) []byte {
	mixed := extract(initSecret, commitSecret)
	defer clear(mixed)
	return expandWithLabel(mixed, "joiner", context, hashSize)
}

// memberSecret is the secret between joiner_secret and epoch_secret, which the welcome secret comes from as well. Who asks
// for it zeroes it.
func memberSecret(joiner, psk []byte) []byte { return extract(joiner, psk) }

func welcomeSecret(member []byte) []byte { return deriveSecret(member, "welcome") }

// epochSecret comes from the member secret; a new group starts from a random one instead.
func epochSecret(member, context []byte) []byte {
	return expandWithLabel(member, "epoch", context, hashSize)
}

// deriveSecrets derives what an epoch needs, and its encryption secret. The epoch secret is zeroed.
func deriveSecrets(epoch []byte) (s *secrets, encryption []byte) {
	s = &secrets{
		initSecret:    deriveSecret(epoch, "init"),
		senderData:    deriveSecret(epoch, "sender data"),
		exporter:      deriveSecret(epoch, "exporter"),
		external:      deriveSecret(epoch, "external"),
		confirmation:  deriveSecret(epoch, "confirm"),
		membership:    deriveSecret(epoch, "membership"),
		resumption:    deriveSecret(epoch, "resumption"),
		authenticator: deriveSecret(epoch, "authentication"),
	}
	encryption = deriveSecret(epoch, "encryption")
	clear(epoch)
	return s, encryption
}

// externalKey is the key pair that all members hold, to which an external joiner encrypts.
func (s *secrets) externalKey(p *suite) (hpke.PrivateKey, error) {
	return p.kem.DeriveKeyPair(s.external)
}

// export is MLS-Exporter of section 8.5.
func (s *secrets) export(label string, context []byte, length int) []byte {
	secret := deriveSecret(s.exporter, label)
	defer clear(secret)
	return expandWithLabel(secret, "exported", hash(context), length)
}

func (s *secrets) destroy() {
	for _, b := range s.all() {
		clear(*b)
	}
}

// welcomeKeys are the key and nonce under which a Welcome carries the GroupInfo.
func (s *suite) welcomeKeys(member []byte) messageKey {
	welcome := welcomeSecret(member)
	defer clear(welcome)
	return messageKey{expandWithLabel(welcome, "key", nil, s.keySize), expandWithLabel(welcome, "nonce", nil, nonceSize)}
}

const externalInitLabel = "MLS 1.0 external init secret"

// externalInit makes a fresh init secret for an external commit (section 8.3).
func (s *suite) externalInit(externalPub []byte) (kemOutput, initSecret []byte, err error) {
	pk, err := s.kem.NewPublicKey(externalPub)
	if err != nil {
		return nil, nil, invalid("external public key")
	}
	kemOutput, sender, err := hpke.NewSender(pk, hkdfSHA256, s.aead, nil)
	if err != nil {
		return nil, nil, invalid("external public key")
	}
	initSecret, err = sender.Export(externalInitLabel, hashSize)
	return kemOutput, initSecret, err
}

// externalInitSecret is what the members make of it.
func (s *suite) externalInitSecret(keys *secrets, kemOutput []byte) ([]byte, error) {
	key, err := keys.externalKey(s)
	if err != nil {
		return nil, err
	}
	recipient, err := hpke.NewRecipient(kemOutput, key, hkdfSHA256, s.aead, nil)
	if err != nil {
		return nil, invalid("external init KEM output")
	}
	return recipient.Export(externalInitLabel, hashSize)
}
