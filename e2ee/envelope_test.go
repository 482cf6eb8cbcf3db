package e2ee

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"
)

// fixedIdentity is the same identity each time, for vectors and for tests that need no randomness.
func fixedIdentity(t testing.TB, n byte) *Identity {
	t.Helper()
	id, err := identityFromSecret(bytes.Repeat([]byte{n}, 32), bytes.Repeat([]byte{n ^ 0xff}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// newHybridMailbox has a key of HPKE's X25519 + ML-KEM-768 (0x647a): no call makes one, and envelopes can be sealed to it.
func newHybridMailbox() *Mailbox { return newMailbox(generateKeyPair(hybridKEM), GenerateToken()) }

var testTime = time.UnixMilli(1_800_000_000_123)

func TestEnvelopeRoundTrip(t *testing.T) {
	a, b := Generate(), Generate()
	for _, m := range []*Mailbox{b.Mailbox(), NewMailbox(), newHybridMailbox()} {
		for _, n := range []int{0, 1, 3000, 4096, 16000, MaxBody} {
			in := Message{To: b.Public(), Call: [32]byte{1}, Seq: 7, Time: testTime, Type: 3,
				Body: bytes.Repeat([]byte{5}, n), Ref: bytes.Repeat([]byte{6}, 32)}
			box, hash, err := a.Seal(m.Card(), in)
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			out, got, err := m.Open(box, b.Public())
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if got != hash {
				t.Fatalf("%d bytes: hash %x at the receiver, %x at the sender", n, got, hash)
			}
			if out.From != a.Public() || out.To != in.To || out.Call != in.Call || out.Seq != 7 || !out.Time.Equal(testTime) ||
				out.Type != 3 || !bytes.Equal(out.Body, in.Body) || !bytes.Equal(out.Ref, in.Ref) {
				t.Fatalf("%d bytes: got %v", n, out)
			}
		}
	}
}

// Fails if pad chooses other sizes, or seal leaves the padding out.
func TestEnvelopeSizes(t *testing.T) {
	a, b := Generate(), Generate()
	for _, tt := range []struct{ body, x25519, hybrid int }{
		{0, 4096, 4096}, {3700, 4096, 4096}, {4000, 16384, 16384}, {16000, 16384, 16384}, {17000, 61440, 61440}, {MaxBody, 61440, 61440},
	} {
		m := Message{To: b.Public(), Time: testTime, Body: make([]byte, tt.body)}
		for _, c := range []struct {
			box  Box
			want int
		}{{b.Mailbox().Card(), 1 + 32 + tt.x25519 + 16}, {newHybridMailbox().Card(), 1 + 1120 + tt.hybrid + 16}} {
			box, _, err := a.Seal(c.box, m)
			if err != nil || len(box) != c.want || len(box) > 64<<10 {
				t.Errorf("body of %d bytes: box of %d (%v), want %d", tt.body, len(box), err, c.want)
			}
		}
	}
	_, _, err := a.Seal(b.Mailbox().Card(), Message{To: b.Public(), Time: testTime, Body: make([]byte, 61440)})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("body of 61440 bytes: %v, want ErrTooLarge", err)
	}
}

func TestHashIsOfThePayload(t *testing.T) {
	a, b := fixedIdentity(t, 1), fixedIdentity(t, 2)
	raw, hash, err := a.sign(Message{To: b.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	var s signed
	if err := decodeExact(raw, &s); err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(s.Payload) != hash {
		t.Fatal("the hash is not H(payload)")
	}
}
