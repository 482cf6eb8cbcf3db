package call

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// someBox is a mailbox as it travels.
func someBox() boxBody { return boxOf(e2ee.NewMailbox().Card()) }

// bodies are one of each message, with every field that may be left out.
func bodies() []any {
	h, streams := make([]byte, 32), []stream{{Ctx: 1, MID: "0", RID: "h", Kind: 2, Codec: "VP8"}}
	list := []candidate{{"0", "candidate:1 1 udp 1 1.2.3.4 5 typ host"}, {}}
	return []any{
		inviteBody{Version: 1, MLSSuite: 3, SFrameSuite: 0xF001, Box: someBox(), Commitment: h, DTLS: h, Media: wanted{3, 1},
			Name: "name", Offer: []byte("v=0")},
		ringingBody{someBox()},
		acceptBody{Box: someBox(), KeyPackage: h, Nonce: h, Answer: h, Streams: streams, Candidates: list},
		declineBody{Reason: 8, MLSSuites: mlsSuites, SFrameSuites: sframeSuites},
		cancelBody{Reason: 6, Winner: h},
		welcomeBody{Welcome: h, Nonce: h, Streams: streams, Candidates: list},
		ackBody{Epoch: 1, Authenticator: h, Got: true},
		byeBody{1},
		inCallBody{Type: inChat, Seq: 1, Body: []byte("hello")},
		muteBody{Ctx: 1, Muted: true},
		holdBody{true},
		describeBody{Kind: describeOffer, N: 1, SDP: h, Streams: streams, Restart: true},
		list[0],
	}
}

// readers decode each body as the engine does, and write what they have read.
var readers = []func([]byte) ([]byte, error){reread[inviteBody], reread[ringingBody], reread[acceptBody], reread[declineBody],
	reread[cancelBody], reread[welcomeBody], reread[ackBody], reread[byeBody], reread[inCallBody], reread[muteBody],
	reread[holdBody], reread[describeBody], reread[candidate]}

func reread[B any, P interface {
	*B
	body
}](data []byte) ([]byte, error) {
	b, err := decode[B, P](data, maxBody)
	if err != nil {
		return nil, err
	}
	return encode(b), nil
}

// FuzzBodies: whatever is in the body of a signed message, no panic; what is taken is within its limits, and there is one
// way to write it. The mutations that make it fail on its seeds: boxBody.ok without the length of the token, streamsOK
// without Ctx, ackBody.check without Epoch, decode without its comparison.
func FuzzBodies(f *testing.F) {
	for _, b := range bodies() {
		f.Add(encode(b))
	}
	f.Add(encode(acceptBody{Box: boxBody{make([]byte, 32), make([]byte, 1216), make([]byte, 15)}, KeyPackage: []byte{1},
		Nonce: make([]byte, nonceSize), Answer: []byte{1}}))
	f.Add(encode(welcomeBody{Welcome: []byte{1}, Nonce: make([]byte, nonceSize), Streams: []stream{{Ctx: 4096, MID: "0", Kind: 1}}}))
	f.Add(encode(ackBody{Epoch: 1 << 63, Authenticator: make([]byte, 32)}))
	for _, loose := range looselyWritten {
		f.Add(loose)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, read := range readers {
			if again, err := read(data); err == nil && !bytes.Equal(again, data) {
				t.Errorf("body %d: %x is taken for %x", i, data, again)
			}
		}
		inRange(t, data)
	})
}

// looselyWritten are a Mute in encodings that are not its own.
var looselyWritten = map[string][]byte{
	"keys out of order":    {0xa2, 2, 0xf5, 1, 3},
	"a longer key":         {0xa2, 0x18, 1, 3, 2, 0xf5},
	"a longer number":      {0xa2, 1, 0x18, 3, 2, 0xf5},
	"null for a bool":      {0xa2, 1, 3, 2, 0xf6},
	"undefined for a bool": {0xa2, 1, 3, 2, 0xf7},
	"a field is missing":   {0xa1, 1, 3},
	"nothing in it":        {0xa0},
	"a key twice":          {0xa3, 1, 3, 2, 0xf5, 2, 0xf5},
	"an unknown key":       {0xa3, 1, 3, 2, 0xf5, 3, 0},
	"an endless map":       {0xbf, 1, 3, 2, 0xf5, 0xff},
	"a tag":                {0xc1, 0xa2, 1, 3, 2, 0xf5},
	"a float":              {0xa2, 1, 0xf9, 0x42, 0, 2, 0xf5},
	"bytes after the end":  {0xa2, 1, 3, 2, 0xf5, 0},
}

