package sframe

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// hexBytes is a byte string that JSON carries as hex.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// published reads a file of published vectors. They are not kept in this repository.
func published(t testing.TB, name string, v any) {
	t.Helper()
	dir := os.Getenv("SOTTO_VECTORS")
	if dir == "" {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, and SOTTO_VECTORS does not say where the published vectors are")
		}
		t.Skip("set SOTTO_VECTORS to a folder with sframe/test-vectors.json of github.com/sframe-wg/sframe and " +
			"wycheproof/*.json of github.com/C2SP/wycheproof (testvectors_v1)")
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

type headerVector struct {
	KID     uint64   `json:"kid"`
	CTR     uint64   `json:"ctr"`
	Encoded hexBytes `json:"encoded"`
}

type aeadVector struct {
	Suite   Suite    `json:"cipher_suite"`
	Key     hexBytes `json:"key"`
	EncKey  hexBytes `json:"enc_key"`
	AuthKey hexBytes `json:"auth_key"`
	Nonce   hexBytes `json:"nonce"`
	AAD     hexBytes `json:"aad"`
	PT      hexBytes `json:"pt"`
	CT      hexBytes `json:"ct"`
}

type frameVector struct {
	Suite     Suite    `json:"cipher_suite"`
	KID       uint64   `json:"kid"`
	CTR       uint64   `json:"ctr"`
	BaseKey   hexBytes `json:"base_key"`
	KeyLabel  hexBytes `json:"sframe_key_label"`
	SaltLabel hexBytes `json:"sframe_salt_label"`
	Secret    hexBytes `json:"sframe_secret"`
	Key       hexBytes `json:"sframe_key"`
	Salt      hexBytes `json:"sframe_salt"`
	Metadata  hexBytes `json:"metadata"`
	Nonce     hexBytes `json:"nonce"`
	AAD       hexBytes `json:"aad"`
	PT        hexBytes `json:"pt"`
	CT        hexBytes `json:"ct"`
}

type publishedVectors struct {
	Header     []headerVector `json:"header"`
	CTRHMAC    []aeadVector   `json:"aes_ctr_hmac"`
	CTRHMAC256 []aeadVector   `json:"aes_256_ctr_hmac"`
	Frames     []frameVector  `json:"sframe"`
}

func TestPublishedVectors(t *testing.T) {
	var v publishedVectors
	published(t, "sframe/test-vectors.json", &v)
	if len(v.Header) != 289 || len(v.CTRHMAC) != 3 || len(v.CTRHMAC256) != 3 || len(v.Frames) != 5 {
		t.Fatalf("%d headers, %d + %d compound AEADs, %d frames; want 289, 3 + 3, 5",
			len(v.Header), len(v.CTRHMAC), len(v.CTRHMAC256), len(v.Frames))
	}
	for _, h := range v.Header {
		testHeaderVector(t, h)
	}
	for _, a := range append(v.CTRHMAC, v.CTRHMAC256...) {
		t.Run("aead "+a.Suite.String(), func(t *testing.T) { testAEADVector(t, a) })
	}
	for i, f := range v.Frames {
		if f.Suite != Suite(i+1) {
			t.Errorf("frame %d is of suite %v", i, f.Suite)
		}
		t.Run("frame "+f.Suite.String(), func(t *testing.T) { testFrameVector(t, f) })
	}
}

// testHeaderVector: encodes to the bytes, parses back from them and from them with more behind, and every cut is malformed.
func testHeaderVector(t *testing.T, v headerVector) {
	t.Helper()
	h := Header{KID: v.KID, CTR: v.CTR}
	if got := h.Append(nil); !bytes.Equal(got, v.Encoded) || h.Len() != len(got) {
		t.Errorf("%+v: encoded %x (Len %d), want %x", h, got, h.Len(), v.Encoded)
	}
	for _, more := range []int{0, 1, 7, 8, 20} {
		b := append(bytes.Clone(v.Encoded), bytes.Repeat([]byte{0xff}, more)...)
		if got, n, err := ParseHeader(b); err != nil || got != h || n != len(v.Encoded) {
			t.Errorf("%x: %+v, %d, %v", b, got, n, err)
		}
	}
	for n := range v.Encoded {
		if _, _, err := ParseHeader(v.Encoded[:n]); err != ErrMalformed {
			t.Errorf("%x cut to %d: %v", v.Encoded, n, err)
		}
	}
}

// testAEADVector: the key splits as shown, seals to the bytes, opens them, and not if any bit is changed.
func testAEADVector(t *testing.T, v aeadVector) {
	p := suites[v.Suite]
	if !bytes.Equal(v.Key[:p.nka], v.EncKey) || !bytes.Equal(v.Key[p.nka:], v.AuthKey) || len(v.Key) != p.nk {
		t.Fatal("the key is not enc_key || auth_key")
	}
	aead, err := p.aead(p, v.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got := aead.Seal(nil, v.Nonce, v.PT, v.AAD); !bytes.Equal(got, v.CT) {
		t.Errorf("sealed %x, want %x", got, v.CT)
	}
	if got, err := aead.Open(nil, v.Nonce, v.CT, v.AAD); err != nil || !bytes.Equal(got, v.PT) {
		t.Errorf("opened %x, %v", got, err)
	}
	for _, b := range [][]byte{v.Nonce, v.CT, v.AAD} {
		for i := range len(b) * 8 {
			b[i/8] ^= 1 << (i % 8)
			if _, err := aead.Open(nil, v.Nonce, v.CT, v.AAD); err == nil {
				t.Fatal("opened with a bit changed")
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

// testFrameVector: labels, secret, key, salt, nonce and AAD are those shown; the frame seals to the bytes at that counter, opens
// once, and not with a bit changed.
func testFrameVector(t *testing.T, v frameVector) {
	p := suites[v.Suite]
	if label("SFrame 1.0 Secret key ", v.KID, v.Suite) != string(v.KeyLabel) ||
		label("SFrame 1.0 Secret salt ", v.KID, v.Suite) != string(v.SaltLabel) {
		t.Error("labels differ")
	}
	if secret, err := extract(p, v.BaseKey); err != nil || !bytes.Equal(secret, v.Secret) {
		t.Errorf("secret %x, %v", secret, err)
	}
	key, salt, err := schedule(p, v.Suite, v.KID, v.BaseKey)
	if err != nil || !bytes.Equal(key, v.Key) || !bytes.Equal(salt, v.Salt) {
		t.Errorf("key %x, salt %x, %v", key, salt, err)
	}
	s, err := ResumeSealer(v.Suite, v.KID, v.BaseKey, v.CTR)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal(nil, v.Metadata, v.PT)
	if err != nil || !bytes.Equal(sealed, v.CT) {
		t.Errorf("sealed %x, %v, want %x", sealed, err, v.CT)
	}
	if !bytes.Equal(s.k.nonce[:], v.Nonce) || !bytes.Equal(s.k.aad, v.AAD) {
		t.Errorf("nonce %x, AAD %x", s.k.nonce, s.k.aad)
	}
	testOpens(t, v)
}

func testOpens(t *testing.T, v frameVector) {
	t.Helper()
	o, err := NewOpener(v.Suite, v.KID, v.BaseKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{v.CT, v.Metadata} {
		for i := range len(b) * 8 {
			b[i/8] ^= 1 << (i % 8)
			if got, err := o.Open(nil, v.Metadata, v.CT); err == nil || got != nil {
				t.Fatalf("opened with bit %d changed", i)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
	got, err := o.Open([]byte("before"), v.Metadata, v.CT)
	if err != nil || string(got) != "before"+string(v.PT) {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := o.Open(nil, v.Metadata, v.CT); err != ErrReplay {
		t.Errorf("again: %v", err)
	}
}
