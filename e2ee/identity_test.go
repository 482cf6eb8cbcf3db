package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

func TestIdentityFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity")
	pass := []byte(goodPassphrase)
	id := Generate()
	var weak *keystore.WeakError
	if err := id.Save(path, []byte("password1234")); !errors.As(err, &weak) {
		t.Fatalf("a common passphrase: %v", err)
	}
	if _, err := LoadIdentity(path, pass); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a wrong path: %v, want fs.ErrNotExist", err)
	}
	if err := id.Save(path, pass); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if err := Generate().Save(path, pass); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("over another identity: %v, want fs.ErrExist", err)
	}
	if _, err := LoadIdentity(path, []byte("nine otters mend a canoe")); !errors.Is(err, keystore.ErrPassphrase) {
		t.Fatalf("%v, want ErrPassphrase", err)
	}
	got, err := LoadIdentity(path, pass)
	if err != nil || got.Public() != id.Public() {
		t.Fatalf("%v, %v", got, err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Fatal("reading changed the file")
	}
	if err := ChangePassphrase(path, pass, []byte("password1234")); !errors.As(err, &weak) {
		t.Fatalf("%v", err)
	}
	if err := ChangePassphrase(path, pass, []byte("eight voles hem a parka")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentity(path, pass); !errors.Is(err, keystore.ErrPassphrase) {
		t.Fatalf("the old passphrase: %v", err)
	}
	moved, err := LoadIdentity(path, []byte("eight voles hem a parka"))
	if err != nil {
		t.Fatal(err)
	}
	// The loaded one has both private keys: it opens what is sealed to the first, and signs as it does.
	box, _, err := id.Seal(id.Mailbox().Card(), Message{To: id.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := moved.Mailbox().Open(box, moved.Public()); err != nil {
		t.Fatal(err)
	}
}

func TestExportAndImport(t *testing.T) {
	id, pass := Generate(), []byte(goodPassphrase)
	out, err := id.export(pass, keystore.Params{Time: 1, MemoryKiB: keystore.MinMemoryKiB, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{id.mailbox.keys.secrets.get().sign.Seed(), id.mailbox.keys.secrets.get().raw, id.id[:32]} {
		if bytes.Contains(out, secret) {
			t.Error("a key is in the export")
		}
	}
	got, err := ImportIdentity(out, pass)
	if err != nil || got.Public() != id.Public() {
		t.Fatalf("%v, %v", got, err)
	}
	for _, secret := range [][]byte{nil, {1}, append([]byte{2}, make([]byte, 64)...), append([]byte{1}, make([]byte, 65)...)} {
		file, err := keystore.Seal(pass, keystore.IdentityKind, keystore.Params{Time: 1, MemoryKiB: keystore.MinMemoryKiB, Threads: 1}, secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ImportIdentity(file, pass); !errors.Is(err, keystore.ErrUnsupported) {
			t.Errorf("a secret of %d bytes: %v, want ErrUnsupported", len(secret), err)
		}
	}
}

func TestIDPrintsShort(t *testing.T) {
	id := fixedIdentity(t, 1).Public()
	for _, verb := range []string{"%v", "%s", "%q", "%+v", "%#v", "%d"} {
		if s := fmt.Sprintf(verb, id); s != id.String() {
			t.Errorf("%s: %s", verb, s)
		}
	}
	if s := fmt.Sprintf("%x", id); len(s) != 128 {
		t.Errorf("%%x: %s", s)
	}
}

// Nobody can revoke or replace for another. Fails if ParseRevocation leaves a signature out.
func TestRevocationIsSignedByBoth(t *testing.T) {
	a, b, eve := Generate(), Generate(), Generate()
	good, err := a.Revoke(testTime, b)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseRevocation(good); err != nil || r.ID != a.Public() || r.ReplacedBy != b.Public() {
		t.Fatalf("%v, %v", r, err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := ParseRevocation(bad); err == nil {
			t.Fatalf("byte %d changed: taken", i)
		}
	}
	var s, other signedRevocation
	byEve, err := eve.Revoke(testTime, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(decodeExact(good, &s), decodeExact(byEve, &other)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *signedRevocation){
		"signed by another":         func(s *signedRevocation) { s.Sig = other.Sig },
		"agreed to by another":      func(s *signedRevocation) { s.NewSig = other.NewSig },
		"not agreed to":             func(s *signedRevocation) { s.NewSig = nil },
		"one signature for both":    func(s *signedRevocation) { s.NewSig = s.Sig },
		"signatures exchanged":      func(s *signedRevocation) { s.Sig, s.NewSig = s.NewSig, s.Sig },
		"the other's whole payload": func(s *signedRevocation) { s.Payload = other.Payload },
	} {
		bad := s
		change(&bad)
		if _, err := ParseRevocation(encode(t, bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, _, err := ParseRevocationText(FormatRevocation(good)); err != nil {
		t.Error(err)
	}
}
