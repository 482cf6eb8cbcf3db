// Package sim is a small internet for tests: hosts, NATs, relays, delay, loss and limited rate, all in memory and, inside
// a testing/synctest bubble, in virtual time.
//
// A World has one public network with the same one-way delay between any two hosts. Host adds a host with a public
// address; NAT adds a private network behind a public address. Both give a transport.Net to build connections on. Loss is
// drawn from a seed, Cut and Heal make an address silent and speak again, as when somebody walks out of a network. Tap
// shows every packet that the public network carries.
//
// Inside a bubble every connection must be closed before Close, and Close before the bubble ends: nothing is left running
// then.
package sim
