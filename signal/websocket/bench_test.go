package websocket

import (
	"net"
	"testing"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// BenchmarkRoundTrip is a packet of 4 KiB from Send to Receive over a relay on loopback, one at a time.
func BenchmarkRoundTrip(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	url := "ws://" + l.Addr().String()
	relay, err := NewRelay(RelayConfig{Origins: []string{url}, Limits: Limits{FrameBurst: 1e12}})
	if err != nil {
		b.Fatal(err)
	}
	defer relay.Close()
	relay.store = store.New(store.Unlimited())
	go relay.Serve(l, nil)
	m, token := signaltest.NewMailbox(), signaltest.NewToken()
	owner, err := Dial(b.Context(), url, m)
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close()
	if err := owner.Admit(b.Context(), [][32]byte{token.Hash()}, false); err != nil {
		b.Fatal(err)
	}
	sender, err := Dial(b.Context(), url, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer sender.Close()
	p := signal.Packet{To: m.Address(), Token: token, Body: make([]byte, 4096)}
	for b.Loop() {
		if err := sender.Send(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		if _, err := owner.Receive(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
