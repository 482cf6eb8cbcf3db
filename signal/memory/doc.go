// Package memory is a network of relays inside one process, with faults to order. It is what tests of calls run on, and
// what two clients in one process use.
//
//	network := memory.New(memory.Faults{})
//	relay := network.Relay("home")
//	alice, bob := relay.Dial(aliceMailbox), relay.Dial(bobMailbox)
//
// Relays have names; a transport's Open reaches every relay of its network by name. Mailboxes, tokens, several readers
// and the storage for signal.Retention are those of the real relay: the same code keeps them. Quotas are not applied.
//
// # Faults
//
// Faults says how often packets are dropped, doubled, overtaken or late, and a Hook decides packet by packet; a transport
// can be cut off with Partition. The draws come from Seed alone: the same Sends on the same transports, opened in the
// same order, meet the same faults. Without faults nothing is lost, doubled or out of order.
//
// # Time and goroutines
//
// The package starts no goroutine of its own, and waits by channels and timers only, so it works in a testing/synctest
// bubble: open the network inside the bubble. Late packets wait on one timer of the network, which Close stops.
package memory
