package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media/turnserver"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// selfTest does, once for each origin, what a user does: it opens a mailbox, sends itself a packet, asks for ICE servers,
// and makes allocations on the TURN server.
func (o *options) selfTest(ctx context.Context, at net.Addr, turn *turnserver.Server, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for _, origin := range o.origins {
		start := time.Now()
		if err := exchange(ctx, origin, o.directly(at, origin), turn != nil); err != nil {
			return fmt.Errorf("%s: %w", origin, err)
		}
		fmt.Fprintf(out, "self-test: a packet went through %s in %v\n", origin, time.Since(start).Round(100*time.Microsecond))
	}
	if turn == nil {
		return nil
	}
	start := time.Now()
	if err := turn.Probe(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "self-test: allocated on TURN in %v\n", time.Since(start).Round(100*time.Microsecond))
	return nil
}

// directly is a client that dials the listener whatever the URL says: its name may lead through a proxy, or a NAT that
// does not let packets back in. With a certificate TLS is spoken and the name is checked; behind a proxy there is none.
func (o *options) directly(at net.Addr, origin string) websocket.Option {
	target := reachable(at)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", target)
	}
	transport := &http.Transport{DialContext: dial}
	if o.tls == nil && strings.HasPrefix(strings.ToLower(origin), "wss") {
		transport.DialTLSContext = dial
	}
	if o.tls != nil {
		transport.TLSClientConfig = trusting(o.tls)
	}
	return websocket.WithHTTPClient(&http.Client{Transport: transport})
}

func reachable(at net.Addr) string {
	a, err := netip.ParseAddrPort(at.String())
	if err != nil || !a.Addr().IsUnspecified() {
		return at.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(a.Port())))
}

// exchange sends a packet from a transport without a mailbox to a fresh mailbox.
func exchange(ctx context.Context, origin string, client websocket.Option, turn bool) error {
	mailbox := e2ee.NewMailbox()
	defer mailbox.Destroy()
	opts := []websocket.Option{client, websocket.InsecurePlaintext()} // the packet goes to this very process
	owner, err := websocket.Dial(ctx, origin, mailbox, opts...)
	if err != nil {
		return err
	}
	defer owner.Close()
	token := signal.Token(mailbox.Token())
	if err := owner.Admit(ctx, [][32]byte{token.Hash()}, false); err != nil {
		return err
	}
	sender, err := owner.Open(ctx, "", nil)
	if err != nil {
		return err
	}
	defer sender.Close()
	if err := sender.Send(ctx, signal.Packet{To: signal.AddressOf(mailbox), Token: token, Body: []byte("self-test")}); err != nil {
		return err
	}
	p, err := owner.Receive(ctx)
	if err != nil {
		return err
	}
	if string(p.Body) != "self-test" {
		return errors.New("the packet changed on its way")
	}
	servers, err := owner.ICEServers(ctx)
	if err == nil && turn && len(servers) == 0 {
		return errors.New("the relay lends no TURN server")
	}
	return err
}

// trusting is a client's configuration that trusts the own certificate, whoever signed it, and still checks that it is for
// the origin's name and not expired: those are the mistakes to find here.
func trusting(server *tls.Config) *tls.Config {
	pool := x509.NewCertPool()
	for _, c := range server.Certificates {
		for _, der := range c.Certificate {
			if cert, err := x509.ParseCertificate(der); err == nil {
				pool.AddCert(cert)
			}
		}
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
