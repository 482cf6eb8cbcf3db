package keystore

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

var (
	// ErrPassphrase: the file is whole, and was made with another passphrase or key.
	ErrPassphrase = errors.New("keystore: wrong passphrase")
	// ErrCorrupted: the file is damaged, cut short, tampered with, or was never one of ours.
	ErrCorrupted = errors.New("keystore: file is corrupted")
	// ErrUnsupported: the file is whole, and of a newer version or of another kind.
	ErrUnsupported = errors.New("keystore: not a file that this version reads")
)

// Kind says what a file holds, so that one is never opened as another.
type Kind byte

// Kinds of files.
const (
	IdentityKind Kind = 1
	ContactsKind Kind = 2
)

// MaxFile bounds what is read, in bytes.
const MaxFile = 16 << 20

const (
	magic   = "SOTTOKEY"
	version = 1

	methodArgon2id = 1
	methodKey      = 2

	saltSize  = 16
	checkSize = 16
	keySize   = chacha20poly1305.KeySize

	headerSize = len(magic) + 3 + 4 + 4 + 1 + saltSize + checkSize + chacha20poly1305.NonceSizeX
	minFile    = headerSize + chacha20poly1305.Overhead + sha256.Size
)

// header is what stands before the ciphertext, and its additional data.
type header struct {
	kind   Kind
	method byte
	params Params
	salt   [saltSize]byte
	check  [checkSize]byte
	nonce  [chacha20poly1305.NonceSizeX]byte
}

// Seal encrypts secret under passphrase, which it holds to [CheckPassphrase]. The zero Params are the default ones.
func Seal(passphrase []byte, kind Kind, p Params, secret []byte) ([]byte, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	p = p.orDefault()
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	return seal(passphrase, header{kind: kind, method: methodArgon2id, params: p}, secret)
}

// SealKey encrypts secret under a key that is already uniformly random.
func SealKey(key *[32]byte, kind Kind, secret []byte) ([]byte, error) {
	return seal(key[:], header{kind: kind, method: methodKey}, secret)
}

// Open decrypts what Seal made: ErrPassphrase, ErrCorrupted or ErrUnsupported say why not. It does not hold the
// passphrase to any policy.
func Open(passphrase []byte, kind Kind, file []byte) ([]byte, error) {
	return open(passphrase, methodArgon2id, kind, file)
}

// OpenKey decrypts what SealKey made.
func OpenKey(key *[32]byte, kind Kind, file []byte) ([]byte, error) {
	return open(key[:], methodKey, kind, file)
}

func seal(secretKey []byte, h header, secret []byte) ([]byte, error) {
	if minFile+len(secret) > MaxFile {
		return nil, fmt.Errorf("keystore: secret of %d bytes is too large", len(secret))
	}
	_, _ = rand.Read(h.salt[:])
	_, _ = rand.Read(h.nonce[:])
	material, err := h.derive(secretKey)
	if err != nil {
		return nil, err
	}
	defer clear(material)
	h.check = [checkSize]byte(material[keySize:])
	aead, err := chacha20poly1305.NewX(material[:keySize])
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	file := h.append(nil)
	file = aead.Seal(file, h.nonce[:], secret, file)
	sum := sha256.Sum256(file)
	return append(file, sum[:]...), nil
}

func open(secretKey []byte, method byte, kind Kind, file []byte) ([]byte, error) {
	h, err := parseHeader(file)
	if err != nil {
		return nil, err
	}
	if h.kind != kind || h.method != method {
		return nil, fmt.Errorf("%w: it is of kind %d, method %d", ErrUnsupported, h.kind, h.method)
	}
	material, err := h.derive(secretKey)
	if err != nil {
		return nil, err
	}
	defer clear(material)
	if subtle.ConstantTimeCompare(h.check[:], material[keySize:]) != 1 {
		return nil, ErrPassphrase
	}
	aead, err := chacha20poly1305.NewX(material[:keySize])
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	ct := file[headerSize : len(file)-sha256.Size]
	secret, err := aead.Open(nil, h.nonce[:], ct, file[:headerSize])
	if err != nil {
		return nil, fmt.Errorf("%w: it does not authenticate", ErrCorrupted)
	}
	return secret, nil
}

// derive gives key || check.
func (h *header) derive(secretKey []byte) ([]byte, error) {
	if h.method == methodArgon2id {
		p := h.params
		// 64 bytes, of which 48 are used, so that check is not the end of a shorter output.
		return argon2.IDKey(secretKey, h.salt[:], p.Time, p.MemoryKiB, p.Threads, 64)[:keySize+checkSize], nil
	}
	material, err := hkdf.Key(sha256.New, secretKey, h.salt[:], "sotto/v1 store", keySize+checkSize)
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	return material, nil
}

func (h *header) append(b []byte) []byte {
	b = append(b, magic...)
	b = append(b, version, byte(h.kind), h.method)
	b = binary.BigEndian.AppendUint32(b, h.params.Time)
	b = binary.BigEndian.AppendUint32(b, h.params.MemoryKiB)
	b = append(b, h.params.Threads)
	b = append(b, h.salt[:]...)
	b = append(b, h.check[:]...)
	return append(b, h.nonce[:]...)
}

// parseHeader checks all that can be checked without a secret: the hash first, so that damage is called damage wherever
// it is, then what the header says, and the bounds.
func parseHeader(file []byte) (header, error) {
	var h header
	if !bytes.HasPrefix(file, []byte(magic)) {
		return h, fmt.Errorf("%w: it does not start with %q", ErrCorrupted, magic)
	}
	if len(file) < minFile || len(file) > MaxFile {
		return h, fmt.Errorf("%w: it has %d bytes", ErrCorrupted, len(file))
	}
	body, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return h, fmt.Errorf("%w: its hash does not fit", ErrCorrupted)
	}
	r := file[len(magic):]
	if r[0] != version {
		return h, fmt.Errorf("%w: its version is %d", ErrUnsupported, r[0])
	}
	h.kind, h.method = Kind(r[1]), r[2]
	h.params = Params{binary.BigEndian.Uint32(r[3:]), binary.BigEndian.Uint32(r[7:]), r[11]}
	r = r[12:]
	copy(h.salt[:], r)
	copy(h.check[:], r[saltSize:])
	copy(h.nonce[:], r[saltSize+checkSize:])
	return h, h.bounded()
}

func (h *header) bounded() error {
	switch h.method {
	case methodArgon2id:
		if err := h.params.check(); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupted, err)
		}
	case methodKey:
		if h.params != (Params{}) {
			return fmt.Errorf("%w: parameters without a passphrase", ErrCorrupted)
		}
	default:
		return fmt.Errorf("%w: its method is %d", ErrUnsupported, h.method)
	}
	return nil
}
