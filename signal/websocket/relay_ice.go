package websocket

import (
	"time"

	"github.com/sotto-calls/sotto/internal/turnrest"
)

const defaultLifetime = time.Hour

// iceServers makes credentials of their own for each request: a TURN server cannot tell whose they are. Clients without
// a mailbox get none, since calls have one; that keeps nobody out, as whoever connects can make a mailbox.
func (c *serverConn) iceServers(now time.Time, n uint64) frame {
	if c.reader == nil {
		return &resultFrame{N: n, Code: codeRefused}
	}
	ice := c.relay.config.ICE
	lifetime := ice.Lifetime
	def(&lifetime, defaultLifetime)
	var username, credential string
	if len(ice.TURN) > 0 {
		username, credential = turnrest.New(ice.Secret, now.Add(lifetime))
	}
	return &serversFrame{N: n, Seconds: uint64(lifetime / time.Second), Servers: ice.entries(username, credential)}
}
