package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"sync/atomic"
)

// Why nothing is done.
var (
	errWaits = errors.New(waiting)
	errHangs = errors.New("the kiosk hangs, or ends")
)

// A front is where somebody here reaches the kiosk: the control socket, stdin and a signal. It is there from the start, and
// refuses what is wanted before the kiosk is online: a button that was pressed in vain is not to ring hours later.
type front struct {
	options
	gear   *gear
	log    *log.Logger
	online atomic.Pointer[kiosk] // nil: not yet
}

// open opens the control socket, if there is to be one, and catches the signal. within ends with ctx, or when the socket fails;
// shut ends both and says how the socket failed.
func (f *front) open(ctx context.Context) (within context.Context, shut func() error, err error) {
	var control net.Listener
	if f.http != "" { // two kiosks at one port are a mistake to be seen at once
		if control, err = net.Listen("tcp", f.http); err != nil {
			return nil, nil, err
		}
		f.log.Printf("control at http://%v", control.Addr())
	}
	within, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	var failed error
	if control != nil {
		work.Go(func() {
			defer cancel()
			failed = f.serve(within, control)
		})
	}
	work.Go(func() { f.pressed(within) })
	return within, func() error {
		cancel()
		work.Wait()
		return failed
	}, nil
}

// listen takes a command for each line; an empty one is the button. It returns at the end of in.
func (f *front) listen(ctx context.Context, in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		verb := strings.Join(strings.Fields(strings.ToLower(lines.Text())), " ")
		if verb == "" {
			verb = verbRing
		}
		if !f.take(ctx, verb) {
			return
		}
	}
}

// take gives the kiosk a command, and logs what came of it. It reports whether another one is of use.
func (f *front) take(ctx context.Context, verb string) bool {
	r, err := f.want(ctx, verb)
	switch {
	case errors.Is(err, errHangs):
		return false
	case err != nil:
		f.log.Printf("not done: %v", err)
	default:
		f.log.Print(r.text)
	}
	return true
}

// want gives the kiosk a command.
func (f *front) want(ctx context.Context, verb string) (reply, error) {
	if k := f.online.Load(); k != nil {
		return k.want(ctx, verb)
	}
	return reply{}, errWaits
}

// look asks how the kiosk is.
func (f *front) look(ctx context.Context) (snapshot, error) {
	if k := f.online.Load(); k != nil {
		return k.look(ctx)
	}
	return snapshot{counts: newCounts(), words: waiting, faults: f.gear.lost()}, nil
}
