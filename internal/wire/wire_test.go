package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

type sample struct {
	Number uint64   `cbor:"1,keyasint"`
	Bytes  []byte   `cbor:"2,keyasint,omitempty"`
	Text   string   `cbor:"3,keyasint,omitempty"`
	List   [][]byte `cbor:"4,keyasint,omitempty"`
}

func TestRoundTripIsDeterministic(t *testing.T) {
	in := sample{Number: 7, Bytes: []byte{1, 2}, Text: "a"}
	b, err := Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a30107024201020361" + "61"; hex.EncodeToString(b) != want {
		t.Fatalf("encoded %x, want %s", b, want)
	}
	var out sample
	if err := Unmarshal(b, &out, 64); err != nil {
		t.Fatal(err)
	}
	if out.Number != 7 || !bytes.Equal(out.Bytes, in.Bytes) || out.Text != "a" {
		t.Fatalf("decoded %+v", out)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"empty", ""},
		{"bytes after the end", "a1010700"},
		{"duplicate key", "a201070107"},
		{"unknown key", "a201070901"},
		{"float for an integer", "a101fb3ff0000000000000"},
		{"tag", "a101c107"},
		{"bignum", "a101c24101"},
		{"indefinite map", "bf0107ff"},
		{"indefinite bytes", "a20107025f4101ff"},
		{"negative for unsigned", "a10120"},
		{"invalid UTF-8", "a201070361ff"},
		{"too deep", "a2010704818181814101"},
		{"huge array", "a20107049affffffff"},
		{"huge byte string", "a20107025affffffff"},
		{"text for bytes", "a20107026161"},
	} {
		b, err := hex.DecodeString(tt.in)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var v sample
		if err := Unmarshal(b, &v, 1<<10); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error %v, want ErrMalformed", tt.name, err)
		}
	}
}

func TestUnmarshalCapsSize(t *testing.T) {
	var v sample
	if err := Unmarshal(make([]byte, 65), &v, 64); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("error %v, want ErrTooLarge", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{0xa1, 0x01, 0x07})
	f.Fuzz(func(t *testing.T, b []byte) {
		var v sample
		if Unmarshal(b, &v, 1<<12) != nil {
			return
		}
		again, err := Marshal(v)
		if err != nil {
			t.Fatalf("decoded but not encodable: %v", err)
		}
		var w sample
		if err := Unmarshal(again, &w, 1<<13); err != nil {
			t.Fatalf("own encoding refused: %v", err)
		}
	})
}
