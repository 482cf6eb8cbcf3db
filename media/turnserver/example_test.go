package turnserver_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/sotto-calls/sotto/media/turnserver"
)

// A server on loopback, asked for an allocation with the credentials that it hands out.
func Example() {
	server, err := turnserver.New(turnserver.Config{
		Listen:    "127.0.0.1:0",
		PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Secret:    []byte("shared with the relay that lends credentials"),
	})
	if err != nil {
		panic(err)
	}
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(server.Probe(ctx))
	// Output: <nil>
}
