package roomy

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// Whoever writes where nothing is read any more hears so in time, however many do, and the connection is closed.
func TestStreamThatTakesNothingEnds(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := n.DialTCP("tcp4", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.(*stream).patience; got != writeTime {
		t.Errorf("patience %v", got)
	}
	conn.(*stream).patience = 50 * time.Millisecond
	var writers sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		writers.Go(func() {
			for {
				if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	writers.Wait()
	late := 0
	for range cap(errs) {
		switch err := <-errs; {
		case errors.Is(err, os.ErrDeadlineExceeded):
			late++
		case !errors.Is(err, net.ErrClosed):
			t.Error(err)
		}
	}
	if late != 1 {
		t.Errorf("%d writers ran out of time, want the first", late)
	}
}
