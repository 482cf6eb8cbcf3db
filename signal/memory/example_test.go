package memory_test

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

func Example() {
	ctx := context.Background()
	relay := memory.New(memory.Faults{}).Relay("home")

	mailbox, token := signaltest.NewMailbox(), signaltest.NewToken()
	bob := relay.Dial(mailbox)
	defer bob.Close()
	if err := bob.Admit(ctx, [][32]byte{token.Hash()}, false); err != nil {
		fmt.Println(err)
	}

	alice := relay.Dial(nil)
	defer alice.Close()
	if err := alice.Send(ctx, signal.Packet{To: mailbox.Address(), Token: token, Body: []byte("hello")}); err != nil {
		fmt.Println(err)
	}
	p, err := bob.Receive(ctx)
	fmt.Printf("%s %v\n", p.Body, err)
	// Output: hello <nil>
}
