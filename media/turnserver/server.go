package turnserver

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/sotto-calls/sotto/internal/perip"
	"github.com/sotto-calls/sotto/internal/turnrest"
	"github.com/sotto-calls/sotto/media/internal/roomy"
)

// maxAge is how long after their expiry credentials keep an allocation alive: the longest call.
const maxAge = 24 * time.Hour

// methodAllocate is STUN's number for it (RFC 8656 section 17).
const methodAllocate = 0x003

// Server is a running TURN server.
type Server struct {
	config  Config
	turn    *turn.Server
	udp     net.PacketConn
	tcp     net.Listener // nil without
	tls     net.Listener // nil without
	relayed *relayed
	conns   *connections
	close   sync.Once
	err     error // of Close

	mu          sync.Mutex
	allocations *perip.Counter
}

// New starts a server.
func New(c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Server{config: c.withDefaults()}
	s.allocations = perip.NewCounter(s.config.MaxAllocations, s.config.PerIP)
	s.conns = newConnections(s.config.MaxAllocations, s.config.PerIP)
	if err := s.start(); err != nil {
		s.release()
		return nil, fmt.Errorf("turnserver: %w", err)
	}
	return s, nil
}

func (s *Server) start() error {
	if s.config.Net == nil {
		n, err := roomy.New()
		if err != nil {
			return err
		}
		s.config.Net = n
	}
	own, err := newAddresses(s.ownAddresses)
	if err != nil {
		return err
	}
	policy := newPeers(s.config, own)
	s.relayed = &relayed{config: s.config, net: s.config.Net, peers: policy, byUser: map[string]int{}}
	s.relayed.empty.L = &s.relayed.mu
	if err := s.listen(); err != nil {
		return err
	}
	config := turn.ServerConfig{
		Realm: s.config.Realm, AuthHandler: s.authenticate, QuotaHandler: s.quota,
		LoggerFactory: quiet(), StrictAddressFamily: true,
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: s.udp, RelayAddressGenerator: s.relayed, PermissionHandler: policy.permission}},
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(from, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { s.allocated(from, 1) },
			OnAllocationDeleted: func(from, _ net.Addr, _, _, _ string) { s.allocated(from, -1) },
		},
	}
	for _, l := range []net.Listener{s.tcp, s.tls} {
		if l != nil {
			config.ListenerConfigs = append(config.ListenerConfigs, turn.ListenerConfig{
				Listener: &streams{Listener: l, all: s.conns}, RelayAddressGenerator: s.relayed, PermissionHandler: policy.permission,
			})
		}
	}
	s.turn, err = turn.NewServer(config)
	return err
}

// quiet keeps pion from printing: its lines hold IP addresses and usernames.
func quiet() logging.LoggerFactory {
	return &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled, ScopeLevels: map[string]logging.LogLevel{}}
}

// ownAddresses are this machine's now, to which nothing is relayed.
func (s *Server) ownAddresses() (own []netip.Addr, err error) {
	interfaces, err := s.config.Net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // an interface without addresses
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own = append(own, p.Addr())
			}
		}
	}
	return own, nil
}

// listen opens the sockets. UDP and TCP share a port, also if it was picked.
func (s *Server) listen() (err error) {
	for range 10 {
		if s.udp, err = s.config.Net.ListenPacket("udp", s.config.Listen); err != nil || s.config.NoTCP {
			break
		}
		if s.tcp, err = s.listenTCP(hostPort(addrPort(s.udp.LocalAddr()).Addr().Unmap(), int(addrPort(s.udp.LocalAddr()).Port()))); err == nil {
			break
		}
		s.udp.Close()
	}
	if err != nil || s.config.ListenTLS == "" {
		return err
	}
	l, err := s.listenTCP(s.config.ListenTLS)
	if err != nil {
		return err
	}
	s.tls = tls.NewListener(l, s.config.TLS)
	return nil
}

func (s *Server) listenTCP(address string) (net.Listener, error) {
	a, err := s.config.Net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	return s.config.Net.ListenTCP("tcp", a)
}

// authenticate is pion's AuthHandler: the key that belongs to a username, which holds its expiry.
func (s *Server) authenticate(a *turn.RequestAttributes) (user string, key []byte, ok bool) {
	expires, ok := turnrest.Expires(a.Username)
	if !ok {
		return "", nil, false
	}
	if a.Method != methodAllocate {
		expires = expires.Add(maxAge)
	}
	if !time.Now().Before(expires) {
		return "", nil, false
	}
	return a.Username, turn.GenerateAuthKey(a.Username, s.config.Realm, turnrest.Password(s.config.Secret, a.Username)), true
}

// quota is pion's QuotaHandler; the limit by credential is kept where sockets are opened.
func (s *Server) quota(_, _ string, from net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.allocations.Fits(addrPort(from).Addr())
}

func (s *Server) allocated(from net.Addr, n int) {
	s.conns.allocated(from, n > 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allocations.Add(addrPort(from).Addr(), n)
	s.config.Logger.Debug("allocation", "change", n)
}

// Addr is where the server listens for UDP, and unless NoTCP for TCP.
func (s *Server) Addr() netip.AddrPort { return addrPort(s.udp.LocalAddr()) }

// URLs are the server's TURN URLs under its public IP addresses.
func (s *Server) URLs() (urls []string) {
	port := int(s.Addr().Port())
	for _, ip := range s.relayed.peers.public {
		urls = append(urls, "turn:"+hostPort(ip, port)+"?transport=udp")
		if s.tcp != nil {
			urls = append(urls, "turn:"+hostPort(ip, port)+"?transport=tcp")
		}
	}
	return urls
}

// STUN are the server's STUN URLs.
func (s *Server) STUN() (urls []string) {
	for _, ip := range s.relayed.peers.public {
		urls = append(urls, "stun:"+hostPort(ip, int(s.Addr().Port())))
	}
	return urls
}

// Credentials makes a username and a password with which allocations can be made for this time.
func (s *Server) Credentials(lifetime time.Duration) (username, password string) {
	return turnrest.New(s.config.Secret, time.Now().Add(lifetime))
}

// Allocations is how many there are.
func (s *Server) Allocations() int {
	s.relayed.mu.Lock()
	defer s.relayed.mu.Unlock()
	return s.relayed.total
}

// Close ends all allocations and returns when their sockets are closed. It may be called again.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.relayed.refuse()
		s.conns.close()
		s.err = s.turn.Close()
		s.relayed.wait()
	})
	return s.err
}

// release closes what start has opened before it failed.
func (s *Server) release() {
	if s.udp != nil {
		s.udp.Close()
	}
	for _, l := range []net.Listener{s.tcp, s.tls} {
		if l != nil {
			l.Close()
		}
	}
}
