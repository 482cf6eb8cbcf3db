package pulsetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Play plays samples of one channel, 16 bit little endian, at a rate into a sink, until they end, the sink goes away or stop
// is called, which returns when it has ended. The server holds half a second of them, so that a test on a busy machine
// leaves no gap.
func (s *Server) Play(sink string, rate int, samples io.Reader) (stop func()) {
	s.t.Helper()
	c := s.pacat("--playback", rate, "--latency-msec=500", "--device="+sink)
	pipe, err := c.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.start(c, func() {
		_, _ = io.Copy(pipe, samples) // an error means that pacat has ended
		_ = pipe.Close()
	})
}

// Record returns what a source yields, as Play takes it, until the source goes away or stop is called. It loses nothing
// that is read too late, and comes in pieces of some 10 ms.
func (s *Server) Record(source string, rate int) (samples io.Reader, stop func()) {
	s.t.Helper()
	c := s.pacat("--record", rate, "--latency-msec=10", "--device="+source)
	pipe, err := c.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	return pipe, s.start(c, func() {})
}

func (s *Server) pacat(direction string, rate int, more ...string) *exec.Cmd {
	args := append([]string{direction, "--raw", "--format=s16le", "--channels=1", fmt.Sprintf("--rate=%d", rate)}, more...)
	c := exec.Command("pacat", args...)
	c.Env = append(os.Environ(), "PULSE_SERVER="+s.Address, "HOME="+s.dir)
	return c
}

// start runs a command, and feed beside it, until stop.
func (s *Server) start(c *exec.Cmd, feed func()) (stop func()) {
	s.t.Helper()
	if err := c.Start(); err != nil {
		s.t.Fatalf("pacat: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		feed()
		_ = c.Wait() // it is killed, or its device went away
	}()
	stop = sync.OnceFunc(func() {
		_ = c.Process.Kill() // it may have ended
		<-ended
	})
	s.t.Cleanup(stop)
	return stop
}
