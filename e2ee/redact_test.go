package e2ee

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// leaks looks for a secret in out, in the ways that fmt, encoding/json and slog have of writing bytes.
func leaks(out string, secret []byte) bool {
	decimal := strings.Trim(fmt.Sprint(secret), "[]")
	source := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}")
	out = strings.ToLower(out)
	for _, s := range []string{
		string(secret), hex.EncodeToString(secret), decimal, strings.ReplaceAll(decimal, " ", ","), source,
		base64.StdEncoding.EncodeToString(secret), base64.RawURLEncoding.EncodeToString(secret), fmt.Sprintf("% x", secret),
		strings.Trim(fmt.Sprintf("%o", secret), "[]"), strings.Trim(fmt.Sprintf("%b", secret), "[]"), fmt.Sprintf("%q", secret),
	} {
		if strings.Contains(out, strings.ToLower(s)) {
			return true
		}
	}
	return false
}

// allVerbs are all letters that fmt knows and two that it takes for mistakes. Under p, and w outside Errorf, it asks no
// method: go vet finds both on what is no pointer and no error.
const allVerbs = "vTsqxXdobceEfFgGtUyzpw"

// everyWay prints v under these verbs, and logs it by both handlers of slog.
func everyWay(v any, verbs string) []string {
	var out []string
	for _, verb := range verbs {
		for _, flag := range []string{"", "+", "#", "-", " ", "0"} {
			out = append(out, fmt.Sprintf("%"+flag+string(verb), v))
		}
	}
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
	j, _ := json.Marshal(v)
	return append(out, b.String(), string(j), fmt.Sprint(v), fmt.Errorf("%w %v", ErrMalformed, v).Error())
}

// nest puts v where fmt asks its methods and where it does not.
func nest[T any](v T) []any {
	type exported struct{ V T }
	type unexported struct{ v T }
	type deep struct{ u *unexported }
	type deeper struct{ d deep }
	var asAny any = v
	return []any{v, &v, []T{v}, [1]T{v}, map[string]T{"k": v}, exported{v}, &exported{v}, unexported{v}, &unexported{v},
		deep{&unexported{v}}, deeper{deep{&unexported{v}}}, []any{v, &v}, struct{ a any }{asAny}, []unexported{{v}},
		map[string]unexported{"k": {v}}, func() (T, error) { return v, nil }}
}

func checkLeaks[T any](t *testing.T, name string, v T, secrets ...[]byte) {
	t.Helper()
	for i, n := range nest(v) {
		for _, out := range everyWay(n, allVerbs) {
			for _, s := range secrets {
				if leaks(out, s) {
					t.Errorf("%s, nested in way %d (%T): a secret is in %.200s", name, i, n, out)
					return
				}
			}
		}
	}
}

// TestPitfall28SecretsInLogs: no private type shows its secret under any verb and nesting. Fails if a secret lies behind
// one pointer only (hidden.p *T), or a type loses its Format.
func TestPitfall28SecretsInLogs(t *testing.T) {
	id, m, hybrid := Generate(), NewMailbox(), newHybridMailbox()
	all := func(m *Mailbox) [][]byte {
		s := m.keys.secrets.get()
		return [][]byte{s.sign.Seed(), s.sign, s.raw, secretToken(m)}
	}
	checkLeaks(t, "Identity", id, all(id.mailbox)[:3]...)
	checkLeaks(t, "Mailbox", m, all(m)...)
	checkLeaks(t, "hybrid Mailbox", hybrid, all(hybrid)...)
	checkLeaks(t, "Signer", id.Signer(), all(id.mailbox)[:3]...)
	checkLeaks(t, "keyPair", id.mailbox.keys, all(id.mailbox)[:3]...)

	c, err := OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := c.Invite(time.Hour, "Bob")
	if err != nil {
		t.Fatal(err)
	}
	s := inv.secret.get()
	checkLeaks(t, "Invitation", inv, s.token[:], s.secret[:])
	checkLeaks(t, "Contacts", c, c.key.get()[:], s.token[:], s.secret[:])
}

func secretToken(m *Mailbox) []byte {
	tok := m.Token()
	return tok[:]
}

// Tokens travel in exported fields, where fmt asks them. In unexported fields an array is printed whatever it does: no
// type of ours that holds one there is without a Format of its own.
func TestTokensRedactThemselves(t *testing.T) {
	box := NewMailbox().Card()
	tok := box.Token
	for name, v := range map[string]any{
		"Token": tok, "Token pointer": &tok, "Box": box, "Box pointer": &box, "Card": Card{ID: Generate().Public(), Token: tok},
		"Contact": Contact{Token: tok}, "Letter": Letter{To: box}, "slice": []Token{tok}, "map": map[string]Box{"k": box},
		"field": struct{ T Token }{tok}, "nested": struct{ C Contact }{Contact{Token: tok}}, "key": map[Token]int{tok: 1},
	} {
		for _, out := range everyWay(v, strings.TrimSuffix(allVerbs, "pw")) {
			if leaks(out, tok[:]) {
				t.Errorf("%s: the token is in %.200s", name, out)
				break
			}
		}
	}
}

// The finder of leaks finds them: each way of printing a secret that is not hidden is one. Fails if leaks misses one.
func TestLeaksAreFound(t *testing.T) {
	type plain struct{ k []byte }
	type pointed struct{ k *[16]byte }
	secret := [16]byte(bytes.Repeat([]byte{0xa7, 0x31}, 8))
	for _, v := range []any{secret[:], secret, plain{secret[:]}, &plain{secret[:]}, struct{ K []byte }{secret[:]}, pointed{&secret}} {
		found := 0
		for _, out := range everyWay(v, allVerbs) {
			if leaks(out, secret[:]) {
				found++
			}
		}
		if found == 0 {
			t.Errorf("%T: no leak was found", v)
		}
	}
}

// Errors about what was refused hold nothing of it.
func TestErrorsEchoNoSecrets(t *testing.T) {
	c, err := OpenContacts("", Generate())
	if err != nil {
		t.Fatal(err)
	}
	inv, err := c.Invite(time.Hour, "Bob")
	if err != nil {
		t.Fatal(err)
	}
	card := Card{ID: c.id.id, Name: "Alice", Token: GenerateToken()}
	for _, uri := range []string{inv.URI(), card.URI()} {
		_, secret, _ := strings.Cut(uri, "#")
		for i := range uri {
			for _, bad := range []string{uri[:i], uri[:i] + "\x00" + uri[i:], uri[:i] + "%zz" + uri[i:], uri[:i] + "é" + uri[i+1:]} {
				for _, err := range parseAll(c, bad) {
					if err != nil && strings.Contains(err.Error(), secret[:8]) {
						t.Fatalf("the error for a bad URI holds its secret: %v", err)
					}
				}
			}
		}
	}
}

func parseAll(c *Contacts, s string) []error {
	_, e1 := ParseCard(s)
	_, e2 := ParseInvitation(s)
	_, e3 := ParseID(s)
	_, e4 := c.ReceiveText(s)
	_, _, e5 := ParseRevocationText(s)
	return []error{e1, e2, e3, e4, e5}
}
