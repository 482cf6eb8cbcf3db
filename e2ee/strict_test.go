package e2ee

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// vectors reads a published file from the folder that SOTTO_VECTORS names.
func vectors(t *testing.T, name string, v any) {
	t.Helper()
	dir := os.Getenv("SOTTO_VECTORS")
	if dir == "" {
		const help = "SOTTO_VECTORS does not name a folder with the published vectors (wycheproof/…)"
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal(help)
		}
		t.Skip(help)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWycheproofEd25519(t *testing.T) {
	var file struct {
		TestGroups []struct {
			PublicKey struct{ Pk string }
			Tests     []struct {
				TcId             int
				Msg, Sig, Result string
			}
		}
	}
	vectors(t, "wycheproof/ed25519_test.json", &file)
	count := map[string]int{}
	for _, g := range file.TestGroups {
		pk := unhex(t, g.PublicKey.Pk)
		for _, tt := range g.Tests {
			err := verify(pk, unhex(t, tt.Msg), unhex(t, tt.Sig))
			if (err == nil) != (tt.Result == "valid") {
				t.Errorf("%d is %s: %v", tt.TcId, tt.Result, err)
			}
			count[tt.Result]++
		}
	}
	if count["valid"] != 88 || count["invalid"] != 63 {
		t.Errorf("ran %v, want 88 valid and 63 invalid", count)
	}
}

// Of 518 vectors, 264 are ordinary. Of the 254 that an implementation may refuse, ours refuses the 31 whose shared
// secret is zero and those whose key is not canonical (19, 6 of them both); the others lie on the twist, where X25519 is as
// good.
func TestWycheproofX25519(t *testing.T) {
	var file struct {
		TestGroups []struct {
			Tests []struct {
				TcId                            int
				Public, Private, Shared, Result string
				Flags                           []string
			}
		}
	}
	vectors(t, "wycheproof/x25519_test.json", &file)
	count := map[string]int{}
	for _, g := range file.TestGroups {
		for _, tt := range g.Tests {
			pk := unhex(t, tt.Public)
			bad := slices.Contains(tt.Flags, "ZeroSharedSecret") || slices.Contains(tt.Flags, "NonCanonicalPublic")
			err := checkX25519(pk)
			switch {
			case bad && !errors.Is(err, ErrWeakKey):
				t.Errorf("%d (%v): %v, want ErrWeakKey", tt.TcId, tt.Flags, err)
			case !bad && err != nil:
				t.Errorf("%d (%v): %v", tt.TcId, tt.Flags, err)
			case bad:
				count["refused"]++
			default:
				count["taken"]++
				x25519Agrees(t, tt.TcId, unhex(t, tt.Private), pk, unhex(t, tt.Shared))
			}
		}
	}
	if count["refused"]+count["taken"] != 518 || count["refused"] != 44 {
		t.Errorf("%v, want 44 refused of 518", count)
	}
}

func x25519Agrees(t *testing.T, id int, private, public, want []byte) {
	t.Helper()
	k, err := ecdh.X25519().NewPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.ECDH(p); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d: shared %x (%v), want %x", id, got, err, want)
	}
}

// fieldBytes is y as 32 little-endian bytes.
func fieldBytes(y *big.Int) []byte {
	b := make([]byte, 32)
	y.FillBytes(b)
	slices.Reverse(b)
	return b
}

// lowOrderX25519 are the points of order 1, 2, 4, 8 on the curve and the twist, canonical.
var lowOrderX25519 = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// TestPitfall21LowOrderPoints: an X25519 key that gives the same shared secret to everybody, an Ed25519 key under which
// anything verifies, and second spellings of good keys. Fails if checkX25519 leaves out the probe or the comparison with
// p, or checkEd25519 one of smallOrderY, the comparison with p, or onCurve.
func TestPitfall21LowOrderPoints(t *testing.T) {
	good := Generate().Public()
	for _, s := range lowOrderX25519 {
		id := good
		copy(id[32:], unhex(t, s))
		wantWeak(t, "X25519 "+s, id)
		if err := (Box{Ed25519: [32]byte(good[:32]), HPKE: id[32:]}).Check(); !errors.Is(err, ErrWeakKey) {
			t.Errorf("mailbox with %s: %v, want ErrWeakKey", s, err)
		}
		hybrid := newHybridMailbox().Card()
		copy(hybrid.HPKE[1184:], id[32:])
		if err := hybrid.Check(); !errors.Is(err, ErrWeakKey) {
			t.Errorf("hybrid mailbox with %s: %v, want ErrWeakKey", s, err)
		}
	}
	highBit := good
	highBit[63] |= 0x80
	wantWeak(t, "X25519 with the top bit", highBit)
	for i := int64(0); i < 19; i++ { // all y >= p, which reduce to 0 … 18
		id := good
		copy(id[:], fieldBytes(new(big.Int).Add(fieldP, big.NewInt(i))))
		wantWeak(t, "Ed25519 p+i", id)
		id[31] |= 0x80
		wantWeak(t, "Ed25519 p+i, negative", id)
		id = good
		copy(id[32:], fieldBytes(new(big.Int).Add(fieldP, big.NewInt(i))))
		wantWeak(t, "X25519 p+i", id)
	}
	for _, y := range smallOrderY {
		id := good
		copy(id[:], fieldBytes(y))
		wantWeak(t, "Ed25519 of small order", id)
		id[31] |= 0x80
		wantWeak(t, "Ed25519 of small order, negative", id)
	}
	if _, err := NewID(good[:]); err != nil {
		t.Errorf("a good identity: %v", err)
	}
}

func wantWeak(t *testing.T, name string, id ID) {
	t.Helper()
	if _, err := NewID(id[:]); !errors.Is(err, ErrWeakKey) {
		t.Errorf("%s: %v, want ErrWeakKey", name, err)
	}
}

// smallOrderY is right if crypto/ed25519 verifies a signature that nobody made, under each of them: R = identity or
// another point of small order, S = 0 (for one message in eight at least). It also shows why the check is needed.
func TestSmallOrderKeysVerifyAnything(t *testing.T) {
	for i, y := range smallOrderY {
		pk, forged := fieldBytes(y), 0
		for n := range 64 {
			for _, r := range smallOrderY {
				sig := append(fieldBytes(r), make([]byte, 32)...)
				message := []byte{byte(n)}
				if ed25519.Verify(pk, message, sig) {
					forged++
					if verify(pk, message, sig) == nil {
						t.Fatal("the strict check let a forgery through")
					}
					break
				}
			}
		}
		if forged == 0 {
			t.Errorf("key %d: crypto/ed25519 refused every forgery, so it is not of small order", i)
		}
	}
}

// onCurve agrees with crypto/ed25519, which refuses keys that are no points: half of all y.
func TestOnCurveAgreesWithTheStandardLibrary(t *testing.T) {
	on := 0
	for n := range 200 {
		h := sha512.Sum512([]byte{byte(n)})
		k := h[:32]
		k[31] &= 0x7f
		if littleEndian(k).Cmp(fieldP) >= 0 {
			continue
		}
		// With S = 0 and R = -kA unknown, Verify is false either way; so ask by a key that can be made: a multiple of
		// the base point is on the curve.
		pk := ed25519.NewKeyFromSeed(h[32:])[32:]
		if err := checkEd25519(pk); err != nil {
			t.Fatalf("a key that the standard library made: %v", err)
		}
		if onCurve(littleEndian(k)) {
			on++
		}
	}
	if on < 70 || on > 130 {
		t.Errorf("%d of 200 random y are on the curve, want about half", on)
	}
}
