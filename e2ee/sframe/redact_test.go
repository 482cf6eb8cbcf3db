package sframe

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Keys do not get into logs: no verb, no nesting and no logger prints them.
func TestPitfall28KeysRedactThemselves(t *testing.T) {
	// Fails if Sealer holds the fields of sendKey itself and has no Format.
	base := bytes.Repeat([]byte{0xc7}, 32)
	s, err1 := NewSealer(ChaCha20Poly1305SHA256, 0, base)
	o, err2 := NewOpener(ChaCha20Poly1305SHA256, 0, base)
	rs, err3 := NewRatchetSealer(ChaCha20Poly1305SHA256, 4, 0, base)
	ro, err4 := NewRatchetOpener(ChaCha20Poly1305SHA256, 4, 0, 0, base)
	es, err5 := NewEpochs(ChaCha20Poly1305SHA256, 4, anyone)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	epoch := Epoch{Number: 1, BaseKey: base}
	if err := es.Add(epoch); err != nil {
		t.Fatal(err)
	}
	salt := s.k.salt[:]
	for _, v := range []any{
		s, *s, o, *o, rs, *rs, ro, *ro, es, *es, epoch, &epoch, []any{s, o, epoch}, map[string]any{"k": *s},
		struct {
			S *Sealer
			e Epochs
			s Sealer
			o *Opener
			r RatchetSealer
		}{s, *es, *s, o, *rs},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			wantNoKey(t, fmt.Sprintf(verb, v), base, salt)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("key", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "v", v)
		wantNoKey(t, log.String(), base, salt)
	}
}

// wantNoKey looks for four bytes in a row of each secret, however they may be written.
func wantNoKey(t *testing.T, printed string, secrets ...[]byte) {
	t.Helper()
	lower := strings.ToLower(printed)
	for _, secret := range secrets {
		part := secret[:4]
		b64 := base64.StdEncoding.EncodeToString(secret[:6])
		list := strings.Trim(fmt.Sprint(part), "[]")
		for _, form := range []string{hex.EncodeToString(part), list, strings.ReplaceAll(list, " ", ", "),
			strings.Trim(fmt.Sprintf("%#v", part)[len("[]byte{"):], "}"), strings.ToLower(string(part)), strings.ToLower(b64)} {
			if strings.Contains(lower, form) {
				t.Fatalf("a key is in %q", printed)
			}
		}
	}
}
