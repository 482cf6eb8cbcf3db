package roomy

import (
	"context"
	"net"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// room is what a socket may hold unread, in bytes: Linux doubles it and takes some 900 full packets.
const room = 1 << 20

// A Net is the machine's network. Make it with New.
type Net struct{ *stdnet.Net }

// New makes the network. It fails where the interfaces cannot be listed.
func New() (*Net, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &Net{n}, nil
}

// Interfaces are those of now: a call outlives changes of network.
func (n *Net) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return now.Interfaces()
}

// ListenPacket is net.ListenPacket.
func (n *Net) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := n.Net.ListenPacket(network, address)
	if err == nil {
		widen(conn)
	}
	return conn, err
}

// ListenUDP is net.ListenUDP.
func (n *Net) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := n.Net.ListenUDP(network, address)
	if err == nil {
		widen(conn)
	}
	return conn, err
}

// DialTCP is net.DialTCP with an end: nobody could end it otherwise, and what closes a connection waits for it.
func (n *Net) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	d := net.Dialer{Timeout: dialTime}
	if local != nil {
		d.LocalAddr = local
	}
	conn, err := d.DialContext(context.Background(), network, remote.String())
	if err != nil {
		return nil, err
	}
	return &stream{TCPConn: conn.(*net.TCPConn), patience: writeTime}, nil
}

// widen asks for room. A system that grants none still has a socket that works.
func widen(conn any) {
	if c, ok := conn.(interface{ SetReadBuffer(int) error }); ok {
		_ = c.SetReadBuffer(room)
	}
}
