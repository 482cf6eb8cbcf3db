package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A stage is where relay, echobot and dial play: this machine's loopback, or the places that command knows.
type stage struct {
	t       *testing.T
	dir     string
	secret  string // file with the passphrase
	relay   string // URL
	command func(role, name string, args ...string) *exec.Cmd
	extra   []string // flags of echobot and dial
}

const passphrase = "seven lanterns cross the marsh"

// slow is how long a step may take that should take a moment: the machine may be busy.
const slow = 20 * time.Second

func newStage(t *testing.T) *stage {
	s := &stage{t: t, dir: t.TempDir()}
	s.secret = filepath.Join(s.dir, "passphrase")
	if err := os.WriteFile(s.secret, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.command = func(_, name string, args ...string) *exec.Cmd { return exec.Command(name, args...) }
	return s
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

// startRelay runs the relay and learns its URL from what it prints.
func (s *stage) startRelay(args ...string) *process {
	s.t.Helper()
	p := start(s.t, "relay", s.command("relay", program("relay"), args...))
	line, _ := p.out.line(s.t, 0, "relay:", slow)
	s.relay = strings.Fields(line)[1]
	p.out.line(s.t, 0, "ready", slow)
	return p
}

// local is what the relay needs on loopback: ports that are free.
func (s *stage) local() *process {
	return s.startRelay("-listen", "127.0.0.1:0", "-turn", "127.0.0.1:0")
}

// startBot runs the echobot with a new identity, recording into a folder.
func (s *stage) startBot(record string, args ...string) *process {
	s.t.Helper()
	all := append([]string{"-relay", s.relay, "-identity", s.path("bot"), "-passphrase-file", s.secret, "-new", "-name", botName,
		"-record", record}, s.extra...)
	return start(s.t, "echobot", s.command("echobot", program("echobot"), append(all, args...)...))
}

const (
	botName  = "Quillfeather"
	dialName = "Marchbanks"
)

// invitation is the n-th that the bot printed.
func (s *stage) invitation(bot *process, n int) string {
	s.t.Helper()
	line, at := "", -1
	for range n {
		line, at = bot.out.line(s.t, at+1, "sotto:invite/", slow)
	}
	return line
}

// dial runs dial. identity is a file's name; args come before the contact.
func (s *stage) dial(identity, contact string, args ...string) *process {
	s.t.Helper()
	all := append([]string{"-relay", s.relay, "-identity", s.path(identity), "-passphrase-file", s.secret, "-json"}, s.extra...)
	all = append(append(all, args...), contact)
	return start(s.t, "dial", s.command("dial", program("dial"), all...))
}

// meet are the flags with which a new identity meets the bot.
func (s *stage) meet(bot *process, n int) []string {
	return []string{"-new", "-name", dialName, "-invitation", s.invitation(bot, n)}
}

// result is what dial printed.
func (s *stage) result(p *process) report {
	s.t.Helper()
	line, _ := p.out.line(s.t, 0, "{", time.Second)
	var r report
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		s.t.Fatalf("%q: %v", line, err)
	}
	return r
}

// recording is the folder of the n-th recording of the bot, in the order of their names, once it says that it is complete.
func (s *stage) recording(record string, n int) string {
	s.t.Helper()
	all, err := filepath.Glob(filepath.Join(record, "*"))
	if err != nil || len(all) < n {
		s.t.Fatalf("recordings: %q, %v, want %d", all, err, n)
	}
	return all[n-1]
}

// invitationSecret is what the invitation holds beside the token, which relays see by design.
func invitationSecret(t *testing.T, uri string) []byte {
	t.Helper()
	_, fragment, _ := strings.Cut(uri, "#")
	b, err := base64.RawURLEncoding.DecodeString(fragment)
	if err != nil || len(b) != 16+16+8+4 {
		t.Fatalf("the invitation holds %d bytes: %v", len(b), err)
	}
	return b[16:32]
}
