package call

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// shown are the types that an application gets, and may print, keep or send somewhere.
var shown = []any{Ringing{}, Accepted{}, ParticipantJoined{}, Connected{}, Reconnecting{}, TrackAdded{}, TrackEnded{}, MuteChanged{},
	HoldChanged{}, Message{}, KeysChanged{}, Ended{}, Stats{}, ClientStats{}, Caller{}, Participant{}, EndedError{}, Limits{}}

// holders are types with a key in them.
var holders = []string{"crypto/", "e2ee/mls.", "e2ee/sframe.", "e2ee.Identity", "e2ee.Mailbox", "e2ee.Token", "e2ee.Box", "e2ee.Frames",
	"media.Certificate", "media.ICEServer", "call.keys", "call.loop", "e2ee.Card", "e2ee.Contact"}

// TestPitfall28NothingShownHoldsAKey walks the types of all events, snapshots and errors.
// Mutation: Caller with an e2ee.Contact, Participant with an mls.Member, Stats with the *e2ee.Frames.
func TestPitfall28NothingShownHoldsAKey(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(path string, ty reflect.Type)
	walk = func(path string, ty reflect.Type) {
		name := ty.PkgPath() + "." + ty.Name()
		for _, h := range holders {
			if strings.Contains(name, h) {
				t.Errorf("%s is a %s", path, name)
			}
		}
		if seen[ty] {
			return
		}
		seen[ty] = true
		switch ty.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			walk(path+"[]", ty.Elem())
		case reflect.Map:
			walk(path+"{}", ty.Key())
			walk(path+"{}", ty.Elem())
		case reflect.Func:
			t.Errorf("%s is a function", path)
		case reflect.Struct:
			for f := range ty.Fields() {
				walk(path+"."+f.Name, f.Type)
			}
		}
	}
	for _, v := range shown {
		walk(reflect.TypeOf(v).Name(), reflect.TypeOf(v))
	}
	if len(seen) < len(shown)+8 {
		t.Errorf("%d types were seen: the walk does not walk", len(seen))
	}
}

// needles are the forms in which a secret would be printed.
func needles(secret []byte) []string {
	s := secret[:min(len(secret), 8)]
	dec, hash, gosyntax := make([]string, len(s)), make([]string, len(s)), make([]string, len(s))
	for i, b := range s {
		dec[i], hash[i], gosyntax[i] = fmt.Sprint(b), fmt.Sprintf("%02x", b), fmt.Sprintf("%#x", b)
	}
	return []string{string(s), hex.EncodeToString(s), strings.ToUpper(hex.EncodeToString(s)), strings.Join(dec, " "), strings.Join(dec, ","),
		strings.Join(hash, " "), strings.Join(gosyntax, ", "), base64.StdEncoding.EncodeToString(secret[:len(s)/3*3]), strings.Trim(fmt.Sprintf("%q", s), `"`)}
}

// printed is v by every verb and by slog, as it is and inside of other things. In an unexported field, and for %p, fmt asks no
// type how it wants to be printed, so there only those are tried that have nothing to hide.
func printed(v any) string {
	var out strings.Builder
	type inside struct{ hidden any }
	type outside struct{ Shown any }
	forms := []any{v, outside{v}, &outside{v}, []any{v}, map[string]any{"k": v}, fmt.Errorf("about %v", v)}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%t", "%e"}
	if _, redacts := v.(fmt.Formatter); !redacts {
		verbs = append(verbs, "%p")
		forms = append(forms, inside{v}, &inside{v})
	}
	for _, x := range forms {
		for _, verb := range verbs {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		if b, err := json.Marshal(x); err == nil && verbs[len(verbs)-1] == "%p" { // who encodes what hides itself, means it
			out.Write(b)
		}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("x", "v", x, slog.Group("g", "v", x))
		}
	}
	return out.String()
}

