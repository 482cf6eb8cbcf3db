// Package person is what the examples that call have in common: an identity from a file, its contacts beside it, and a
// client that is online at a relay.
package person

import (
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sotto-calls/sotto/media"
)

// Flags are the common flags of a program.
type Flags struct {
	Identity       string
	PassphraseFile string
	New            bool
	Name           string
	Relay          string
	Plaintext      bool
	RelayOnly      bool
	Loopback       string
	TURN           Servers
	Debug          bool

	// Passing is no flag: the identity and its contacts are new, and gone with the program.
	Passing bool
}

// Register adds the flags to f.
func (o *Flags) Register(f *flag.FlagSet) {
	f.StringVar(&o.Relay, "relay", "", "`URL` of the relay: wss://relay.example/v1, or ws:// on this machine")
	f.StringVar(&o.Identity, "identity", defaultIdentity(), "the identity's `file`; its contacts are beside it, in FILE.contacts")
	f.StringVar(&o.PassphraseFile, "passphrase-file", os.Getenv("SOTTO_PASSPHRASE_FILE"),
		"read the passphrase from `file`; else the systemd credential sotto-passphrase, else it is asked for")
	f.BoolVar(&o.New, "new", false, "make the identity, which must not be there yet")
	f.StringVar(&o.Name, "name", "", "what we call ourselves to contacts from now on")
	f.BoolVar(&o.RelayOnly, "relay-only", false, "media goes by a TURN server alone: the other side never learns our IP address")
	f.Var(&o.TURN, "turn", "`URL,user,secret` of a TURN server, or URL of a STUN server; may be repeated. None: those that the relay lends")
	f.StringVar(&o.Loopback, "loopback", "auto", "both sides are on this machine: yes, no, or auto (yes if the relay is)")
	f.BoolVar(&o.Plaintext, "insecure-plaintext", false, "permit ws:// to another machine. For test networks: whoever is on the way sees what the relay sees")
	f.BoolVar(&o.Debug, "debug", false, "log to stderr what goes on below, with IP addresses")
}

// check reads what can be read without a network.
func (o *Flags) check() error {
	u, err := url.Parse(o.Relay)
	if o.Relay == "" || err != nil || u.Host == "" {
		return fmt.Errorf("-relay %q is not the URL of a relay, such as wss://relay.example/v1 (go run ./examples/relay starts one)", o.Relay)
	}
	switch o.Loopback {
	case "auto", "yes", "no":
		return nil
	}
	return fmt.Errorf("-loopback %q is neither yes, no nor auto", o.Loopback)
}

// loopback says whether media stays on this machine.
func (o *Flags) loopback() bool {
	if o.Loopback != "auto" {
		return o.Loopback == "yes"
	}
	u, err := url.Parse(o.Relay)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func defaultIdentity() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "sotto-identity"
	}
	return filepath.Join(dir, "sotto", "identity")
}

// Servers is the value of a flag that names STUN and TURN servers.
type Servers []media.ICEServer

// String names the servers, without their secrets.
func (s *Servers) String() string {
	var urls []string
	for _, server := range *s {
		urls = append(urls, server.URLs...)
	}
	return strings.Join(urls, " ")
}

// Set adds one server.
func (s *Servers) Set(text string) error {
	part := strings.SplitN(text, ",", 3)
	server := media.ICEServer{URLs: part[:1]}
	switch stun := strings.HasPrefix(text, "stun:"); {
	case len(part) == 3 && !stun:
		server.Username, server.Credential = part[1], part[2]
	case len(part) != 1 || !stun:
		return fmt.Errorf("want turn:HOST:PORT,user,secret or stun:HOST:PORT")
	}
	*s = append(*s, server)
	return nil
}
