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
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/sotto-calls/sotto/examples/internal/person"
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
	f := &front{options: o, gear: g, log: l}
	within, shut, err := f.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f.attend(within, notifier, in, out, errs), shut())
}

// attend is the kiosk behind its front, until ctx ends.
func (f *front) attend(ctx context.Context, n *systemd.Notifier, in io.Reader, out, debug io.Writer) error {
	p, err := person.Open(f.Flags)
	if err != nil {
		return err
	}
	defer p.Close()
	go f.listen(ctx, in) // now that no passphrase is asked for any more; not waited for: nothing ends a read of a terminal
	if err := f.connect(ctx, p, n, debug); err != nil || ctx.Err() != nil {
		return err
	}
	f.log.Printf("online at %s as %v", f.Relay, p.Identity.Public())
	k := newKiosk(f.options, p, f.gear, n, f.log)
	k.advise()
	f.online.Store(k)
	k.until(ctx, out)
	return nil
}

// until runs everything until ctx ends.
func (k *kiosk) until(ctx context.Context, out io.Writer) {
	var beside sync.WaitGroup
	if k.invite != "" {
		beside.Go(func() { k.introduce(ctx, out) })
	}
	k.run(ctx)
	beside.Wait()
	k.log.Print("offline")
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
