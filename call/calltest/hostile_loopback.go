package calltest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/turnserver"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A Loopback is a Stage of real sockets on this machine's loopback interface: a relay, a TURN server, and a tap before it.
// All media go through the tap. Close it.
type Loopback struct {
	Stage
	relay *websocket.Relay
	turn  *turnserver.Server
}

// NewLoopback starts all three. RingFor, if it is not 0, is how long calls ring.
func NewLoopback(ringFor time.Duration) (*Loopback, error) {
	l := &Loopback{}
	if err := l.start(ringFor); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Loopback) start(ringFor time.Duration) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("calltest: a relay needs a port on loopback: %w", err)
	}
	url := "ws://" + listener.Addr().String()
	if l.relay, err = websocket.NewRelay(websocket.RelayConfig{Origins: []string{url}}); err != nil {
		listener.Close()
		return err
	}
	go l.relay.Serve(listener, nil) // until Close
	l.Relay = url
	l.Dial = func(ctx context.Context, m signal.Mailbox) (signal.Transport, error) {
		return websocket.Dial(ctx, url, m)
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	here := netip.MustParseAddr("127.0.0.1")
	l.turn, err = turnserver.New(turnserver.Config{Listen: "127.0.0.1:0", NoTCP: true, PublicIPs: []netip.Addr{here}, BindIP: here,
		Secret: secret, Allow: []netip.Prefix{netip.PrefixFrom(here, 32)}})
	if err != nil {
		return err
	}
	if l.Media, err = NewMediaTap(l.turn.Addr().String()); err != nil {
		return err
	}
	user, password := l.turn.Credentials(time.Hour)
	l.Configure = func(_ string, c *call.Config) {
		c.Media, c.RingFor = l.Media.settings(user, password), ringFor
	}
	return nil
}

// settings make a client use nothing but the TURN server behind the tap.
func (m *MediaTap) settings(user, password string) media.Settings {
	return media.Settings{RelayOnly: true, Loopback: true,
		ICEServers: []media.ICEServer{{URLs: []string{m.URL()}, Username: user, Credential: password}}}
}

// Close ends the relay, the tap and the TURN server.
func (l *Loopback) Close() error {
	var errs []error
	if l.relay != nil {
		errs = append(errs, l.relay.Close())
	}
	if l.Media != nil {
		errs = append(errs, l.Media.Close())
	}
	if l.turn != nil {
		errs = append(errs, l.turn.Close())
	}
	return errors.Join(errs...)
}
