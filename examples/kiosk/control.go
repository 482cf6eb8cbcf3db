package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// minToken is the least length of -http-token.
const minToken = 16

// checkControl says what is wrong with where the control socket is to listen. Without a token only this machine may ask.
func checkControl(listen, token string) error {
	if listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("-http %q: %w", listen, err)
	}
	if token != "" && len(token) < minToken {
		return fmt.Errorf("-http-token has %d characters, want at least %d: openssl rand -hex 16 makes one", len(token), minToken)
	}
	if token == "" && !loopback(host) {
		return fmt.Errorf("-http %q can be reached from other machines: give -http-token, or listen on 127.0.0.1", listen)
	}
	return nil
}

// loopback says whether host can only be this machine. "localhost" is what a hosts file says, so it is trusted as a file is.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serve is the control socket until ctx ends.
func (f *front) serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: f.control(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)}
	defer context.AfterFunc(ctx, func() { s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// control handles what comes on the control socket.
func (f *front) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", f.healthz)
	mux.HandleFunc("GET /metrics", f.metrics)
	for _, verb := range []string{verbRing, verbHangup, verbAnswer} {
		mux.HandleFunc("POST /"+verb, func(w http.ResponseWriter, r *http.Request) { f.act(w, r, verb) })
	}
	mux.HandleFunc("POST /talk", f.postTalk)
	// A page in a browser on this machine may post to any port of it; the browser then says where the page is from.
	return f.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard wants the token, or if there is none a request that names this machine by address: a name in somebody's DNS may lead
// here too.
func (f *front) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if f.httpToken == "" {
			host, _, err := net.SplitHostPort(r.Host)
			if err != nil {
				host = strings.Trim(r.Host, "[]")
			}
			if !loopback(host) {
				http.Error(w, "ask by 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
				return
			}
		} else {
			token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !bearer || subtle.ConstantTimeCompare([]byte(token), []byte(f.httpToken)) != 1 {
				w.Header().Set("WWW-Authenticate", "Bearer")
				http.Error(w, "want Authorization: Bearer and the token", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// act gives the kiosk a command.
func (f *front) act(w http.ResponseWriter, r *http.Request, verb string) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	answer, err := f.want(ctx, verb)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case !answer.ok:
		http.Error(w, answer.text, http.StatusConflict)
	default:
		fmt.Fprintln(w, answer.text)
	}
}

// patience is how long the loop may take to look up.
const patience = 3 * time.Second

// postTalk opens or closes the microphone: the body is on or off.
func (f *front) postTalk(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 100))
	if err != nil {
		http.Error(w, "the body is to be on or off", http.StatusBadRequest)
		return
	}
	switch strings.TrimSpace(string(body)) {
	case "on":
		f.act(w, r, verbTalkOn)
	case "off":
		f.act(w, r, verbTalkOff)
	default:
		http.Error(w, "the body is to be on or off", http.StatusBadRequest)
	}
}

func (f *front) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	s, err := f.look(ctx)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case !s.fit:
		http.Error(w, s.words, http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}

func (f *front) metrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	s, err := f.look(ctx)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.writeMetrics(w)
}