// TestBodiesHaveOneEncoding: docs/PROTOCOL, section 2. The mutation that makes it fail: decode without its comparison.
func TestBodiesHaveOneEncoding(t *testing.T) {
	if b, err := decode[muteBody]([]byte{0xa2, 1, 3, 2, 0xf5}, maxBody); err != nil || b != (muteBody{3, true}) {
		t.Fatalf("%+v, %v", b, err)
	}
	for name, loose := range looselyWritten {
		if b, err := decode[muteBody](loose, maxBody); !errors.Is(err, errBadMessage) {
			t.Errorf("%s: taken for %+v, %v", name, b, err)
		}
	}
}

// inRange asserts, of what was taken, what the code behind relies on: it converts to arrays and indexes without a look.
func inRange(t *testing.T, data []byte) {
	if b, err := decode[inviteBody](data, maxBody); err == nil {
		holds(t, "Invite", len(b.Offer) <= maxSDP, len(b.DTLS) == 32, len(b.Commitment) == 32, len(b.Name) <= maxName, len(b.Box.Token) == 16)
	}
	if b, err := decode[acceptBody](data, maxBody); err == nil {
		holds(t, "Accept", len(b.Nonce) == 32, len(b.Answer) <= maxSDP, len(b.Streams) <= maxStreams, len(b.Candidates) <= maxCandidates,
			len(b.KeyPackage) <= maxKeyPackage, len(b.Box.Token) == 16)
	}
	if b, err := decode[welcomeBody](data, maxBody); err == nil {
		holds(t, "Welcome", len(b.Nonce) == 32, len(b.Welcome) <= maxMLS, len(b.Streams) <= maxStreams)
		for _, s := range b.Streams {
			holds(t, "stream", s.Ctx < 4096, s.MID != "", s.Kind == 1 || s.Kind == 2)
		}
	}
	if b, err := decode[ackBody](data, maxBody); err == nil {
		holds(t, "Ack", len(b.Authenticator) == 32, b.Epoch+1 > b.Epoch, int64(b.Epoch) >= 0)
	}
	if b, err := decode[cancelBody](data, maxBody); err == nil {
		holds(t, "Cancel", len(b.Winner) == 0 || len(b.Winner) == 32, b.Reason > 0)
	}
	if b, err := decode[describeBody](data, maxBody); err == nil {
		holds(t, "Describe", len(b.SDP) <= maxSDP, b.N > 0, len(b.Streams) <= maxStreams)
	}
}

func holds(t *testing.T, what string, all ...bool) {
	t.Helper()
	for i, ok := range all {
		if !ok {
			t.Errorf("%s: assertion %d does not hold", what, i)
		}
	}
}

// FuzzBinding: an extension has one form. The mutation that makes it fail on its seeds: parseBinding without
// "size == 2 && n < 64", or without the version.
func FuzzBinding(f *testing.F) {
	good := binding{dtls: hash{1}, invite: hash{2}, box: e2ee.NewMailbox().Card()}.extension().Data
	f.Add(good)
	f.Add(binding{box: e2ee.NewHybridMailbox().Card()}.extension().Data)
	f.Add(append([]byte{2}, good[1:]...))
	long := append(bytes.Clone(good[:97]), 0x40, 32) // the length in two bytes where one would do
	f.Add(append(long, good[98:]...))
	f.Add(append(bytes.Clone(good[:97]), 0xff))
	f.Add(append(bytes.Clone(good[:97]), 0x40))
	f.Add(good[:97])
	f.Add(append(bytes.Clone(good), 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parseBinding(&mls.LeafNode{Extensions: []mls.Extension{{Type: bindingType, Data: data}}})
		if err == nil && !bytes.Equal(b.extension().Data, data) {
			t.Errorf("%x is read as %x", data, b.extension().Data)
		}
	})
}
