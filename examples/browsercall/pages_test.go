package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The page comes with what keeps it apart from others, and names nothing of another origin.
func TestPage(t *testing.T) {
	p := start(t)
	page := p.want("ready").Page
	r, body := get(t, "GET", page, "")
	at, err := url.Parse(page)
	if err != nil || r.StatusCode != 200 {
		t.Fatalf("%s: %v, %v", page, r.Status, err)
	}
	for name, want := range map[string]string{
		"Content-Type":                 "text/html; charset=utf-8",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Referrer-Policy":              "no-referrer",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Cache-Control":                "no-cache",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; " +
			"connect-src 'self' ws://" + at.Host + " ws://localhost:" + at.Port() + "; base-uri 'none'; form-action 'none'; " +
			"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if policy := r.Header.Get("Permissions-Policy"); !strings.Contains(policy, "camera=(self)") || !strings.Contains(policy, "geolocation=()") {
		t.Errorf("Permissions-Policy: %q", policy)
	}
	inline := regexp.MustCompile(`(?i)<style|<script(\s[^>]*)?>[^<]|\sstyle=|\son[a-z]+=|javascript:|https?:|src="//`)
	if found := inline.FindString(body); found != "" {
		t.Errorf("the page has %q, which its policy forbids", found)
	}
}

// What the page names is there: scripts and styles, under names that change with what they hold.
func TestBundleIsServed(t *testing.T) {
	p := start(t)
	page := p.want("ready").Page
	_, body := get(t, "GET", page, "")
	kinds := map[string]int{}
	for _, m := range regexp.MustCompile(`(?:src|href|content)="\./([^"]+)"`).FindAllStringSubmatch(body, -1) {
		r, text := get(t, "GET", page+m[1], "")
		kinds[r.Header.Get("Content-Type")]++
		if r.StatusCode != 200 || len(text) < 100 {
			t.Errorf("%s: %s, %d bytes", m[1], r.Status, len(text))
		}
		if m[1] == "licenses.txt" {
			continue // TestLicences
		}
		if c := r.Header.Get("Cache-Control"); !strings.Contains(c, "immutable") {
			t.Errorf("%s: Cache-Control %q", m[1], c)
		}
		if !regexp.MustCompile(`-[0-9A-Z]{8}\.\w+$`).MatchString(m[1]) {
			t.Errorf("%s may be cached for ever, but its name does not change with what it holds", m[1])
		}
	}
	if kinds["text/javascript; charset=utf-8"] < 3 || kinds["text/css; charset=utf-8"] == 0 {
		t.Errorf("the page names %v", kinds)
	}
}

// What is bundled ships with its notices, at an address that does not change.
func TestLicences(t *testing.T) {
	p := start(t)
	r, text := get(t, "GET", p.want("ready").Page+"licenses.txt", "")
	if kind := r.Header.Get("Content-Type"); r.StatusCode != 200 || kind != "text/plain; charset=utf-8" {
		t.Fatalf("%s, %s", r.Status, kind)
	}
	if c := r.Header.Get("Cache-Control"); c != "no-cache" {
		t.Errorf("Cache-Control %q: its name does not change with what it holds", c)
	}
	for _, name := range []string{"ts-mls", "@noble/ciphers", "@noble/hashes"} {
		if !strings.Contains(text, "\n"+name+" ") {
			t.Errorf("no notice of %s", name)
		}
	}
}

func TestRefusals(t *testing.T) {
	p := start(t)
	page := p.want("ready").Page
	for _, c := range []struct {
		method, path, host string
		want               int
	}{
		{"GET", "nonsense", "", 404},
		{"GET", "../bot.go", "", 404},
		{"GET", "web/dist/index.html", "", 404},
		{"GET", "metrics", "", 404},
		{"GET", "healthz", "", 200},
		{"POST", "", "", 405},
		{"HEAD", "", "", 200},
		{"GET", "", "elsewhere.example", 421},
		{"GET", "v1", "elsewhere.example", 421},
		{"GET", "v1", "", 426},
	} {
		if r, _ := get(t, c.method, page+c.path, c.host); r.StatusCode != c.want {
			t.Errorf("%s %s for %q: %s, want %d", c.method, c.path, c.host, r.Status, c.want)
		}
	}
}

// Browsers leave 443 and 80 out of Host. The mutation that makes it fail: is compares with authorities alone.
func TestUsualPorts(t *testing.T) {
	for _, c := range []struct {
		port int
		tls  bool
		host string
		want int
	}{
		{443, true, "192.0.2.1", 200},
		{443, true, "LOCALHOST", 200},
		{443, true, "[2001:db8::1]", 200},
		{443, true, "192.0.2.1:443", 200},
		{443, true, "2001:db8::1", 421},
		{443, true, "elsewhere.example", 421},
		{443, true, "192.0.2.1:80", 421},
		{443, false, "192.0.2.1", 421},
		{80, false, "localhost", 200},
		{80, true, "localhost", 421},
		{8443, true, "localhost", 421},
		{8443, true, "localhost:8443", 200},
		{443, true, "", 421},
	} {
		p := place{hosts: []string{"192.0.2.1", "localhost", "2001:db8::1"}, port: c.port, tls: c.tls}
		h := onlyFor(p, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		q, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		q.Host = c.host
		if h.ServeHTTP(w, q); w.Code != c.want {
			t.Errorf("port %d, TLS %v: Host %q is answered with %d, want %d", c.port, c.tls, c.host, w.Code, c.want)
		}
	}
}
