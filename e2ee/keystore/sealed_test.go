package keystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
)

var update = flag.Bool("update", false, "write testdata anew")

// quick is the least that is allowed: tests need not cost a guesser anything.
var quick = Params{Time: 1, MemoryKiB: MinMemoryKiB, Threads: 1}

const passphrase = "lusab-babad-gutih"

func sealed(t testing.TB, secret string) []byte {
	t.Helper()
	file, err := Seal([]byte(passphrase), IdentityKind, quick, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSealOpen(t *testing.T) {
	file := sealed(t, "the secret")
	got, err := Open([]byte(passphrase), IdentityKind, file)
	if err != nil || string(got) != "the secret" {
		t.Fatalf("%q, %v", got, err)
	}
	if bytes.Contains(file, []byte("the secret")) {
		t.Fatal("the secret is in the file")
	}
	key := [32]byte{1}
	file, err = SealKey(&key, ContactsKind, []byte("store"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err = OpenKey(&key, ContactsKind, file); err != nil || string(got) != "store" {
		t.Fatalf("%q, %v", got, err)
	}
}

// Fails if the check value is left out: the tag alone gives one error for both.
func TestWrongPassphraseIsNotCorruption(t *testing.T) {
	file := sealed(t, "s")
	_, err := Open([]byte("lusab-babad-gutih2"), IdentityKind, file)
	if !errors.Is(err, ErrPassphrase) || errors.Is(err, ErrCorrupted) {
		t.Fatalf("wrong passphrase: %v", err)
	}
	key, other := [32]byte{1}, [32]byte{2}
	file, _ = SealKey(&key, ContactsKind, []byte("s"))
	if _, err := OpenKey(&other, ContactsKind, file); !errors.Is(err, ErrPassphrase) {
		t.Fatalf("wrong key: %v", err)
	}
}

// Fails if the hash at the end is not checked: a flip in the salt would then look like a wrong passphrase.
func TestEveryDamagedByteIsFound(t *testing.T) {
	file := sealed(t, "s")
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 0x10
		_, err := Open([]byte(passphrase), IdentityKind, bad)
		if !errors.Is(err, ErrCorrupted) {
			t.Errorf("byte %d: %v, want ErrCorrupted", i, err)
		}
		_, err = Open([]byte(passphrase), IdentityKind, file[:i])
		if !errors.Is(err, ErrCorrupted) {
			t.Errorf("cut to %d bytes: %v, want ErrCorrupted", i, err)
		}
	}
}

// rehash makes the hash fit again, as somebody would who tampers on purpose.
func rehash(file []byte) []byte {
	body := file[:len(file)-sha256.Size]
	sum := sha256.Sum256(body)
	return append(bytes.Clone(body), sum[:]...)
}

// Fails if the header is not additional data, or a field of it is not derived from.
func TestTamperingWithTheHashMended(t *testing.T) {
	file := sealed(t, "s")
	for i := len(magic); i < len(file)-sha256.Size; i++ {
		bad := bytes.Clone(file)
		bad[i] ^= 0x01
		if i >= len(magic)+3 && i < len(magic)+12 {
			continue // the parameters: TestHostileParameters
		}
		got, err := Open([]byte(passphrase), IdentityKind, rehash(bad))
		if err == nil {
			t.Errorf("byte %d: opened as %q", i, got)
		}
		if i >= headerSize-24 && !errors.Is(err, ErrCorrupted) {
			t.Errorf("byte %d, of nonce or ciphertext: %v, want ErrCorrupted", i, err)
		}
	}
}

// Fails if bounded is called after derive, or not at all: this would take 4 TiB.
func TestHostileParameters(t *testing.T) {
	file := sealed(t, "s")
	for _, p := range []Params{{1, 1<<32 - 1, 1}, {1<<32 - 1, MinMemoryKiB, 1}, {1, MinMemoryKiB, 255}, {0, MinMemoryKiB, 1},
		{1, 0, 1}, {1, MinMemoryKiB, 0}, {1, MinMemoryKiB - 1, 1}, {1, MaxMemoryKiB + 1, 1}} {
		bad := bytes.Clone(file)
		r := bad[len(magic)+3:]
		binary.BigEndian.PutUint32(r, p.Time)
		binary.BigEndian.PutUint32(r[4:], p.MemoryKiB)
		r[8] = p.Threads
		if _, err := Open([]byte(passphrase), IdentityKind, rehash(bad)); !errors.Is(err, ErrCorrupted) {
			t.Errorf("%+v: %v, want ErrCorrupted", p, err)
		}
		if _, err := Seal([]byte(passphrase), IdentityKind, p, nil); err == nil {
			t.Errorf("%+v: sealed", p)
		}
	}
}

// Fails if the kind or the method is not compared.
func TestOneKindIsNotAnother(t *testing.T) {
	if _, err := Open([]byte(passphrase), ContactsKind, sealed(t, "s")); !errors.Is(err, ErrUnsupported) {
		t.Errorf("other kind: %v", err)
	}
	var key [32]byte
	copy(key[:], passphrase)
	if _, err := OpenKey(&key, IdentityKind, sealed(t, "s")); !errors.Is(err, ErrUnsupported) {
		t.Errorf("other method: %v", err)
	}
	newer := sealed(t, "s")
	newer[len(magic)] = 2
	if _, err := Open([]byte(passphrase), IdentityKind, rehash(newer)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("newer version: %v", err)
	}
}

func TestSealHoldsToThePolicy(t *testing.T) {
	var weak *WeakError
	if _, err := Seal([]byte("password1234"), IdentityKind, quick, nil); !errors.As(err, &weak) {
		t.Fatalf("%v, want a WeakError", err)
	}
}

// A file that was written once must open for ever: this one is committed.
func TestVector(t *testing.T) {
	path := filepath.Join("testdata", "sealed.json")
	var v struct{ Passphrase, Secret, File string }
	if *update {
		cryptotest.SetGlobalRandom(t, 1)
		v.Passphrase, v.Secret, v.File = passphrase, "a secret", hex.EncodeToString(sealed(t, "a secret"))
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	file, err := hex.DecodeString(v.File)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open([]byte(v.Passphrase), IdentityKind, file)
	if err != nil || string(got) != v.Secret {
		t.Fatalf("%q, %v; want %q", got, err, v.Secret)
	}
}

// FuzzParseHeader gives hostile files, their hash mended so that they get past it. Nothing is derived for, as argon2id
// would be all that is fuzzed.
func FuzzParseHeader(f *testing.F) {
	f.Add(sealed(f, "s"))
	key := [32]byte{1}
	store, _ := SealKey(&key, ContactsKind, []byte("s"))
	f.Add(store)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = parseHeader(b)
		if len(b) >= sha256.Size {
			b = rehash(b)
		}
		h, err := parseHeader(b)
		if err != nil {
			return
		}
		if h.params.MemoryKiB > MaxMemoryKiB || h.params.Time > MaxTime || h.params.Threads > MaxThreads {
			t.Fatalf("parameters out of bounds: %+v", h.params)
		}
		if !bytes.HasPrefix(b, h.append(nil)) {
			t.Fatal("header does not round-trip")
		}
		if h.method == methodKey {
			if got, err := OpenKey(&key, h.kind, b); err == nil && string(got) != "s" {
				t.Fatal("a forged file opened")
			}
		}
	})
}
