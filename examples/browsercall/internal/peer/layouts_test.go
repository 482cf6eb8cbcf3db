package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// TestLayoutsAreThoseOfMedia holds the layouts to the bytes that package media has.
func TestLayoutsAreThoseOfMedia(t *testing.T) {
	b, err := os.ReadFile("../../../../media/testdata/layouts.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Comment, Codec, Frame, SFrame, Metadata, Layout string
		Key                                             bool
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Run(v.Codec+" "+v.Comment, func(t *testing.T) {
			l, err := layoutOf(v.Codec)
			if err != nil {
				t.Fatal(err)
			}
			frame, sframe := unhex(t, v.Frame), unhex(t, v.SFrame)
			of := func(want, give []byte) sealing {
				return func(clear, got []byte) ([]byte, error) {
					if hex.EncodeToString(clear) != v.Metadata || !bytes.Equal(got, want) {
						t.Errorf("readable %x, and %x", clear, got)
					}
					return give, nil
				}
			}
			out, err := l.seal(frame, v.Key, of(frame, sframe))
			if v.Layout == "" {
				if err == nil {
					t.Error("no picture was sealed")
				}
				return
			}
			if err != nil || hex.EncodeToString(out) != v.Layout {
				t.Fatalf("sealed as %x, %v", out, err)
			}
			if again, err := l.open(out, of(sframe, frame)); err != nil || !bytes.Equal(again, frame) {
				t.Errorf("opened as %x, %v", again, err)
			}
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
