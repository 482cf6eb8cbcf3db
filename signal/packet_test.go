package signal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		size  int
		class Class
		want  error
	}{
		{"largest", MaxBody, ClassCall, nil},
		{"one over", MaxBody + 1, ClassCall, ErrTooLarge},
		{"empty", 0, ClassCall, ErrInvalid},
		{"largest notice", MaxNotice, ClassNotice, nil},
		{"notice one over", MaxNotice + 1, ClassNotice, ErrTooLarge},
		{"unknown class", 1, ClassNotice + 1, ErrInvalid},
	} {
		err := Packet{Body: make([]byte, tt.size), Class: tt.class}.Check()
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Pitfall 28: secrets in logs. It fails when Format or LogValue is taken from Token, Packet or ICEServer.
func TestPitfall28NothingSecretIsPrinted(t *testing.T) {
	token := Token{0xde, 0xad, 0xbe, 0xef, 0xde, 0xad, 0xbe, 0xef}
	packet := Packet{Token: token, Body: []byte("secret body")}
	server := ICEServer{URLs: []string{"turn:a"}, Username: "name-of-user", Credential: "secret-credential", Expires: time.Unix(1, 0)}
	address := Address{0xca, 0xfe, 0xba, 0xbe, 0xf0, 0x0d}
	type nested struct {
		T Token
		P *Packet
		S []ICEServer
		A Address
	}
	values := []any{token, &token, packet, &packet, server, &server, address, nested{token, &packet, []ICEServer{server}, address},
		[]Token{token}, map[Address]Token{address: token}, []Packet{packet}}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T%[1]v"} {
			checkNoSecret(t, fmt.Sprintf(verb, v))
		}
		logger.Info("x", "v", v)
	}
	checkNoSecret(t, log.String())
}

func checkNoSecret(t *testing.T, s string) {
	t.Helper()
	low := strings.ToLower(s)
	for _, secret := range []string{"deadbeef", "222 173", "222, 173", "0xde, 0xad", "secret", hex.EncodeToString([]byte("secret")),
		"name-of-user", "f00d", "115 101 99"} {
		if strings.Contains(low, secret) {
			t.Errorf("%q is in %q", secret, s)
		}
	}
}

func TestTokenHash(t *testing.T) {
	// SHA-256 of sixteen zero bytes.
	const want = "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb"
	if got := (Token{}).Hash(); hex.EncodeToString(got[:]) != want {
		t.Fatalf("hash %x", got)
	}
}
