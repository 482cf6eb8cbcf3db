package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/ask"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

const passphrase = "nine otters mend a kayak"

// user runs the program without a terminal, as a script would.
type user struct {
	t          *testing.T
	dir        string
	passphrase string
}

func newUser(t *testing.T, name string, relay ...string) *user {
	u := &user{t: t, dir: t.TempDir(), passphrase: filepath.Join(t.TempDir(), "p")}
	u.write(u.passphrase, passphrase+"\n")
	relay = append(relay, "wss://relay.example/v1")
	if out := u.ok("new", "-name", name, "-relay", relay[0]); !strings.HasPrefix(out, "sotto1") {
		t.Fatalf("new printed %q", out)
	}
	return u
}

func (u *user) write(path, content string) {
	u.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) identity() string { return filepath.Join(u.dir, "sotto", "identity") }

func (u *user) run(stdin string, args ...string) (status int, out, err string) {
	var o, e bytes.Buffer
	p := &program{in: strings.NewReader(stdin), out: &o, err: &e}
	all := append([]string{args[0], "-identity", u.identity(), "-passphrase-file", u.passphrase}, args[1:]...)
	status = p.main(all)
	return status, strings.TrimSpace(o.String()), e.String()
}

func (u *user) ok(args ...string) string {
	u.t.Helper()
	status, out, err := u.run("", args...)
	if status != 0 {
		u.t.Fatalf("%v: status %d: %s", args, status, err)
	}
	return out
}

func (u *user) fails(why string, args ...string) {
	u.t.Helper()
	status, out, err := u.run("", args...)
	if status == 0 || !strings.Contains(err, why) {
		u.t.Fatalf("%v: status %d, %q, %q; want an error with %q", args, status, out, err, why)
	}
}

// Two people become contacts by three texts, verify each other, and one revokes the other.
func TestBecomingContactsByText(t *testing.T) {
	alice, bob := newUser(t, "Alice"), newUser(t, "Bob")
	invitation := alice.ok("invite", "-name", "Bobby")
	if !strings.HasPrefix(invitation, "sotto:invite/") {
		t.Fatalf("invite printed %q", invitation)
	}
	bob.fails("-yes", "add", invitation) // nobody answers
	request := bob.ok("add", "-yes", invitation)
	alice.fails("-yes", "add", request)
	if out := alice.ok("list"); !strings.Contains(out, "Bobby  pending") {
		t.Fatalf("list printed\n%s", out)
	}
	confirm := alice.ok("add", "-yes", request)
	broken := confirm[:50] + "\n  " + confirm[50:100] + "\r\n" + confirm[100:]
	if status, _, err := bob.run(broken, "add", "-"); status != 0 || !strings.Contains(err, "confirmed") {
		t.Fatalf("status %d: %s", status, err)
	}
	if out := alice.ok("list"); !strings.Contains(out, "Bobby  confirmed") {
		t.Fatalf("list printed\n%s", out)
	}
	a, b := alice.ok("verify", "-yes", "bobby"), bob.ok("verify", "-yes", "Alice")
	if a != b || len(strings.Join(strings.Fields(a), "")) != 60 {
		t.Fatalf("safety numbers %q and %q", a, b)
	}
	if out := bob.ok("show", "Alice"); strings.Contains(out, "verified  never") || !strings.Contains(out, "sotto1") {
		t.Fatalf("show printed\n%s", out)
	}
	alice.ok("revoke", "Bobby")
	if out := alice.ok("list"); !strings.Contains(out, "blocked") {
		t.Fatalf("list printed\n%s", out)
	}
	alice.ok("revoke", "-undo", "Bobby")
	if out := alice.ok("show", "-card", "Bobby"); !strings.Contains(out, "sotto:contact/sotto1") {
		t.Fatalf("show printed\n%s", out)
	}
	third := newUser(t, "Bob") // the same invitation again, by another
	alice.fails("used", "add", "-yes", third.ok("add", "-yes", invitation))
}

func TestAKnownNameWithAnotherKeyWarns(t *testing.T) {
	alice, bob, other := newUser(t, "Alice"), newUser(t, "Bob"), newUser(t, "Bob")
	alice.ok("add", "-yes", "-name", "Bob", bob.ok("show"))
	_, _, err := alice.run("", "add", "-yes", "-name", "Bob", other.ok("show"))
	if !strings.Contains(err, "KEY CHANGED") {
		t.Fatalf("add said %q", err)
	}
	if _, _, err = alice.run("", "add", "-yes", "-name", "B0b", newUser(t, "x").ok("show")); !strings.Contains(err, "easily taken") {
		t.Fatalf("add said %q", err)
	}
	alice.fails("have this name", "verify", "-yes", "Bob")
	alice.ok("verify", "-yes", bob.ok("show"))
}

