// Package roomy is the machine's network with room in its UDP sockets, and with an end to what waits in TCP.
//
// A key frame comes as a hundred packets within some milliseconds. The buffer that a socket has by default holds about
// ninety of them: on a machine that is busy for that long, the rest is lost in the kernel, and a lost sound is not sent
// again. As quic-go does, sockets ask for more; what the system grants (net.core.rmem_max on Linux) is taken.
package roomy
