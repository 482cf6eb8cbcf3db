package media

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/pion/transport/v4/packetio"
)

const (
	maxStreams     = 512     // of RTP and RTCP; a call with every section in use has fewer than 100
	rtpBacklog     = 1 << 20 // bytes that wait to be read
	rtcpBacklog    = 100 << 10
	refusedBacklog = 1 // a buffer that takes nothing
)

// A streamLimit makes the buffers of incoming streams. The layer below opens one for each SSRC that a packet of the peer
// names, described or not, and keeps it; so a peer that invents SSRCs would fill the memory. Far more than any call needs
// is taken for an attack, which ends the connection.
type streamLimit struct {
	n        atomic.Int64
	exceeded func()
}

func (l *streamLimit) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	switch n := l.n.Add(1); {
	case n > maxStreams:
		b.SetLimitSize(refusedBacklog)
		if n == maxStreams+1 {
			l.exceeded()
		}
	case kind == packetio.RTPBufferPacket:
		b.SetLimitSize(rtpBacklog)
	default:
		b.SetLimitSize(rtcpBacklog)
	}
	return b
}

// overrun ends a connection whose peer invents streams.
func (c *Conn) overrun() {
	c.goDo(func() {
		c.setState(ConnFailed, fmt.Errorf("%w: more streams than a call has", ErrDescription))
		if err := c.pc.Close(); err != nil {
			c.log.Debug("closing", "error", err)
		}
	})
}