// TestPitfall28NothingSecretIsPrinted prints whatever an application can get hold of, in a call that is up, and looks for
// keys, tokens, nonces, credentials and session descriptions; in the log of all levels also for names and identities.
// Mutations: Client or Call without Format; e2ee.Token with an array; a Debug line with the offer in it.
func TestPitfall28NothingSecretIsPrinted(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		var config Config
		client := s.victim(v, func(c *Config) {
			c.Media.ICEServers = []media.ICEServer{{URLs: []string{"turn:1.2.3.99:3478"}, Username: "user-of-turn", Credential: "Zq8vK1xW-of-turn"}}
			config = *c
		})
		p.rings()
		in := client.rung(t)
		m := Media{Receive: discard}
		c, err := in.Answer(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		p.hearAccept()
		p.send(msgWelcome, p.welcomeOf())
		p.says(1, inChat, []byte("what-was-said-in-confidence"))
		said := next[Message](t, c)

		secrets := victimSecrets(t, c, v)
		secrets["credential"] = []byte("Zq8vK1xW-of-turn")
		secrets["SDP"], secrets["SDP password"] = []byte("a=fingerprint"), []byte("a=ice-pwd")
		secrets["peer's token"] = tokenBytes(p.own.Token())
		everything := append([]any{client.Client, c, in, in.Caller(), config, &config, m, said, c.Stats(), client.Stats(), c.Roster(),
			&EndedError{Reason: Left, Cause: errors.New("x")}}, shown...)
		for _, x := range everything {
			text := printed(x)
			for what, secret := range secrets {
				for _, n := range needles(secret) {
					if strings.Contains(text, n) {
						at := strings.Index(text, n)
						t.Errorf("%T prints the %s as %q: %q", x, what, n, text[max(0, at-300):at+20])
					}
				}
			}
			if strings.Contains(text, "in-confidence") {
				t.Errorf("%T prints what was said", x)
			}
		}
		var logged strings.Builder
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "v", said)
		if strings.Contains(logged.String(), base64.StdEncoding.EncodeToString(said.Data)) {
			t.Error("slog writes down what was said")
		}
		c.Close()
		client.Close()
		time.Sleep(time.Minute) // the TURN server does not answer
		text := s.log.String()
		for what, secret := range secrets {
			for _, n := range needles(secret) {
				if strings.Contains(text, n) {
					t.Errorf("the log has the %s", what)
				}
			}
		}
		for _, n := range []string{"name-of-the-victim", "name-of-the-peer", "label-of-the-peer", "in-confidence", "user-of-turn", p.id.Public().String()} {
			if strings.Contains(text, n) {
				t.Errorf("the log names %s", n)
			}
		}
	})
}

// victimSecrets are the keys of the victim's side of a call.
func victimSecrets(t *testing.T, c *Call, v person) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	done := make(chan struct{})
	c.post(task(func(l *loop) {
		defer close(done)
		out["nonce"] = bytes.Clone(l.keys.nonce[:])
		out["token of the call"] = tokenBytes(l.keys.own.Token())
		out["epoch authenticator"] = l.keys.group.EpochAuthenticator()
		out["base key"], _ = l.keys.group.Exporter("SFrame 1.0 Base Key", nil, callSFrame.KeySize())
	}))
	<-done
	for _, k := range v.contacts.All() {
		out["token of a contact"] = tokenBytes(k.Token)
	}
	if card, err := v.contacts.CardFor(c.Peer()); err == nil {
		out["token for a contact"] = tokenBytes(card.Token)
	}
	return out
}

// TestPitfall28ErrorsOfAHostilePeer: what a peer sent is in no error and no log line: an offer with a marker in every place ends the
// call, and nobody repeats the marker.
// Mutation: media's or our errors with the line that they do not like.
func TestPitfall28ErrorsOfAHostilePeer(t *testing.T) {
	const marker = "PEERSMARKER"
	for name, mark := range map[string]func([]byte) []byte{
		"garbage": func([]byte) []byte { return []byte(marker) },
		"a line": func(b []byte) []byte {
			return bytes.Replace(b, []byte("a=mid:"), []byte("a="+marker+"\r\na=mid:"+marker), 1)
		},
		"a type":   func(b []byte) []byte { return bytes.Replace(b, []byte("o="), []byte(marker+"="), 1) },
		"a number": func(b []byte) []byte { return bytes.Replace(b, []byte("t=0 0"), []byte("t=0 "+marker), 1) },
		"a setup":  func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("a=setup:"), []byte("a=setup:"+marker)) },
		"a password": func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("a=ice-pwd:"), []byte("a=ice-pwd:\x01"+marker))
		},
	} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			client := s.victim(v)
			b := p.inviteOf()
			b.Offer = mark(b.Offer)
			b.Name = marker
			p.send(msgInvite, b)
			p.hearRinging()
			c, err := client.rung(t).Answer(t.Context(), Media{Receive: discard})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if c.State() != StateEnded {
				t.Fatalf("%s: state %v", name, c.State())
			}
			if e := fmt.Sprintf("%+v %v", c.Err(), c.Err()); strings.Contains(e, marker) {
				t.Errorf("%s: the error repeats it: %s", name, e)
			}
			client.Close()
			if text := s.log.String(); strings.Contains(text, marker) {
				t.Errorf("%s: the log repeats it: %.300s", name, text)
			}
		})
	}
}

func tokenBytes(t e2ee.Token) []byte { return t[:] }
