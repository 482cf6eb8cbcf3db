package pulse

import (
	"cmp"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// An address is where a server may listen.
type address struct{ network, addr string }

func (a address) String() string { return a.network + ":" + a.addr }

// servers is where to look for a server, best first: what PULSE_SERVER lists, or else the sockets of the user's own server
// and of a server for the whole machine, as PulseAudio's own clients do. Its client.conf is not read.
func servers(getenv func(string) string) []address {
	if list := getenv("PULSE_SERVER"); strings.TrimSpace(list) != "" {
		return parseServers(list, machineNames())
	}
	var out []address
	add := func(dir string, rest ...string) {
		if dir != "" {
			out = append(out, address{"unix", filepath.Join(append([]string{dir}, rest...)...)})
		}
	}
	switch runtime.GOOS {
	case "windows":
		return nil
	case "darwin":
		host, _ := os.Hostname() // without a name there is no such folder either
		add(getenv("HOME"), ".config", "pulse", host+"-runtime", "native")
		return out
	}
	add(getenv("PULSE_RUNTIME_PATH"), "native")
	add(cmp.Or(getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", strconv.Itoa(os.Getuid()))), "pulse", "native")
	add("/run/pulse", "native")
	return out
}

// maxServers bounds how many addresses of a list are tried.
const maxServers = 16

// parseServers reads the list of PULSE_SERVER: addresses with white space between them, each "unix:PATH", "/PATH",
// "tcp:HOST:PORT", "tcp4:…", "tcp6:…" or "HOST:PORT", the port 4713 if it is left out, and each only for the machine that
// is named in braces before it, if one is. What is none of these is left out.
func parseServers(list string, machine []string) []address {
	var out []address
	for s := range strings.FieldsSeq(list) {
		if rest, ok := strings.CutPrefix(s, "{"); ok {
			name, rest, ok := strings.Cut(rest, "}")
			if !ok || !contains(machine, name) {
				continue
			}
			s = rest
		}
		if a, ok := parseServer(s); ok && len(out) < maxServers {
			out = append(out, a)
		}
	}
	return out
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n != "" && n == name {
			return true
		}
	}
	return false
}

func parseServer(s string) (address, bool) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return address{"unix", path}, path != ""
	}
	if strings.HasPrefix(s, "/") {
		return address{"unix", s}, true
	}
	network := "tcp"
	if scheme, rest, ok := strings.Cut(s, ":"); ok && (scheme == "tcp" || scheme == "tcp4" || scheme == "tcp6") {
		network, s = scheme, rest
	}
	if s == "" || strings.ContainsAny(s, "/@") {
		return address{}, false
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil { // no port
		host, port = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), "4713"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return address{}, false
	}
	return address{network, net.JoinHostPort(host, port)}, true
}

// machineNames is what this machine may be called in a list of servers.
func machineNames() []string {
	host, _ := os.Hostname()                // neither is needed: entries
	id, _ := os.ReadFile("/etc/machine-id") // for other machines are left out
	return []string{host, strings.TrimSpace(string(id))}
}

// cookieSize is fixed by the protocol.
const cookieSize = 256

// cookie is the secret that proves to the server that we may read this user's files: the first that is found in the
// places where PulseAudio keeps it. Without one it is zeros, which a server takes that knows the user by the socket.
func cookie(getenv func(string) string) []byte {
	places := []string{getenv("PULSE_COOKIE")}
	if home := getenv("HOME"); home != "" {
		config := cmp.Or(getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
		places = append(places, filepath.Join(config, "pulse", "cookie"), filepath.Join(home, ".pulse-cookie"))
	}
	for _, p := range places {
		if b, ok := readCookie(p); ok {
			return b
		}
	}
	return make([]byte, cookieSize)
}

func readCookie(path string) ([]byte, bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	b := make([]byte, cookieSize)
	n, _ := f.Read(b) // a file that is too short is no cookie, whatever the reason
	return b, n == cookieSize
}
