package turnserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/turn/v5"
)

// Probe makes an allocation on this server over UDP, and over TCP and TLS where it listens so, and gives it back: a
// self-test for the start of a program. It reaches the server from its own machine, so it says nothing about firewalls.
func (s *Server) Probe(ctx context.Context) error {
	if err := s.probe(ctx, "udp"); err != nil {
		return fmt.Errorf("turnserver: probe over UDP: %w", err)
	}
	if s.tcp != nil {
		if err := s.probe(ctx, "tcp"); err != nil {
			return fmt.Errorf("turnserver: probe over TCP: %w", err)
		}
	}
	if s.tls != nil {
		if err := s.probe(ctx, "tls"); err != nil {
			return fmt.Errorf("turnserver: probe over TLS: %w", err)
		}
	}
	return nil
}

func (s *Server) probe(ctx context.Context, network string) error {
	conn, server, err := s.reach(ctx, network)
	if err != nil {
		return err
	}
	defer conn.Close()
	username, password := s.Credentials(time.Minute)
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: server, Username: username, Password: password, Realm: s.config.Realm,
		Conn: conn, Net: s.config.Net, LoggerFactory: quiet(),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		return err
	}
	a, err := c.AllocateWithContext(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	relayed := addrPort(a.LocalAddr())
	if relayed.Port() < s.config.MinPort || relayed.Port() > s.config.MaxPort {
		return errors.New("relayed address is outside of the port range")
	}
	return nil
}

// reach connects to the server on this machine.
func (s *Server) reach(ctx context.Context, network string) (conn net.PacketConn, server string, err error) {
	at := s.Addr()
	if network == "tls" {
		at = addrPort(s.tls.Addr())
	}
	ip := at.Addr().Unmap()
	if ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	server = hostPort(ip, int(at.Port()))
	if network == "udp" {
		conn, err = s.config.Net.ListenPacket("udp", hostPort(ip, 0))
		return conn, server, err
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", server)
	if err != nil {
		return nil, "", err
	}
	if network == "tls" {
		// The certificate is the server's own and names its public name; that it is not checked here tells nobody anything.
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	return turn.NewSTUNConn(c), server, nil
}
