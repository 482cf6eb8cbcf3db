package main

import (
	"fmt"
	"net"

	"github.com/sotto-calls/sotto/signal/websocket"
)

// alone makes what an agent without -relay needs: a relay of its own, for programs on this machine, and an identity for as long
// as it runs. stop ends the relay.
func (o *options) alone() (stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a relay of our own needs a port on this machine (-relay URL uses another one): %w", err)
	}
	o.Relay = "ws://" + l.Addr().String() + "/v1"
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{"ws://" + l.Addr().String()}})
	if err != nil {
		l.Close()
		return nil, err
	}
	go relay.Serve(l, nil)
	o.Passing = !o.New
	if o.Name == "" {
		o.Name = "Agent"
	}
	return func() { relay.Close() }, nil
}