func TestMovingAndRevoking(t *testing.T) {
	alice, bob := newUser(t, "Alice"), newUser(t, "Bob")
	alice.ok("add", "-yes", "-name", "Bob", bob.ok("show"))
	export := filepath.Join(t.TempDir(), "export")
	bob.ok("export", "-new-passphrase-file", bob.passphrase, export)
	again := &user{t: t, dir: t.TempDir(), passphrase: bob.passphrase}
	if again.ok("import", export) != bob.ok("show") {
		t.Fatal("another identity was imported")
	}
	next := newUser(t, "Bob")
	if err := os.Remove(next.identity() + ".contacts"); err != nil {
		t.Fatal(err)
	}
	statement := bob.ok("revoke", "-self", "-replaced-by", next.identity())
	alice.ok("add", "-yes", statement)
	out := alice.ok("list")
	if !strings.Contains(out, "revoked by its owner") || strings.Count(out, "Bob ") != 2 {
		t.Fatalf("list printed\n%s", out)
	}
}

// Bob's revocation reaches Alice's program through her relay, and the text is printed for those whom it does not reach.
func TestTellingContactsOfARevocation(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{"ws://" + l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	go relay.Serve(l, nil)
	url := "ws://" + l.Addr().String() + "/v1"

	alice, bob := newUser(t, "Alice", url), newUser(t, "Bob", url)
	bob.ok("add", "-yes", alice.ok("add", "-yes", bob.ok("add", "-yes", alice.ok("invite"))))
	bob.ok("add", "-yes", "-name", "Carol", newUser(t, "Carol").ok("show")) // who has given Bob no token
	id, err := e2ee.LoadIdentity(alice.identity(), []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	contacts, err := e2ee.OpenContacts(alice.identity()+".contacts", id)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := websocket.Dial(t.Context(), url, id.Mailbox())
	if err != nil {
		t.Fatal(err)
	}
	client, err := call.NewClient(call.Config{Identity: id, Contacts: contacts, Transports: []signal.Transport{transport},
		Admit: call.ContactsOnly(contacts, call.Limits{})})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := transport.Admit(t.Context(), contacts.TokenHashes(), false); err != nil { // the client does so too, at some time
		t.Fatal(err)
	}

	changed := contacts.Changed()
	status, out, complaints := bob.run("", "revoke", "-self", "-relay", url)
	if status != 0 || !e2ee.IsRevocation(out) || !strings.Contains(complaints, "Sent to 1 of 2 contacts") {
		t.Fatalf("status %d, %q, %s", status, out, complaints)
	}
	select {
	case <-changed:
	case <-time.After(10 * time.Second):
		t.Fatal("Alice has heard nothing")
	}
	if c, err := contacts.Find("Bob"); err != nil || !c.Blocked || c.Revoked.IsZero() {
		t.Fatalf("Alice has %+v, %v", c, err)
	}
}

func TestErrorsAreClear(t *testing.T) {
	u := newUser(t, "Alice")
	u.fails("never overwritten", "new")
	u.fails("no such contact", "show", "Nobody")
	u.fails("want a contact", "verify")
	u.fails("malformed", "add", "sotto1qqq")
	u.fails("allowed are", "invite", "-ttl", "1s")
	secret := u.ok("invite")
	_, _, err := u.run("", "add", "-yes", secret[:len(secret)-3])
	if _, s, _ := strings.Cut(secret, "#"); !strings.Contains(err, "malformed") || strings.Contains(err, s[:10]) {
		t.Errorf("a cut invitation: %q", err)
	}
	before := u.passphrase
	u.passphrase = filepath.Join(t.TempDir(), "wrong")
	u.write(u.passphrase, "another one altogether")
	u.fails("wrong passphrase", "list")
	u.passphrase = before
	file, readErr := os.ReadFile(u.identity())
	if readErr != nil {
		t.Fatal(readErr)
	}
	file[40] ^= 1
	u.write(u.identity(), string(file))
	u.fails("corrupted", "list")
	u.fails("contact new makes", "list", "-identity", filepath.Join(t.TempDir(), "none"))

	weak := &user{t: t, dir: t.TempDir(), passphrase: filepath.Join(t.TempDir(), "p")}
	weak.write(weak.passphrase, "password1234")
	weak.fails("generated one", "new")
	if _, err := os.Stat(weak.identity()); err == nil {
		t.Error("an identity was made under a common passphrase")
	}
}

func TestCredentialWithoutAPrompt(t *testing.T) {
	u := newUser(t, "Kiosk")
	dir := t.TempDir()
	u.write(filepath.Join(dir, ask.Credential), passphrase)
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	u.passphrase = ""
	u.ok("list")
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	u.fails("no terminal", "list")
}

func TestHelp(t *testing.T) {
	u := &user{t: t, dir: t.TempDir()}
	for _, c := range commands() {
		if status, _, err := u.run("", c.name, "-h"); status != 0 || !strings.Contains(err, "Usage: contact "+c.name) {
			t.Errorf("%s -h: status %d, %q", c.name, status, err)
		}
		if !strings.Contains(usage, "\n  "+c.name+" ") {
			t.Errorf("%s is not in the usage", c.name)
		}
	}
	p := &program{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	for _, tt := range []struct {
		args []string
		want int
	}{{nil, 2}, {[]string{"-h"}, 0}, {[]string{"nonsense"}, 2}, {[]string{"list", "-nonsense"}, 2}} {
		if got := p.main(tt.args); got != tt.want {
			t.Errorf("%v: status %d, want %d", tt.args, got, tt.want)
		}
	}
}
