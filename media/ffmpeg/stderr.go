package ffmpeg

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// maxWords is how much of ffmpeg's stderr is kept.
const maxWords = 8 << 10

// A tail keeps the last bytes of what a process says, and no secret of it.
type tail struct {
	secrets []string

	mu  sync.Mutex
	buf []byte // at most twice maxWords
	cut bool   // what is in buf has lost its beginning
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if len(p) > maxWords {
		p, t.buf, t.cut = p[len(p)-maxWords:], t.buf[:0], true
	}
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - maxWords; over > maxWords {
		t.buf, t.cut = append(t.buf[:0], t.buf[over:]...), true
	}
	return n, nil
}

var (
	userinfo = regexp.MustCompile(`//[^\s/]*@`)
	beyond   = regexp.MustCompile(`(?i)(rtsps?://[^\s/?]+)[/?][^\s'",;]*`)
	address  = regexp.MustCompile(`\[([^\[\]\s]*) @ 0x[0-9a-f]+\]`)
)

// words is what can be shown: whole lines if the beginning is lost (a password that was cut through would not be known
// as one), no userinfo of URLs, no path on a camera, no memory addresses, nothing that steers a terminal.
func (t *tail) words() string {
	t.mu.Lock()
	s, cut := string(t.buf), t.cut
	t.mu.Unlock()
	if cut {
		if _, rest, ok := strings.Cut(s, "\n"); ok {
			s = rest
		} else {
			s = ""
		}
	}
	s = redact(s, t.secrets)
	if len(s) > maxWords { // after the redaction: this cut cannot uncover anything
		s = s[len(s)-maxWords:]
	}
	s = address.ReplaceAllString(s, "[$1]")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?")))
}

// redact takes out secrets, and what stands before the @ of a URL, and what follows the host of a camera.
func redact(s string, secrets []string) string {
	s = userinfo.ReplaceAllString(s, "//…@")
	s = beyond.ReplaceAllString(s, "$1/…")
	for _, secret := range secrets {
		s = strings.ReplaceAll(s, secret, "…")
	}
	return s
}
