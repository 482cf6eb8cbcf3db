package turnserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/turn/v5"

	"github.com/sotto-calls/sotto/internal/turnrest"
)

var secret = []byte("the secret of the tests")

func localhost() Config {
	return Config{Listen: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, BindIP: netip.MustParseAddr("127.0.0.1"), Secret: secret}
}

func start(t *testing.T, c Config) *Server {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		noGoroutines(t)
	})
	return s
}

func noGoroutines(t *testing.T) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		buf := make([]byte, 1<<20)
		all := string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(all, "pion/turn") && !strings.Contains(all, "turnserver.(*") {
			return
		}
		select {
		case <-deadline:
			t.Errorf("goroutines are left:\n%s", all)
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// client makes an allocation; the test closes it.
func client(t *testing.T, s *Server, network, username, password string) (*turn.Client, net.PacketConn, error) {
	t.Helper()
	conn, server, err := s.reach(t.Context(), network)
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: server, Username: username, Password: password, Realm: "sotto", Conn: conn, LoggerFactory: quiet(),
		RTO: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	a, err := c.AllocateWithContext(ctx)
	if err == nil {
		t.Cleanup(func() { a.Close() })
	}
	return c, a, err
}

func TestTwoClientsReachEachOther(t *testing.T) {
	for _, networks := range [][2]string{{"udp", "udp"}, {"udp", "tcp"}, {"tcp", "tcp"}} {
		t.Run(networks[0]+" "+networks[1], func(t *testing.T) {
			s := start(t, localhost())
			user, pass := s.Credentials(time.Minute)
			_, a, err := client(t, s, networks[0], user, pass)
			if err != nil {
				t.Fatal(err)
			}
			_, b, err := client(t, s, networks[1], user, pass)
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Allocations(); n != 2 {
				t.Errorf("%d allocations", n)
			}
			b.WriteTo([]byte("permission"), a.LocalAddr())
			if _, err := a.WriteTo([]byte("through the server"), b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			b.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, from, err := b.ReadFrom(buf)
			if err != nil || string(buf[:n]) != "through the server" || from.String() != a.LocalAddr().String() {
				t.Errorf("%q from %v, %v", buf[:n], from, err)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	s := start(t, localhost())
	user, pass := s.Credentials(time.Minute)
	expired, expiredPass := s.Credentials(-time.Second)
	forever := "junk"
	for name, c := range map[string]struct{ user, pass string }{
		"wrong password":      {user, pass + "x"},
		"expired":             {expired, expiredPass},
		"name without expiry": {forever, turnrest.Password(secret, forever)},
		"another secret":      {user, turnrest.Password([]byte("another secret of it"), user)},
		"later expiry":        {"9" + user, pass},
	} {
		if _, _, err := client(t, s, "udp", c.user, c.pass); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
	if _, _, err := client(t, s, "udp", user, pass); err != nil {
		t.Errorf("right credentials: %v", err)
	}
}

// A call that is up does not end with its credentials: they are looked at when the allocation is made.
func TestCredentialsEndNoCall(t *testing.T) {
	s := start(t, localhost())
	for _, tt := range []struct {
		method uint16
		ago    time.Duration
		ok     bool
	}{{methodAllocate, time.Second, false}, {4, time.Second, true}, {8, 23 * time.Hour, true}, {4, 25 * time.Hour, false}, {methodAllocate, -time.Minute, true}} {
		user, _ := turnrest.New(secret, time.Now().Add(-tt.ago))
		a := &turn.RequestAttributes{Username: user}
		for range tt.method {
			a.Method++ // its type cannot be named from here
		}
		if _, _, ok := s.authenticate(a); ok != tt.ok {
			t.Errorf("method %d, %v after the expiry: %t", tt.method, tt.ago, ok)
		}
	}
}

func TestQuotas(t *testing.T) {
	c := localhost()
	c.PerCredential, c.MaxAllocations, c.PerIP = 2, 4, 5
	s := start(t, c)
	users := map[int][2]string{}
	for i := range 3 {
		u, p := s.Credentials(time.Minute)
		users[i] = [2]string{u, p}
	}
	for i, want := range []struct {
		user int
		ok   bool
	}{{0, true}, {0, true}, {0, false}, {1, true}, {1, true}, {2, false}} {
		u := users[want.user]
		if _, _, err := client(t, s, "udp", u[0], u[1]); (err == nil) != want.ok {
			t.Errorf("allocation %d by credential %d: %v", i, want.user, err)
		}
	}
}

func TestQuotaOfAnIPAddress(t *testing.T) {
	c := localhost()
	c.PerIP = 2
	s := start(t, c)
	for i, want := range []bool{true, true, false} {
		u, p := s.Credentials(time.Minute)
		if _, _, err := client(t, s, "udp", u, p); (err == nil) != want {
			t.Errorf("allocation %d: %v", i, err)
		}
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	c := localhost()
	c.PerCredential = 1
	s := start(t, c)
	u, p := s.Credentials(time.Minute)
	for range 5 {
		_, a, err := client(t, s, "udp", u, p)
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		eventually(t, "the allocation is gone", func() bool { return s.Allocations() == 0 })
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for !is() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-time.After(time.Millisecond):
		}
	}
}

// The attack: a stranger's packets reach a service inside the network, here one on loopback. It fails when the permission
// handler is left out, and, for the server's own address, when WriteTo does not look at the port.
func TestAttackRelayIntoTheOwnNetwork(t *testing.T) {
	victim, err := net.ListenPacket("udp", "127.0.0.2:0")
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but 127.0.0.2 is not an address of this machine: ", err)
		}
		t.Skip("127.0.0.2 is not an address of this machine: ", err)
	}
	defer victim.Close()
	own, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	c := localhost()
	c.MinPort, c.MaxPort = 20000, 20999 // the machine's own services are elsewhere
	s := start(t, c)
	u, p := s.Credentials(time.Minute)
	turnClient, a, err := client(t, s, "udp", u, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := turnClient.CreatePermission(victim.LocalAddr()); err == nil {
		t.Error("permission for a loopback address")
	}
	if err := turnClient.CreatePermission(own.LocalAddr()); err != nil {
		t.Errorf("permission for the server's own address, which two of its clients need: %v", err)
	}
	if _, err := a.WriteTo([]byte("to a service of the server's machine"), own.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	control, err := net.ListenPacket("udp", "127.0.0.1:20500")
	if err != nil { // the relay may have taken that one
		control, err = net.ListenPacket("udp", "127.0.0.1:20501")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	if _, err := a.WriteTo([]byte("inside the range"), control.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	control.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, _, err := control.ReadFrom(buf); err != nil || string(buf[:n]) != "inside the range" {
		t.Fatalf("control: %q, %v; the test proves nothing", buf[:n], err)
	}
	own.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, _, err := own.ReadFrom(buf); err == nil {
		t.Errorf("%q reached a service of the server's machine", buf[:n])
	}
}

func TestProbe(t *testing.T) {
	s := start(t, localhost())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.Probe(ctx); err != nil {
		t.Error(err)
	}
	eventually(t, "the probe's allocations are gone", func() bool { return s.Allocations() == 0 })
	if u := s.URLs(); len(u) != 2 || !strings.HasPrefix(u[0], "turn:127.0.0.1:") || !strings.HasSuffix(u[1], "?transport=tcp") {
		t.Errorf("URLs %q", u)
	}
}

func TestCloseEndsAllocations(t *testing.T) {
	s := start(t, localhost())
	u, p := s.Credentials(time.Minute)
	for _, network := range []string{"udp", "tcp", "tcp"} {
		if _, _, err := client(t, s, network, u, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if n := s.Allocations(); n != 0 {
		t.Errorf("%d allocations after Close", n)
	}
}

func TestConfigIsChecked(t *testing.T) {
	_, err := New(Config{PublicIPs: []netip.Addr{netip.IPv4Unspecified()}, MinPort: 2, MaxPort: 1, ListenTLS: ":1", Secret: []byte("x")})
	for _, want := range []string{"Listen is required", "0.0.0.0", "MinPort", "Config.TLS", "16 bytes"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if !errors.Is(err, turnrest.ErrSecret) {
		t.Error("a short secret is not told apart")
	}
}

// A list of addresses that cannot be read is not tried again for each packet, however old the last one is.
func TestAddressesThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := 0
		own, err := newAddresses(func() ([]netip.Addr, error) {
			if reads++; reads > 1 {
				return nil, errors.New("no")
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, old := range []time.Duration{renewEvery, time.Hour} {
			time.Sleep(old)
			before := reads
			for range 100 {
				if !own.contain(netip.MustParseAddr("192.0.2.7")) {
					t.Fatal("the last list was forgotten")
				}
			}
			if reads != before+1 {
				t.Errorf("%d reads after %v", reads-before, old)
			}
		}
	})
}
