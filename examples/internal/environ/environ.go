// Package environ is for examples that run programs of the user's because of what a peer did.
package environ

import "strings"

// Bare leaves of an environment what a program needs to find its way. The rest is ours: where a passphrase is, keys of other
// programs, the way to speak for us to systemd. A peer may have a say in what these programs read, so they get none of it.
func Bare(environ []string) (kept []string) {
	for _, pair := range environ {
		switch name, _, _ := strings.Cut(pair, "="); name {
		case "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "SYSTEMROOT":
			kept = append(kept, pair)
		}
	}
	return kept
}
