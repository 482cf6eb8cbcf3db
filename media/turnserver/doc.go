// Package turnserver is a TURN server (RFC 8656) to embed: what carries the media of two devices of which no packet
// reaches the other directly. It also answers STUN requests. Frames pass it sealed.
//
//	s, err := turnserver.New(turnserver.Config{
//		Listen: ":3478", PublicIPs: []netip.Addr{ip}, Secret: secret,
//	})
//	defer s.Close()
//
// Users have short-lived credentials made from a shared secret (coturn's use-auth-secret convention): a relay hands them
// out when its RelayConfig.ICE holds the same secret and the server's URLs, and Credentials makes them by hand. They are
// looked at when an allocation is made; a call that is up does not end with them.
//
// # Security
//
// A TURN server sends packets of strangers from inside its network, so it is choosy: only to public addresses, never to
// loopback, private, link-local, multicast or otherwise special ranges, nor to other addresses that its own machine has (it
// looks every two seconds), unless Config.Allow names them; to its own relayed address only within the port range. The check is made when a permission is
// asked for and again for each packet. Relaying to TCP peers (RFC 6062) and reserving ports is refused. Allocations are
// limited in all, by credential and by IP address, where a /48 of IPv6 has four times what one address has; and so are TCP
// connections. Over TCP and TLS, whatever is not a whole TURN frame of bounded length
// ends the connection, and so does a connection that makes no allocation in ten seconds.
//
// It sees the IP addresses of its users and the sizes and times of packets. It logs neither.
//
// # Goroutines
//
// New starts one goroutine for each listener, and each allocation and TCP connection has one. Close ends them all.
package turnserver
