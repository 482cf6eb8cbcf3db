package calltest

import (
	"context"
	"fmt"
	"sync"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/signal"
)

// Stage is the network as a place to try attacks on: in memory, and in virtual time within a testing/synctest bubble.
func (n *Net) Stage() Stage {
	var mu sync.Mutex
	hosts := 0
	return Stage{
		Relay: relayName,
		Dial:  func(_ context.Context, m signal.Mailbox) (signal.Transport, error) { return n.Relay.Dial(m), nil },
		Configure: func(_ string, c *call.Config) {
			mu.Lock()
			defer mu.Unlock()
			hosts++
			n.World.Join(&c.Media, fmt.Sprintf("1.2.4.%d", hosts))
		},
	}
}
