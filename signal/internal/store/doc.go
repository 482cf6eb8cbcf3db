// Package store is what a relay remembers: mailboxes, the tokens that they admit, packets, and which reader has had
// which. It does no I/O and never reads the clock; a relay calls it with the time. One mutex guards all of it, each call
// is short, and it may be used from any goroutine.
//
// Two rules shape it:
//
//   - Put gives the same answer, after the same class of work, whether the mailbox exists, the token is admitted, and
//     anybody reads. What is not admitted goes to a bounded pool of unclaimed packets for the same time, and moves to the
//     mailbox if its owner admits the token meanwhile: so a packet that overtakes its owner's return after a restart of
//     the relay is not lost. Quotas count (mailbox, token) pairs without looking whether they exist.
//   - A packet is kept until every reader of the mailbox has acknowledged it, at most for its time. What remains of it
//     then, its id, drops the sender's repetitions.
package store
