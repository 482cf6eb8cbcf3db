package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/sotto-calls/sotto/media/turnserver"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A server is the page, the relay and TURN.
type server struct {
	place
	certificate *tls.Certificate // nil without TLS
	relay       *websocket.Relay
	turn        *turnserver.Server
	http        *http.Server
}

// startServer listens, and serves until close.
func startServer(o options) (_ *server, err error) {
	if o.state != "" {
		if err := os.MkdirAll(o.state, 0o700); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("%w (-listen takes another address)", err)
	}
	s := &server{}
	defer func() {
		if err != nil {
			l.Close()
			s.close()
		}
	}()
	if s.place, err = placeOf(l.Addr(), o.tls != ""); err != nil {
		return nil, err
	}
	if s.tls {
		if err := s.certify(o); err != nil {
			return nil, err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*s.certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	if err := s.startRelay(); err != nil {
		return nil, err
	}
	pages, err := newPages(s.place)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1", s.relay)
	mux.Handle("/healthz", s.relay)
	mux.Handle("/", pages)
	s.http = &http.Server{
		Handler:           onlyFor(s.place, mux),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // it would name IP addresses
	}
	go s.http.Serve(l)
	return s, nil
}

func (s *server) certify(o options) error {
	file := ""
	if o.state != "" {
		file = filepath.Join(o.state, "tls.pem")
	}
	c, err := certificate(file, s.hosts)
	s.certificate = &c
	return err
}

// startRelay starts TURN and the relay that lends it.
func (s *server) startRelay() error {
	secret := make([]byte, 32)
	rand.Read(secret)
	var err error
	s.turn, err = turnserver.New(turnserver.Config{
		Listen: net.JoinHostPort(s.ip.String(), "0"), BindIP: s.ip, PublicIPs: []netip.Addr{s.ip}, Secret: secret, Allow: s.reachable(),
	})
	if err != nil {
		return fmt.Errorf("TURN: %w", err)
	}
	s.relay, err = websocket.NewRelay(websocket.RelayConfig{
		Origins: s.urls("ws"), ICE: websocket.ICE{STUN: s.turn.STUN(), TURN: s.turn.URLs(), Secret: secret},
	})
	return err
}

// dialer makes the bot's own connection to the relay trust its certificate, and no other.
func (s *server) dialer() websocket.Option {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	if s.certificate != nil {
		pool := x509.NewCertPool()
		pool.AddCert(s.certificate.Leaf)
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return websocket.WithHTTPClient(&http.Client{Transport: t})
}

func (s *server) fingerprint() string {
	if s.certificate == nil {
		return ""
	}
	return fingerprintOf(*s.certificate)
}

// close tells the relay's clients and ends everything within a moment.
func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var errs []error
	if s.relay != nil {
		errs = append(errs, s.relay.Shutdown(ctx))
	}
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	if s.turn != nil {
		errs = append(errs, s.turn.Close())
	}
	_ = errors.Join(errs...) // the program ends: there is nobody to act on it
}
