package main

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// dist is the page as web/build.mjs builds it.
//
//go:embed web/dist
var dist embed.FS

// types are what the bundle may consist of; the machine's own table of types may say something else.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// lasting are the names that stay; the page names all others, whose names change with what they hold.
var lasting = map[string]bool{"/index.html": true, "/licenses.txt": true}

// pages serves the bundle, which it holds in memory: path → body.
type pages struct {
	files  map[string][]byte
	policy string
}

func newPages(p place) (*pages, error) {
	h := &pages{files: make(map[string][]byte), policy: contentPolicy(p)}
	err := fs.WalkDir(dist, "web/dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || types[path.Ext(name)] == "" {
			return err
		}
		h.files[strings.TrimPrefix(name, "web/dist")], err = dist.ReadFile(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	index, ok := h.files["/index.html"]
	if !ok {
		return nil, fmt.Errorf("the page was not built into this program: npm ci && npm run build in examples/browsercall/web")
	}
	h.files["/"] = index
	return h, nil
}

// contentPolicy lets the page load its own files and speak to its own relay. Nothing is inline, and no text becomes markup.
func contentPolicy(p place) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"worker-src 'self'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self' " + strings.Join(p.urls("ws"), " "),
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types default",
	}, "; ")
}

// ServeHTTP serves one file.
func (h *pages) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	h.headers(w.Header())
	body, ok := h.files[q.URL.Path]
	switch {
	case q.Method != http.MethodGet && q.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "there are pages to get here, nothing else", http.StatusMethodNotAllowed)
		return
	case !ok:
		http.Error(w, "there is no such page", http.StatusNotFound)
		return
	}
	name := q.URL.Path
	if name == "/" {
		name = "/index.html"
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if lasting[name] {
		w.Header().Set("Cache-Control", "no-cache")
	} else {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if q.Method == http.MethodGet {
		w.Write(body)
	}
}

// headers keep the page apart from every other, and its devices to itself.
func (h *pages) headers(to http.Header) {
	to.Set("Content-Security-Policy", h.policy)
	to.Set("Cross-Origin-Opener-Policy", "same-origin")
	to.Set("Cross-Origin-Embedder-Policy", "require-corp")
	to.Set("Cross-Origin-Resource-Policy", "same-origin")
	to.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self), geolocation=(), usb=(), serial=(), hid=(), payment=()")
	to.Set("Referrer-Policy", "no-referrer")
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("X-Frame-Options", "DENY")
}

// onlyFor refuses requests for another host: a page elsewhere whose name was made to lead here gets nothing.
func onlyFor(p place, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !p.is(q.Host) {
			http.Error(w, "this host is not served here; use the address that browsercall printed", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, q)
	})
}
