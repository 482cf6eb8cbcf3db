package sframe

import (
	"bytes"
	"maps"
	"testing"
)

type wycheproofFile struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		IVSize  int              `json:"ivSize"`
		KeySize int              `json:"keySize"`
		TagSize int              `json:"tagSize"`
		Tests   []wycheproofCase `json:"tests"`
	} `json:"testGroups"`
}

type wycheproofCase struct {
	ID      int      `json:"tcId"`
	Comment string   `json:"comment"`
	Key     hexBytes `json:"key"`
	IV      hexBytes `json:"iv"`
	AAD     hexBytes `json:"aad"`
	Msg     hexBytes `json:"msg"`
	CT      hexBytes `json:"ct"`
	Tag     hexBytes `json:"tag"`
	Result  string   `json:"result"`
}

// The AEADs that frames are sealed with, as our suites make them, against Project Wycheproof. Cases with a nonce or key
// of another size than a suite's cannot be reached through SFrame; they are counted.
func TestWycheproof(t *testing.T) {
	for _, c := range []struct {
		file   string
		suites map[int]Suite  // by key size in bits
		want   map[string]int // cases by their result
	}{
		{"chacha20_poly1305_test.json", map[int]Suite{256: ChaCha20Poly1305SHA256},
			map[string]int{"valid": 256, "invalid": 60, "other sizes": 9, "all": 325}},
		{"aes_gcm_test.json", map[int]Suite{128: AES128GCMSHA256, 256: AES256GCMSHA512},
			map[string]int{"valid": 79, "invalid": 54, "other sizes": 183, "all": 316}},
	} {
		t.Run(c.file, func(t *testing.T) {
			var f wycheproofFile
			published(t, "wycheproof/"+c.file, &f)
			got := map[string]int{"all": f.NumberOfTests}
			for _, g := range f.TestGroups {
				suite, ours := c.suites[g.KeySize]
				for _, tc := range g.Tests {
					if !ours || g.IVSize != 8*nonceSize || g.TagSize != 128 {
						got["other sizes"]++
						continue
					}
					got[tc.Result]++
					testWycheproof(t, suite, tc)
				}
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("cases: %v, want %v", got, c.want)
			}
		})
	}
}

func testWycheproof(t *testing.T, suite Suite, tc wycheproofCase) {
	t.Helper()
	p := suites[suite]
	aead, err := p.aead(p, tc.Key)
	if err != nil {
		t.Fatal(err)
	}
	valid, sealed := tc.Result == "valid", append(bytes.Clone(tc.CT), tc.Tag...)
	got, err := aead.Open(nil, tc.IV, sealed, tc.AAD)
	if (err == nil) != valid || valid && !bytes.Equal(got, tc.Msg) {
		t.Errorf("%d %s: opened %x, %v", tc.ID, tc.Comment, got, err)
	}
	if again := aead.Seal(nil, tc.IV, tc.Msg, tc.AAD); bytes.Equal(again, sealed) != valid {
		t.Errorf("%d %s: sealed %x", tc.ID, tc.Comment, again)
	}
}
