// Package signal carries small sealed packets between mailboxes: what two devices must say to each other before, and
// beside, a call. It never looks inside a packet.
//
// # Use
//
// Take a transport from a sub-package: signal/websocket for a relay in the network, signal/memory for tests and for two
// clients in one process. To write one, implement Transport, Opener and Registrar, all of which calls need (what Open
// returns for a mailbox is a Registrar too), ICEServerProvider if the relay lends servers, and run signal/signaltest
// against it.
//
// # The guarantee
//
// Every Transport keeps it, and signaltest asks for each sentence:
//
//   - At least once. When Send returns nil the relay has stored the packet and hands it to every reader of the mailbox,
//     for at most Retention. It may hand it over twice, for instance after a connection broke; transports suppress the
//     duplicates that they can see, and receivers must still bear one.
//   - Ordered per sender. Packets of one Transport to one mailbox whose Sends followed each other (the first returned nil
//     before the second was called) arrive in that order. There is no order between senders. A packet whose Send
//     returned an error may or may not arrive, at any place.
//   - At most 64 KiB. A longer body is ErrTooLarge, and nothing of it was sent.
//   - Every reader. A mailbox may be open in several places; each reader gets each packet.
//   - Nothing is told. A mailbox that does not exist, a token that is not admitted and a packet that was stored all give
//     nil. Send does not tell whether anyone reads, and so cannot be used to watch somebody's presence.
//
// Packets written before a new mailbox has admitted their token may be lost: the owner calls Admit, and then gives the
// token away.
//
// # Goroutines and cancellation
//
// All methods may be called from any goroutine. A context ends its own call and nothing else. Close is idempotent, ends
// every blocked call with ErrClosed, and returns when the transport's goroutines have ended.
//
// # Security
//
// A relay sees the IP addresses of those who connect, the keys of a mailbox's owner, which token was used, sizes and
// times. It sees no content, and who seals the packets (package e2ee) must not rely on it for more than delivery: a relay
// can drop, delay, repeat and invent packets.
package signal
