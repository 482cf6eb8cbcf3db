// Package netns is a small internet for tests, made of Linux network namespaces: two hosts, each behind a NAT that no
// packet of the other crosses, and a public machine in the middle. It captures all links, and searches what it captured.
//
//	host A ── NAT A ── middle ── NAT B ── host B
//
// Begin with New. It needs root, iproute2, iptables and tcpdump: without them a test is skipped with the reason, or fails
// if SOTTO_REQUIRE=1. Nothing outside the namespaces is touched: they are connected to each other alone.
//
// One child process waits for the end of the test, however that comes, and then ends what runs in the namespaces and
// removes them. A capture is a tcpdump for each link. No goroutine outlives its call.
//
// The NATs are symmetric (RFC 4787: address- and port-dependent mapping and filtering): each destination sees another,
// random port, and nothing comes in that was not asked for. Only a relay in the middle joins the two sides.
package netns
