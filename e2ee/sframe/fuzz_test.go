package sframe

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

func seeds(f *testing.F) *ownVectors {
	data, err := os.ReadFile(ownPath)
	if err != nil {
		f.Fatal(err)
	}
	var v ownVectors
	if err := json.Unmarshal(data, &v); err != nil {
		f.Fatal(err)
	}
	return &v
}

// FuzzParseHeader: what parses has one encoding, and it is the one that was parsed.
func FuzzParseHeader(f *testing.F) {
	for _, v := range seeds(f).Header {
		f.Add([]byte(v.Encoded))
	}
	f.Add([]byte{0x88, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := ParseHeader(b)
		if err != nil {
			if err != ErrMalformed || n != 0 || h != (Header{}) {
				t.Errorf("%+v, %d, %v", h, n, err)
			}
			return
		}
		if n > MaxHeaderLen || n != h.Len() || !bytes.Equal(h.Append(nil), b[:n]) {
			t.Errorf("%x parsed as %+v of %d bytes, which is %x", b, h, n, h.Append(nil))
		}
	})
}

// FuzzOpen: hostile frames give one of the errors and no bytes; what opens is what was sealed.
func FuzzOpen(f *testing.F) {
	for _, v := range seeds(f).Frames {
		f.Add(uint16(v.Suite), []byte(v.Metadata), []byte(v.CT))
	}
	f.Fuzz(func(t *testing.T, id uint16, metadata, sealed []byte) {
		suite := Suite(id)
		if !suite.Valid() {
			suite = ChaCha20Poly1305SHA256
		}
		h, _, _ := ParseHeader(sealed)
		o, err := NewOpener(suite, h.KID, pattern(suite.KeySize()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Open([]byte("dst"), metadata, bytes.Clone(sealed))
		if err == nil {
			s, err := ResumeSealer(suite, h.KID, pattern(suite.KeySize()), h.CTR)
			if err != nil {
				t.Fatal(err)
			}
			if again := mustSeal(t, s, metadata, got[3:]); !bytes.Equal(again, sealed) {
				t.Errorf("%x opened, but seals as %x", sealed, again)
			}
			return
		}
		if string(got) != "dst" || !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrAuthentication) {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// FuzzStores: the types that choose a key by the header never panic, keep few keys, and open nothing that was not sealed.
func FuzzStores(f *testing.F) {
	for _, v := range seeds(f).MLS {
		f.Add([]byte(v.CT), byte(v.Epoch))
	}
	f.Fuzz(func(t *testing.T, sealed []byte, number byte) {
		base := bytes.Repeat([]byte{0x5c}, 32) // nothing was ever sealed under it
		ro, err1 := NewRatchetOpener(ChaCha20Poly1305SHA256, RatchetFormat(1+number%32), 0, uint64(number), base)
		es, err2 := NewEpochs(ChaCha20Poly1305SHA256, int(number%17), anyone)
		ring, err3 := NewKeyring(ChaCha20Poly1305SHA256)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(es.Add(Epoch{Number: uint64(number), HighestLeaf: 3, BaseKey: base}), ring.Add(uint64(number), base)); err != nil {
			t.Fatal(err)
		}
		_, err1 = ro.Open(nil, nil, sealed)
		_, _, err2 = es.Open(nil, nil, sealed)
		_, err3 = ring.Open(nil, nil, sealed)
		if err1 == nil || err2 == nil || err3 == nil || len(ro.r.openers) > 1+maxRatchetJump {
			t.Errorf("%x: %v, %v, %v", sealed, err1, err2, err3)
		}
	})
}
