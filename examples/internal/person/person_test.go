package person

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoopbackFollowsTheRelay(t *testing.T) {
	for _, c := range []struct {
		relay, flag string
		want        bool
	}{
		{"ws://127.0.0.1:7000", "auto", true},
		{"ws://localhost:7000/v1", "auto", true},
		{"ws://[::1]:7000", "auto", true},
		{"wss://relay.example/v1", "auto", false},
		{"wss://relay.example/v1", "yes", true},
		{"ws://127.0.0.1:7000", "no", false},
	} {
		o := Flags{Relay: c.relay, Loopback: c.flag}
		if err := o.check(); err != nil || o.loopback() != c.want {
			t.Errorf("%s, -loopback %s: %v, %v", c.relay, c.flag, o.loopback(), err)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "-relay"},
		{"-relay nonsense", "-relay"},
		{"-relay wss://r.example -loopback perhaps", "-loopback"},
	} {
		var o Flags
		f := flag.NewFlagSet("", flag.ContinueOnError)
		o.Register(f)
		if err := f.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		if err := o.check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want something about %s", c.args, err, c.want)
		}
	}
}

func TestServers(t *testing.T) {
	var s Servers
	for _, good := range []string{"stun:a.example:3478", "turn:b.example:3478?transport=udp,user,pass,word"} {
		if err := s.Set(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if len(s) != 2 || s[1].Username != "user" || s[1].Credential != "pass,word" || strings.Contains(s.String(), "pass") {
		t.Errorf("servers %v", s.String())
	}
	for _, bad := range []string{"", "turn:a.example", "turn:a.example,user", "stun:a.example,user,secret"} {
		err := s.Set(bad)
		if err == nil || strings.Contains(err.Error(), "secret,") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// An identity is made once, is the same when it is loaded, and is never overwritten.
func TestIdentityIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	o := Flags{Identity: filepath.Join(dir, "deep", "identity"), PassphraseFile: filepath.Join(dir, "p"), Relay: "wss://relay.example/v1", New: true, Name: "Bot"}
	if err := os.WriteFile(o.PassphraseFile, []byte("seven lanterns cross the marsh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := &Person{}
	if err := made.open(o); err != nil {
		t.Fatal(err)
	}
	if err := new(Person).open(o); err == nil || !strings.Contains(err.Error(), "leave out -new") {
		t.Errorf("made again: %v", err)
	}
	o.New, o.Name, o.Relay = false, "", "wss://other.example/v1"
	loaded := &Person{}
	if err := loaded.open(o); err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if made.Identity.Public() != loaded.Identity.Public() {
		t.Error("another identity was loaded")
	}
	if p := loaded.Contacts.Profile(); p.Name != "Bot" || strings.Join(p.Relays, " ") != "wss://other.example/v1 wss://relay.example/v1" {
		t.Errorf("profile %+v", p)
	}
	made.Close()
	o.Identity = filepath.Join(dir, "none")
	if err := new(Person).open(o); err == nil || !strings.Contains(err.Error(), "-new makes") {
		t.Errorf("no identity: %v", err)
	}
}

func TestOnlineWithoutARelay(t *testing.T) {
	dir := t.TempDir()
	o := Flags{Identity: filepath.Join(dir, "identity"), PassphraseFile: filepath.Join(dir, "p"), Relay: "ws://127.0.0.1:9", Loopback: "auto", New: true}
	if err := os.WriteFile(o.PassphraseFile, []byte("seven lanterns cross the marsh"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Online(t.Context(), o, Service{}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "does it run there") {
		t.Errorf("no relay: %v", err)
	}
	o.New, o.Relay = false, "ws://192.0.2.1:9"
	if _, err := Online(t.Context(), o, Service{}, io.Discard); err == nil || !strings.Contains(err.Error(), "-insecure-plaintext") {
		t.Errorf("plaintext: %v", err)
	}
}
