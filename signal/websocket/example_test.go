package websocket_test

import (
	"context"
	"fmt"
	"net"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
	"github.com/sotto-calls/sotto/signal/websocket"
)

func Example() {
	ctx := context.Background()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	url := "ws://" + l.Addr().String()
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{url}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer relay.Close()
	go relay.Serve(l, nil)

	mailbox, token := signaltest.NewMailbox(), signaltest.NewToken() // an e2ee.Identity has the real ones
	bob, err := websocket.Dial(ctx, url, mailbox)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bob.Close()
	fmt.Println("admit:", bob.Admit(ctx, [][32]byte{token.Hash()}, false))

	alice, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer alice.Close()
	fmt.Println("send:", alice.Send(ctx, signal.Packet{To: mailbox.Address(), Token: token, Body: []byte("hello")}))
	p, err := bob.Receive(ctx)
	fmt.Printf("received: %s %v\n", p.Body, err)
	fmt.Printf("relay: %+v\n", relay.Stats())
	// Output:
	// admit: <nil>
	// send: <nil>
	// received: hello <nil>
	// relay: {Envelopes:1 Bytes:5}
}
