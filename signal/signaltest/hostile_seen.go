package signaltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// An Act is a kind of Sighting. The zero value is invalid.
type Act uint8

// What clients do at a relay.
const (
	Opened   Act = 1 // somebody opened a mailbox, or a connection without one
	Admitted Act = 2 // the owner of a mailbox said whose tokens may write
	Sent     Act = 3 // a packet was given to the relay
	Left     Act = 4 // a connection was closed
)

func (a Act) String() string {
	switch a {
	case Opened:
		return "opened"
	case Admitted:
		return "admitted"
	case Sent:
		return "sent"
	case Left:
		return "left"
	}
	return "invalid"
}

// A Sighting is one thing that a relay has seen.
type Sighting struct {
	At      time.Time
	What    Act
	Mailbox signal.Address // whose connection it was; zero: one without a mailbox

	Ed25519, HPKE []byte        // Opened: the owner's public keys
	Hashes        [][32]byte    // Admitted: of the tokens
	Packet        signal.Packet // Sent

	Stored  int  // Sent: how many packets were stored for it
	Changed bool // Sent: what was stored is not what was sent
}

// Seen is everything so far, in order. Its slices are the relay's own: read them only.
func (h *Hostile) Seen() []Sighting {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

// Packets are those that were sent, as they came.
func (h *Hostile) Packets() []signal.Packet {
	var out []signal.Packet
	for _, s := range h.Seen() {
		if s.What == Sent {
			out = append(out, s.Packet)
		}
	}
	return out
}

// A Hit is a place where Find found something.
type Hit struct {
	Sighting int    // index into Seen
	Form     string // how it was written: "raw", "hex" or "base64"
}

// Find searches all that the relay has for a secret of at least 6 bytes, also in hexadecimal and base64. What it does not
// find may still be there in another form: leak a marker on purpose to see that it finds one.
func (h *Hostile) Find(secret []byte) []Hit {
	var hits []Hit
	for i, s := range h.Seen() {
		all := [][]byte{s.Packet.Body, s.Packet.Token[:], s.Ed25519, s.HPKE}
		if form := Search(bytes.Join(all, []byte{0}), secret); form != "" {
			hits = append(hits, Hit{i, form})
		}
	}
	return hits
}

// Search says in which form secret stands in data: "raw", "hex", "base64", or "" for not at all. A secret of fewer than 6
// bytes is never found: it would be found by chance.
func Search(data, secret []byte) string {
	if len(secret) < 6 {
		return ""
	}
	switch {
	case bytes.Contains(data, secret):
		return "raw"
	case bytes.Contains(bytes.ToLower(data), []byte(hex.EncodeToString(secret))):
		return "hex"
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			if bytes.Contains(data, inside(e, secret, shift)) {
				return "base64"
			}
		}
	}
	return ""
}

// inside is the part of the base64 of shift bytes and secret that is the same whatever is before and after.
func inside(e *base64.Encoding, secret []byte, shift int) []byte {
	text := e.EncodeToString(append(make([]byte, shift), secret...))
	from := (8*shift + 5) / 6
	to := (8 * (shift + len(secret))) / 6
	return []byte(text[from:to])
}
