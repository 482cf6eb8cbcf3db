package sim

import (
	"net"

	"github.com/pion/turn/v5"
)

// Relay adds a host with a STUN and TURN server on UDP port 3478 for one user. Both ways of asking for it are returned as
// URLs.
func (w *World) Relay(address, user, password string) (stunURL, turnURL string) {
	w.t.Helper()
	host := w.Host(address)
	conn, err := host.ListenPacket("udp4", net.JoinHostPort(address, "3478"))
	if err != nil {
		w.t.Fatalf("sim: relay: %v", err)
	}
	const realm = "sim"
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:         realm,
		LoggerFactory: silent{},
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(user, realm, password), a.Username == user
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.ParseIP(address), Address: address, Net: host,
			},
		}},
	})
	if err != nil {
		w.t.Fatalf("sim: relay: %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.close = append(w.close, server.Close)
	return "stun:" + address + ":3478", "turn:" + address + ":3478?transport=udp"
}
