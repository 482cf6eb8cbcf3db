// Package websocket is the transport over a relay in the network, and the relay.
//
// # Use
//
//	t, err := websocket.Dial(ctx, "wss://relay.example/v1", identity.Mailbox())
//
// and, for a relay of one's own:
//
//	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{"wss://relay.example"}})
//	go relay.Serve(listener, tlsConfig)     // or mount it: it is an http.Handler
//	defer relay.Shutdown(ctx)
//
// # Delivery
//
// A Transport keeps one WebSocket connection and makes a new one when it breaks, after a random wait of at most 0.5 s,
// 1 s, 2 s … 30 s. Send returns when the relay has answered; what it has not answered is written again, under the same
// random id, by which the relay (and, if the relay was restarted, the receiver) drops repetitions. Receive acknowledges
// what it returns; the relay delivers the rest again. What the relay has stored it keeps for 60 s, notices for seven
// days, until every reader has acknowledged it.
//
// A relay that is restarted forgets everything: what it had stored, the tokens of mailboxes whose owners are away, and
// notices. One that is full forgets mailboxes that nobody reads, those of the networks that hold most before others. Owners
// that are connected register again by themselves, and a packet that arrives before they do waits for them. Calls that
// are up need no relay until their path is lost.
//
// # Goroutines and cancellation
//
// A Transport has three goroutines: one that connects and reads, one that writes, one that pings. Contexts end their own
// call only; a Send whose context ended may still arrive. Close returns when the goroutines have ended, after at most a
// second or so.
//
// # Security
//
// The owner of a mailbox signs a challenge that names the relay's origin as it was dialled, so a hostile relay cannot
// use the answer at another. A relay gives the same answer, after the same class of work, for an unknown mailbox, a wrong
// token and a stored packet; quotas do not tell either. It sees the IP addresses of its clients, the keys of mailbox
// owners, tokens, sizes and times, and can drop, delay, repeat and invent packets, which the layer above must bear.
// Neither side logs IP addresses, mailboxes or tokens. The bytes are in docs/design/03-relay.md.
package websocket
