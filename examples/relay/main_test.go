package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output collects what a run prints, and tells when it is ready.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	ready chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.HasPrefix(string(p), "ready") {
		close(o.ready)
	}
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs the program until it is ready; end is Ctrl-C and returns the exit status and all that was printed.
func start(t *testing.T, args ...string) (end func() (int, string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{ready: make(chan struct{})}
	status := make(chan int, 1)
	go func() { status <- run(ctx, args, out, out) }()
	select {
	case <-out.ready:
	case s := <-status:
		t.Fatalf("ended with %d before it was ready:\n%s", s, out)
	case <-time.After(20 * time.Second):
		t.Fatalf("not ready:\n%s", out)
	}
	return func() (int, string) {
		cancel()
		return <-status, out.String()
	}
}

func TestRun(t *testing.T) {
	end := start(t, "-listen", "127.0.0.1:0", "-turn", "127.0.0.1:0")
	status, out := end()
	for _, want := range []string{"a packet went through ws://127.0.0.1:", "allocated on TURN", "relay:  ws://127.0.0.1:", "turn:   turn:127.0.0.1:", "?transport=tcp", "carried 1 envelopes, 9 bytes"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if status != 0 {
		t.Errorf("status %d", status)
	}
}

// Behind a proxy that ends TLS, the origin is not the address; the self-test still reaches the relay.
func TestRunBehindAProxy(t *testing.T) {
	end := start(t, "-listen", "127.0.0.1:0", "-turn", "off", "-origin", "wss://relay.example, wss://other.example:8443", "-behind-proxy")
	if status, out := end(); status != 0 || !strings.Contains(out, "through wss://other.example:8443") || strings.Contains(out, "turn:") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestRunWithTLS(t *testing.T) {
	cert, key := certificate(t, "relay.example")
	args := []string{"-listen", "127.0.0.1:0", "-turn", "127.0.0.1:0", "-turn-tls", "127.0.0.1:0", "-tls-cert", cert, "-tls-key", key}
	end := start(t, append(args, "-origin", "wss://relay.example")...)
	if status, out := end(); status != 0 {
		t.Errorf("status %d:\n%s", status, out)
	}
	out := &output{ready: make(chan struct{})}
	if status := run(t.Context(), append(args, "-origin", "wss://wrong.example"), out, out); status != 1 || !strings.Contains(out.String(), "self-test") {
		t.Errorf("a certificate for another name: status %d:\n%s", status, out)
	}
}

// certificate writes a self-signed certificate for a name.
func certificate(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, args := range [][]string{{"-listen", l.Addr().String()}, {"-listen", "127.0.0.1:0", "-turn", l.Addr().String()}} {
		out := &output{ready: make(chan struct{})}
		if status := run(t.Context(), args, out, out); status != 1 || !strings.Contains(out.String(), "in use") {
			t.Errorf("%q: status %d:\n%s", args, status, out)
		}
	}
}

func TestFlags(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		want int
		says string
	}{
		{"-h", 0, "Usage: relay"},
		{"-nonsense", 2, "nonsense"},
		{"word", 2, "word"},
		{"-turn-ports 9-3", 2, "-turn-ports"},
		{"-turn-ports 0-3", 2, "-turn-ports"},
		{"-turn-ports 1-70000", 2, "-turn-ports"},
		{"-public-ip here", 2, "-public-ip"},
		{"-turn-allow 10.0.0.0", 2, "-turn-allow"},
		{"-tls-cert none", 2, "-tls-cert"},
		{"-turn-tls :1", 2, "-turn-tls"},
		{"-turn-secret-file " + short, 2, "at least 16"},
		{"-listen 127.0.0.1:0 -turn off -origin http://a", 1, "wss://"},
	} {
		out := &output{ready: make(chan struct{})}
		if got := run(t.Context(), strings.Fields(tt.args), out, out); got != tt.want || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: status %d:\n%s", tt.args, got, out)
		}
	}
}

func TestForwardedFor(t *testing.T) {
	q := &http.Request{Header: http.Header{"X-Forwarded-For": {"203.0.113.9, 192.0.2.1", "198.51.100.7"}}}
	if got := forwardedFor(q).String(); got != "198.51.100.7" {
		t.Errorf("client %s; whatever stands before the last is the client's to invent", got)
	}
}
