// Command relay runs a relay and a TURN server in one process: all the infrastructure that calls need. See README.md.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sotto-calls/sotto/media/turnserver"
	"github.com/sotto-calls/sotto/signal/websocket"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run gives the exit status: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(errs, "relay:", err)
		return 2
	}
	if err := o.serve(ctx, out, errs); err != nil {
		fmt.Fprintln(errs, "relay:", err)
		return 1
	}
	return 0
}

// serve runs the servers until ctx ends.
func (o *options) serve(ctx context.Context, out, errs io.Writer) error {
	log := slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: o.level}))
	if o.secret == nil {
		o.secret = make([]byte, 32)
		rand.Read(o.secret) // of this run: credentials of an earlier one end with it
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := o.addresses(listener.Addr()); err != nil {
		return err
	}
	turn, err := o.startTURN(log)
	if err != nil {
		return err
	}
	if turn != nil {
		defer turn.Close()
	}
	relay, err := websocket.NewRelay(o.relayConfig(turn, log))
	if err != nil {
		return err
	}
	defer relay.Close()
	served := make(chan error, 1)
	go func() { served <- relay.Serve(listener, o.tls) }()
	if err := o.selfTest(ctx, listener.Addr(), turn, out); err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	o.announce(out, turn)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "going away")
	return goAway(relay, out)
}

// goAway tells the clients and waits for them, not for long.
func goAway(relay *websocket.Relay, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := relay.Shutdown(ctx)
	s := relay.Stats()
	fmt.Fprintf(out, "carried %d envelopes, %d bytes\n", s.Envelopes, s.Bytes)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // who did not leave was cut off
	}
	return err
}

func (o *options) startTURN(log *slog.Logger) (*turnserver.Server, error) {
	if o.turn == "off" {
		return nil, nil
	}
	s, err := turnserver.New(turnserver.Config{
		Listen: o.turn, ListenTLS: o.turnTLS, TLS: o.tls, PublicIPs: o.publicIPs, MinPort: o.minPort, MaxPort: o.maxPort,
		Secret: o.secret, Allow: o.allow, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("TURN at %s: %w (-turn takes another address, or off)", o.turn, err)
	}
	return s, nil
}

func (o *options) relayConfig(turn *turnserver.Server, log *slog.Logger) websocket.RelayConfig {
	c := websocket.RelayConfig{Origins: o.origins, MetricsToken: o.metricsToken, Logger: log}
	if o.behindProxy {
		c.ClientIP = forwardedFor
	}
	if turn != nil {
		c.ICE = websocket.ICE{STUN: turn.STUN(), TURN: turn.URLs(), Secret: o.secret}
		if o.turnTLS != "" {
			_, port, _ := net.SplitHostPort(o.turnTLS)
			c.ICE.TURN = append(c.ICE.TURN, "turns:"+net.JoinHostPort(o.host(), port)+"?transport=tcp")
		}
	}
	return c
}

func (o *options) announce(out io.Writer, turn *turnserver.Server) {
	fmt.Fprintf(out, "relay:  %s\n", strings.Join(o.origins, " "))
	if turn != nil {
		fmt.Fprintf(out, "turn:   %s\n", strings.Join(turn.URLs(), " "))
	}
	if strings.HasPrefix(o.origins[0], "ws://") && !o.loopback() {
		fmt.Fprintln(out, "without TLS: clients on other machines refuse ws:// unless they are told to trust the network; use -tls-cert and -tls-key")
	}
	fmt.Fprintln(out, "ready; Ctrl-C ends")
}

// loadTLS reads the certificate, nil without one.
func loadTLS(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert and -tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}}, nil
}
