package websocket

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// selfSigned is a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestServeWithTLS(t *testing.T) {
	cert, pool := selfSigned(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "wss://" + l.Addr().String()
	relay, err := NewRelay(RelayConfig{Origins: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- relay.Serve(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"}})
	}()
	m, token := signaltest.NewMailbox(), signaltest.NewToken()
	trusting := WithHTTPClient(&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}})
	bob, err := Dial(t.Context(), url, m, trusting)
	if err != nil {
		t.Fatal(err)
	}
	if err := bob.Admit(t.Context(), [][32]byte{token.Hash()}, false); err != nil {
		t.Fatal(err)
	}
	opened, err := bob.Open(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, opened, signal.Packet{To: m.Address(), Token: token, Body: []byte("over TLS")})
	want(t, bob, "over TLS")
	if _, err := Dial(t.Context(), url, m); !errors.Is(err, signal.ErrUnavailable) {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	opened.Close()
	bob.Close()
	if err := relay.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	noGoroutines(t)
}

// Redirects are not followed: a relay must not send its clients to another.
func TestRedirectsAreRefused(t *testing.T) {
	_, url := onLoopback(t, RelayConfig{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.RedirectHandler("http"+url[2:]+"/v1", http.StatusTemporaryRedirect)}
	go s.Serve(l)
	defer s.Close()
	if _, err := Dial(t.Context(), "ws://"+l.Addr().String(), nil); !errors.Is(err, signal.ErrUnavailable) {
		t.Errorf("redirected: %v", err)
	}
}
