package e2ee

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of cards, invitations and what contacts say of themselves.
const (
	MaxName      = 64  // bytes of a name
	MaxRelays    = 4   // relay hints
	MaxRelayName = 200 // bytes of one hint

	maxURI = 2048 // characters
)

const (
	textPrefix  = "sotto"
	textVersion = 1

	cardScheme   = "sotto:contact/"
	inviteScheme = "sotto:invite/"
	letterScheme = "sotto:letter/"
)

// FormatID is the text form of an ID: "sotto1" and 110 characters, bech32m over version(1)=1 || id(64), so the checksum
// covers both keys. It is public.
func FormatID(id ID) string {
	return bech32Encode(textPrefix, append([]byte{textVersion}, id[:]...))
}

// ParseID reads a text form: ErrMalformed if a character is wrong, ErrWeakKey for keys that nobody should have.
func ParseID(s string) (ID, error) {
	b, err := bech32Decode(textPrefix, s, 1+IDSize)
	if err != nil {
		return ID{}, err
	}
	if b[0] != textVersion {
		return ID{}, fmt.Errorf("%w: contact of version %d", ErrMalformed, b[0])
	}
	return NewID(b[1:])
}

// Card is what one hands to another to be reached: an ID, and what goes with it.
//
// Only ID is what it says. Name and Relays are whatever the card's maker wrote, who need not be the owner of the ID.
type Card struct {
	ID     ID
	Name   string   // what the identity calls itself; may be empty
	Relays []string // where its mailbox may be found, best first
	Token  Token    // a secret: lets its holder write to the mailbox; zero: none
}

// Text is the ID's text form alone.
func (c Card) Text() string { return FormatID(c.ID) }

// URI is the whole card, for a link or a QR code: sotto:contact/sotto1…?name=…&relay=…#secret. The token is in the
// fragment, which browsers send to nobody.
func (c Card) URI() string {
	var secret []byte
	if !c.Token.IsZero() {
		secret = c.Token[:]
	}
	return formatURI(cardScheme, c.ID, c.Name, c.Relays, secret)
}

// ParseCard reads a text form or a URI. Its errors hold nothing of what it read.
func ParseCard(s string) (Card, error) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, ":") {
		id, err := ParseID(s)
		return Card{ID: id}, err
	}
	u, err := parseURI(cardScheme, s)
	if err != nil {
		return Card{}, err
	}
	c := Card{ID: u.id, Name: u.name, Relays: u.relays}
	switch len(u.secret) {
	case 0:
	case TokenSize:
		c.Token = Token(u.secret)
	default:
		return Card{}, fmt.Errorf("%w: fragment of a contact's URI", ErrMalformed)
	}
	return c, nil
}

// Format leaves the token out.
func (c Card) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.short()) }

// LogValue leaves the token out.
func (c Card) LogValue() slog.Value { return slog.StringValue(c.short()) }

func (c Card) short() string { return fmt.Sprintf("e2ee.Card(%v %q)", c.ID, c.Name) }

// uri is what cards and invitations have in common.
type uri struct {
	id     ID
	name   string
	relays []string
	secret []byte
}

// formatURI ends with a fragment of base64url(secret || check), check being the first 4 bytes of SHA-256 over all that
// precedes it: a link that was cut or mistyped is found before anything is done with it.
func formatURI(scheme string, id ID, name string, relays []string, secret []byte) string {
	q := url.Values{}
	if name != "" {
		q.Set("name", name)
	}
	for _, r := range relays {
		q.Add("relay", r)
	}
	head := scheme + FormatID(id)
	if len(q) > 0 {
		head += "?" + q.Encode()
	}
	return head + "#" + base64.RawURLEncoding.EncodeToString(append(slices.Clone(secret), uriCheck(head, secret)...))
}

func uriCheck(head string, secret []byte) []byte {
	h := sha256.Sum256(append([]byte("sotto/v1 uri"+head), secret...))
	return h[:4]
}

// parseURI wraps no error of net/url or base64: they quote their input, and it holds secrets.
func parseURI(scheme, s string) (u uri, err error) {
	head, fragment, ok := strings.Cut(s, "#")
	if len(s) > maxURI || !ok {
		return u, fmt.Errorf("%w: URI", ErrMalformed)
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(fragment)
	if err != nil || len(secret) < 4 {
		return u, fmt.Errorf("%w: fragment of a URI", ErrMalformed)
	}
	u.secret = secret[:len(secret)-4]
	if string(uriCheck(head, u.secret)) != string(secret[len(secret)-4:]) {
		return u, fmt.Errorf("%w: the URI is cut or mistyped (checksum)", ErrMalformed)
	}
	text, query, _ := strings.Cut(head, "?")
	text, ok = strings.CutPrefix(text, scheme)
	if !ok {
		return u, fmt.Errorf("%w: not a URI that starts with %s", ErrMalformed, scheme)
	}
	if u.id, err = ParseID(text); err != nil {
		return u, err
	}
	return u, u.parseQuery(query)
}

func (u *uri) parseQuery(query string) error {
	q, err := url.ParseQuery(query)
	if err != nil || len(q["name"]) > 1 {
		return fmt.Errorf("%w: query of a URI", ErrMalformed)
	}
	u.name, u.relays = q.Get("name"), q["relay"]
	return checkProfile(u.name, u.relays)
}

// Visible says whether a name can be shown: UTF-8 without control characters, without what turns the direction of writing,
// and without what draws nothing, which would make two names of one look. Variation selectors may stand in it, since emoji and
// Japanese names need them: [SameName] does not see them.
func Visible(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		// The rest of Unicode's Default_Ignorable_Code_Point is not printable, and U+2800 is the blank of Braille.
		return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == 0x2800
	})
}

// checkProfile holds what an identity says of itself to what can be shown.
func checkProfile(name string, relays []string) error {
	if len(name) > MaxName || !Visible(name) {
		return fmt.Errorf("%w: name", ErrMalformed)
	}
	if len(relays) > MaxRelays {
		return fmt.Errorf("%w: %d relays", ErrMalformed, len(relays))
	}
	for _, r := range relays {
		if r == "" || len(r) > MaxRelayName || strings.ContainsFunc(r, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("%w: relay", ErrMalformed)
		}
	}
	return nil
}
