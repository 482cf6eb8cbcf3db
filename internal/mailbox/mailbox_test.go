package mailbox

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// The bytes are the protocol's: both are computed here by hand. Fails if a label, an order or a length changes.
func TestAddress(t *testing.T) {
	got := Address(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	// printf 'sotto/v1 mailbox'; 32 bytes of 01; 32 bytes of 02; through sha256sum
	const want = "dcf7a0cd8c8cf1b7132e1f3d93ab2dc84d0b11adf860115e85e35a91d325f97e"
	if hex.EncodeToString(got[:]) != want {
		t.Fatalf("%x, want %s", got, want)
	}
	other := Address(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 31))
	if other == got {
		t.Fatal("a shorter key has the same address")
	}
}

func TestAuthMessage(t *testing.T) {
	got := AuthMessage("wss://relay.example:443", [32]byte{3}, [32]byte{4})
	want := "sotto/v1 relay auth\x00" + "\x00\x17" + "wss://relay.example:443" +
		"\x03" + strings.Repeat("\x00", 31) + "\x04" + strings.Repeat("\x00", 31)
	if string(got) != want {
		t.Fatalf("%q, want %q", got, want)
	}
	// The length keeps an origin that ends like a challenge apart from a longer challenge: there is one reading only.
	a := AuthMessage("wss://a", [32]byte{'b'}, [32]byte{})
	b := AuthMessage("wss://ab", [32]byte{}, [32]byte{})
	if bytes.Equal(a[:len(b)-1], b[:len(b)-1]) {
		t.Fatal("two origins have the same message")
	}
}
