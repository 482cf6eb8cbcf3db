// Kiosk is a door intercom: it rings contacts at the press of a button, answers those that are allowed, and lets verified ones
// open the door. It runs for ever. README.md says more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(program(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// program gives the exit status: 0 done, 1 failed, 2 not understood.
func program(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	o, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(errs, "kiosk:", err)
		return 2
	}
	if err := run(ctx, o, in, out, errs); err != nil {
		fmt.Fprintln(errs, "kiosk:", err)
		return 1
	}
	return 0
}

// run is the kiosk until ctx ends. Invitations, which are secrets, go to out; one line for each event goes to errs.
func run(ctx context.Context, o options, in io.Reader, out, errs io.Writer) error {
	notifier, err := systemd.Open(os.Getenv)
	if err != nil {
		return err
	}
	defer notifier.Close()
	l := log.New(errs, "", log.LstdFlags|log.Lmsgprefix)
	g, err := newGear(o.devices, l)
	if err != nil {
		return err
	}
	var control net.Listener
	if o.http != "" { // before anything else: two kiosks at one port are a mistake to be seen at once
		if control, err = net.Listen("tcp", o.http); err != nil {
			return err
		}
		defer control.Close()
		l.Printf("control at http://%v", control.Addr())
	}
	p, err := online(ctx, o, notifier, l, errs)
	if err != nil || p == nil {
		return err
	}
	defer p.Close()
	l.Printf("online at %s as %v", o.Relay, p.Identity.Public())
	k := newKiosk(o, p, g, notifier, l)
	k.advise()
	return k.until(ctx, control, in, out)
}

// until runs everything until ctx ends, or the control socket fails.
func (k *kiosk) until(ctx context.Context, control net.Listener, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	if control != nil {
		beside.Go(func() {
			if err := k.serve(ctx, control); err != nil {
				cancel(err)
			}
		})
	}
	if k.invite != "" {
		beside.Go(func() { k.introduce(ctx, out) })
	}
	beside.Go(func() { k.pressed(ctx) })
	go k.listen(ctx, in) // not waited for: nothing ends a read of a terminal
	k.run(ctx)
	cancel(nil)
	beside.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	k.log.Print("offline")
	return nil
}

// advise says what of the flags cannot work, before somebody presses the button in vain.
func (k *kiosk) advise() {
	report := func(flag string) func(string, error) {
		return func(name string, err error) { k.log.Printf("%s: %q: %v", flag, name, err) }
	}
	for _, c := range resolve(k.person.Contacts, k.ring, report("-ring")) {
		if why := unreachable(c); why != "" {
			k.log.Printf("-ring: %q cannot be rung: %s", c.Name, why)
		}
	}
	for _, c := range resolve(k.person.Contacts, k.autoAnswer, report("-auto-answer")) {
		if c.Verified.IsZero() {
			k.log.Printf("-auto-answer: %q is not verified, and is not answered until they are: contact show, then contact verify", c.Name)
		}
	}
}
