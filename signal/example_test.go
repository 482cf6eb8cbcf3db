package signal_test

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// The owner of a mailbox lets one token in; whoever has it can write there.
func ExampleTransport() {
	network := memory.New(memory.Faults{})
	defer network.Close()
	relay, ctx := network.Relay("home"), context.Background()

	mailbox, token := signaltest.NewMailbox(), signaltest.NewToken()
	owner := relay.Dial(mailbox)
	defer owner.Close()
	if err := owner.Admit(ctx, [][32]byte{token.Hash()}, false); err != nil {
		panic(err)
	}

	sender := relay.Dial(nil)
	defer sender.Close()
	p := signal.Packet{To: signal.AddressOf(mailbox), Token: token, Body: []byte("sealed")}
	if err := sender.Send(ctx, p); err != nil {
		panic(err)
	}
	got, err := owner.Receive(ctx)
	fmt.Printf("%s %v\n", got.Body, err)
	fmt.Println("a printed token:", got.Token)
	// Output:
	// sealed <nil>
	// a printed token: [token]
}
