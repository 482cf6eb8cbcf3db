package signaltest_test

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A hostile relay between two programs: here it delivers everything twice and looks for what is none of its business.
// Give the wrapped transports to call.Config.Transports to do the same to an application.
func ExampleHostile() {
	ctx := context.Background()
	network := memory.New(memory.Faults{})
	defer network.Close()
	evil, box, token := signaltest.NewHostile(), signaltest.NewMailbox(), signaltest.NewToken()
	owner := evil.Wrap(network.Relay("home").Dial(box), box)
	defer owner.Close()
	sender := evil.Wrap(network.Relay("home").Dial(nil), nil)
	defer sender.Close()
	if err := owner.(signal.Registrar).Admit(ctx, [][32]byte{token.Hash()}, false); err != nil {
		fmt.Println(err)
		return
	}

	evil.Use(signaltest.Repeat(1))
	p := signal.Packet{To: box.Address(), Token: token, Body: []byte("not sealed: a mistake")}
	if err := sender.Send(ctx, p); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		got, err := owner.Receive(ctx)
		fmt.Printf("received %q, error %v\n", got.Body, err)
	}
	for _, hit := range evil.Find([]byte("a mistake")) {
		fmt.Printf("the relay has read it: %s\n", hit.Form)
	}
	// Output:
	// received "not sealed: a mistake", error <nil>
	// received "not sealed: a mistake", error <nil>
	// the relay has read it: raw
}
