package mls

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// TestSealer: what a sealer makes, crypto/hpke opens, for every suite; under the same label, context and key alone.
func TestSealer(t *testing.T) {
	for id, s := range suites {
		context := randomBytes(300)
		seal := s.sealer("UpdatePathNode", context)
		seen := map[string]bool{}
		for n := range 100 {
			key, other := must(s.kem.GenerateKey())(t), must(s.kem.GenerateKey())(t)
			secret := randomBytes(n)
			c := must(seal(key.PublicKey().Bytes(), secret))(t)
			if got := must(s.decryptWithLabel(key, "UpdatePathNode", context, c))(t); !bytes.Equal(got, secret) {
				t.Fatalf("%v: %x became %x", id, secret, got)
			}
			if seen[string(c.kemOutput)] {
				t.Fatalf("%v: one ephemeral key twice", id)
			}
			seen[string(c.kemOutput)] = true
			_, label := s.decryptWithLabel(key, "Welcome", context, c)
			_, ctx := s.decryptWithLabel(key, "UpdatePathNode", context[1:], c)
			_, wrong := s.decryptWithLabel(other, "UpdatePathNode", context, c)
			if label == nil || ctx == nil || wrong == nil {
				t.Fatalf("%v: opens under another label (%v), context (%v) or key (%v)", id, label, ctx, wrong)
			}
		}
	}
}

// TestSealerRefuses: the keys that crypto/hpke refuses, and no others.
func TestSealerRefuses(t *testing.T) {
	s := suites[X25519ChaCha]
	seal := s.sealer("Welcome", nil)
	keys := [][]byte{nil, make([]byte, 31), make([]byte, 33), append(make([]byte, 31), 9)}
	for _, key := range append(keys, lowOrder...) {
		_, got := seal(key, []byte("x"))
		_, want := s.encryptWithLabel(key, "Welcome", nil, []byte("x"))
		if (got == nil) != (want == nil) {
			t.Errorf("key %x: %v, crypto/hpke says %v", key, got, want)
		}
	}
}

func TestHMACOnce(t *testing.T) {
	for k := range 80 {
		for n := range shortMAC + 20 {
			key, message := randomBytes(k), randomBytes(n)
			m := hmac.New(sha256.New, key)
			m.Write(message)
			if got := hmacOnce(key, message); !hmac.Equal(got[:], m.Sum(nil)) {
				t.Fatalf("key of %d, message of %d bytes", k, n)
			}
		}
	}
}

// TestSealerAllocates: the keys of crypto/ecdh, the AEAD and the result, nothing besides.
func TestSealerAllocates(t *testing.T) {
	s := suites[X25519ChaCha]
	key, secret := must(s.kem.GenerateKey())(t).PublicKey().Bytes(), randomBytes(hashSize)
	seal := s.sealer("UpdatePathNode", randomBytes(300))
	if n := testing.AllocsPerRun(100, func() { _, _ = seal(key, secret) }); n > 16 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSealer(b *testing.B) {
	s := suites[X25519ChaCha]
	k, err := s.kem.GenerateKey()
	if err != nil {
		b.Fatal(err)
	}
	key, secret, context := k.PublicKey().Bytes(), randomBytes(hashSize), randomBytes(300)
	seal := s.sealer("UpdatePathNode", context)
	b.Run("many", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = seal(key, secret)
		}
	})
	b.Run("hpke", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = s.encryptWithLabel(key, "UpdatePathNode", context, secret)
		}
	})
}
