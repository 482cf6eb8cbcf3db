package websocket

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/sotto-calls/sotto/signal"
)

func fill(n int, b byte) []byte { return bytes.Repeat([]byte{b}, n) }

var samples = []frame{
	&challengeFrame{Version: 1, Challenge: fill(32, 1)},
	&helloFrame{Version: 1},
	&helloFrame{Version: 1, Ed25519: fill(32, 1), HPKE: fill(1216, 2), Signature: fill(64, 3), Reader: fill(16, 4), Keep: 60},
	&readyFrame{Version: 1},
	&sendFrame{N: 1, ID: fill(16, 1), To: fill(32, 2), Token: fill(16, 3), Body: fill(signal.MaxBody, 4)},
	&sendFrame{N: 1 << 40, ID: fill(16, 1), To: fill(32, 2), Token: fill(16, 3), Body: fill(signal.MaxNotice, 4), Class: 1},
	&resultFrame{N: 7, Code: codeFull},
	&deliverFrame{ID: fill(16, 1), Token: fill(16, 3), Body: fill(10, 4), Class: 1},
	&ackFrame{ID: fill(16, 1)},
	&admitFrame{N: 2, Hashes: fill(32*signal.MaxTokens, 9), Open: true},
	&askFrame{N: 3},
	&serversFrame{N: 3, Seconds: 3600, Servers: []serverEntry{{URLs: []string{"stun:a:1"}}, {URLs: []string{"turn:a:1", "turns:b:2"}, Username: "u", Credential: "c"}}},
}

func TestFramesRoundTrip(t *testing.T) {
	for _, f := range samples {
		b := encode(f)
		if len(b) > maxFrame {
			t.Errorf("%T of %d bytes, limit %d", f, len(b), maxFrame)
		}
		got, err := decode(b)
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%T: came back as %+v, %v", f, got, err)
		}
	}
}

// The bytes of the design note's examples.
func TestFrameBytes(t *testing.T) {
	for want, f := range map[string]frame{
		"11a201070200": &resultFrame{N: 7},
		"13a10150" + "01010101010101010101010101010101": &ackFrame{ID: fill(16, 1)},
		"02a10101": &helloFrame{Version: 1},
	} {
		if got := hex.EncodeToString(encode(f)); got != want {
			t.Errorf("%T: %s, want %s", f, got, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":                 {},
		"an unknown kind":         {0x7f, 0xa0},
		"another version":         encode(&readyFrame{Version: 2}),
		"a short challenge":       encode(&challengeFrame{Version: 1, Challenge: fill(31, 1)}),
		"keys without signature":  encode(&helloFrame{Version: 1, Ed25519: fill(32, 1), HPKE: fill(32, 1), Reader: fill(16, 1)}),
		"a reader without keys":   encode(&helloFrame{Version: 1, Reader: fill(16, 1)}),
		"a huge key":              encode(&helloFrame{Version: 1, Ed25519: fill(32, 1), HPKE: fill(maxHPKEKey+1, 2), Signature: fill(64, 3), Reader: fill(16, 4)}),
		"an empty body":           encode(&sendFrame{ID: fill(16, 1), To: fill(32, 1), Token: fill(16, 1)}),
		"a body over the limit":   encode(&sendFrame{ID: fill(16, 1), To: fill(32, 1), Token: fill(16, 1), Body: fill(signal.MaxBody+1, 1)}),
		"a notice over the limit": encode(&sendFrame{ID: fill(16, 1), To: fill(32, 1), Token: fill(16, 1), Body: fill(signal.MaxNotice+1, 1), Class: 1}),
		"an unknown class":        encode(&sendFrame{ID: fill(16, 1), To: fill(32, 1), Token: fill(16, 1), Body: fill(1, 1), Class: 2}),
		"class 256":               encode(&sendFrame{ID: fill(16, 1), To: fill(32, 1), Token: fill(16, 1), Body: fill(1, 1), Class: 256}),
		"a short address":         encode(&sendFrame{ID: fill(16, 1), To: fill(31, 1), Token: fill(16, 1), Body: fill(1, 1)}),
		"half a hash":             encode(&admitFrame{Hashes: fill(48, 1)}),
		"too many hashes":         encode(&admitFrame{Hashes: fill(32*(signal.MaxTokens+1), 1)}),
		"an unknown code":         encode(&resultFrame{Code: lastCode + 1}),
		"an http ICE server":      encode(&serversFrame{Servers: []serverEntry{{URLs: []string{"http://a"}}}}),
		"a server without URL":    encode(&serversFrame{Servers: []serverEntry{{}}}),
		"bytes after the end":     append(encode(&askFrame{N: 1}), 0),
		"too long":                make([]byte, maxFrame+1),
	} {
		if f, err := decode(b); !errors.Is(err, errFrame) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		if b := encode(s); len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decode(data)
		if err != nil {
			if !errors.Is(err, errFrame) {
				t.Fatalf("error %v", err)
			}
			return
		}
		again, err := decode(encode(got))
		if err != nil || !bytes.Equal(encode(again), encode(got)) {
			t.Fatalf("%T does not survive its own encoding: %v", got, err)
		}
	})
}

func TestParseEndpoint(t *testing.T) {
	for _, tt := range []struct {
		in, url, origin string
		plain           bool
	}{
		{"wss://Relay.Example/v1", "wss://relay.example/v1", "wss://relay.example:443", false},
		{"wss://relay.example", "wss://relay.example/v1", "wss://relay.example:443", false},
		{"wss://relay.example:8443/x/Y", "wss://relay.example:8443/x/Y", "wss://relay.example:8443", false},
		{"ws://127.0.0.1:80/", "ws://127.0.0.1:80/v1", "ws://127.0.0.1:80", false},
		{"ws://localhost", "ws://localhost/v1", "ws://localhost:80", false},
		{"ws://[::1]:90", "ws://[::1]:90/v1", "ws://[::1]:90", false},
		{"ws://10.0.0.1", "ws://10.0.0.1/v1", "ws://10.0.0.1:80", true},
		{"WS://localhost.example", "ws://localhost.example/v1", "ws://localhost.example:80", true},
	} {
		got, err := parseEndpoint(tt.in)
		if err != nil || got != (endpoint{tt.url, tt.origin, tt.plain}) {
			t.Errorf("%s: %+v, %v", tt.in, got, err)
		}
	}
	for _, in := range []string{"", "relay.example", "http://a", "wss://", "wss://user:pw@a", "wss://a?q", "wss://a#f", "wss://ä.example", "wss://:443", "%"} {
		if got, err := parseEndpoint(in); err == nil {
			t.Errorf("%q accepted: %+v", in, got)
		}
	}
}
