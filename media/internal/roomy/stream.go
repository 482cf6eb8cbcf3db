package roomy

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	dialTime = 5 * time.Second // three attempts of the system's

	// writeTime is how long a packet may wait for room. The system lets go on as soon as a third of what is under way has
	// arrived, so a path that takes longer has a round trip of several seconds: no call goes through it.
	writeTime = 2 * time.Second
)

// A stream is a connection to a TURN server over TCP or TLS. What writes to it believes to send datagrams, which never
// waits: ICE does so on the one goroutine that would find the path dead. So a stream that takes nothing more is closed, and
// everything written to it fails at once.
type stream struct {
	*net.TCPConn
	patience time.Duration
	writing  sync.Mutex // else each that waits for its turn would give more time to the one before it
}

// Write is Write of net.Conn.
func (s *stream) Write(b []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.SetWriteDeadline(time.Now().Add(s.patience)) // fails where the connection is closed, and so does Write
	n, err := s.TCPConn.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = s.Close()
	}
	return n, err
}
