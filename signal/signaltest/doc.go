// Package signaltest is the conformance suite of signal.Transport. Whoever writes a transport runs it:
//
//	func TestConformance(t *testing.T) {
//		signaltest.Run(t, func(t *testing.T) signaltest.Dial {
//			relay := startRelay(t)
//			return func(ctx context.Context, m signal.Mailbox) (signal.Transport, error) {
//				return mytransport.Dial(ctx, relay.URL, m)
//			}
//		})
//	}
//
// The suite asks for each sentence of the guarantee in package signal: delivery, order, sizes, uniform answers, tokens,
// several readers, cancellation, Close, concurrency; for signal.Opener and signal.Registrar, without which there are no
// calls; for ICEServers where the transport has them. Duplicates are borne, as the contract is at-least-once, but not counted
// as packets. Run it over a network that breaks connections to show that nothing is lost. It waits by context only, so it
// also runs in a testing/synctest bubble.
package signaltest
