// Package calltest gives tests of programs that use package call two clients that know each other, with a relay and a
// network in memory: nothing is opened on the machine.
//
//	alice, bob := calltest.Pair(t)
//	c, err := alice.Client.Dial(ctx, alice.Peer, call.Media{…})
//
// It works in real time and in a testing/synctest bubble, where an hour of call takes seconds. Everything is closed at
// the end of the test.
package calltest
