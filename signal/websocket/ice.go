package websocket

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// iceCache keeps the servers that the relay lent last.
type iceCache struct {
	mu      sync.Mutex
	servers []signal.ICEServer
	renew   time.Time // half of the credentials' time
}

// ICEServers returns the relay's STUN and TURN servers. Credentials are asked for anew when half of their time is over,
// so what it returns is valid for that half at least, and until then ctx does not matter. A transport without a mailbox
// gets signal.ErrNoMailbox.
func (t *Transport) ICEServers(ctx context.Context) ([]signal.ICEServer, error) {
	if t.mailbox == nil {
		return nil, signal.ErrNoMailbox
	}
	err := t.usable(ctx)
	if errors.Is(err, signal.ErrClosed) {
		return nil, err
	}
	if s, ok := t.ice.fresh(time.Now()); ok {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	f, err := t.ask(ctx, func(n uint64) frame { return &askFrame{N: n} })
	if err != nil {
		return nil, err
	}
	answer, ok := f.(*serversFrame)
	if !ok {
		return nil, signal.ErrRejected
	}
	return t.ice.keep(asked, answer), nil
}

func (c *iceCache) fresh(now time.Time) ([]signal.ICEServer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !now.Before(c.renew) {
		return nil, false
	}
	return clone(c.servers), true
}

// keep counts the time from when the question was asked, by the own clock: the relay's may differ.
func (c *iceCache) keep(asked time.Time, f *serversFrame) []signal.ICEServer {
	c.mu.Lock()
	defer c.mu.Unlock()
	lifetime := time.Duration(f.Seconds) * time.Second
	c.renew = asked.Add(lifetime / 2)
	c.servers = make([]signal.ICEServer, 0, len(f.Servers))
	for _, s := range f.Servers {
		c.servers = append(c.servers, signal.ICEServer{
			URLs: s.URLs, Username: s.Username, Credential: s.Credential, Expires: asked.Add(lifetime),
		})
	}
	return clone(c.servers)
}

func clone(servers []signal.ICEServer) []signal.ICEServer {
	out := make([]signal.ICEServer, len(servers))
	for i, s := range servers {
		out[i] = s
		out[i].URLs = append([]string(nil), s.URLs...)
	}
	return out
}
