// Recorder records the calls that it is in, and says so. README.md says more.
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
	"strings"
	"syscall"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

type options struct {
	person.Flags
	out       string
	megabytes int64
	ring      string
	beep      bool
	policy    policy
	maxCalls  int
	ttl       time.Duration
}

func main() {
	var o options
	o.register(flag.CommandLine)
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Records the calls that it answers, or the one that it places, and tells everybody so.\n\n"+
			"usage: recorder -relay URL [flags]\n       recorder -relay URL -ring CONTACT [flags]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "recorder:", err)
		os.Exit(1)
	}
}

func (o *options) register(f *flag.FlagSet) {
	o.Flags.Register(f)
	f.StringVar(&o.out, "out", "recordings", "`folder` for recordings, one folder in it for each call")
	f.Int64Var(&o.megabytes, "limit", 1000, "megabytes of one call; then we hang up")
	f.StringVar(&o.ring, "ring", "", "ring this `contact` and record that call, instead of waiting for calls")
	f.BoolVar(&o.beep, "beep", false, "beep every 15 seconds, and not only when the recording begins")
	f.BoolVar(&o.policy.consent, "require-consent", false, "write nothing before the other side has sent "+consentText)
	f.DurationVar(&o.policy.grace, "grace", 3*time.Second, "between the notice and the recording, to hang up in; whoever agrees by message does not wait for it")
	f.DurationVar(&o.policy.patience, "patience", time.Minute, "with -require-consent: who has not agreed by then is left")
	f.IntVar(&o.maxCalls, "max-calls", 4, "calls at once; who rings then hears that we are busy")
	f.DurationVar(&o.ttl, "ttl", 24*time.Hour, "how long a printed invitation is good")
}

func (o *options) check() error {
	var errs []error
	if o.megabytes <= 0 || o.maxCalls <= 0 || o.ttl <= 0 || o.policy.patience <= 0 {
		errs = append(errs, errors.New("-limit, -max-calls, -ttl and -patience are more than 0"))
	}
	if o.policy.grace < 0 {
		errs = append(errs, errors.New("-grace is no negative time"))
	}
	if o.out == "" {
		errs = append(errs, errors.New("-out names a folder"))
	}
	return errors.Join(errs...)
}

// run is the recorder until ctx ends, or with -ring until that call has. Invitations, which are secrets, go to stdout; one
// line for each event goes to stderr.
func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := rehearse(); err != nil {
		return err
	}
	if o.New && o.Name == "" {
		o.Name = "Recorder"
	}
	p, err := person.Online(ctx, o.Flags, person.Service{MaxCalls: o.maxCalls}, stderr)
	if err != nil {
		return err
	}
	defer p.Close()
	name := p.Contacts.Profile().Name
	if !honest(name) {
		return fmt.Errorf("we call ourselves %q: who rings must see that it is a recorder; use -name, for example -name %q", name, strings.TrimSpace(name+" (recorder)"))
	}
	b := &bot{person: p, name: name, out: o.out, limit: o.megabytes << 20, beep: o.beep, policy: o.policy, log: log.New(stderr, "", log.LstdFlags)}
	b.log.Printf("online at %s as %q, %v", o.Relay, name, p.Identity.Public())
	if o.ring != "" {
		return b.ring(ctx, o.ring)
	}
	b.host = &guests.Host{Person: p, Invitations: stdout, Log: b.log, TTL: o.ttl}
	return b.run(ctx)
}

// honest says whether a name tells what we are.
func honest(name string) bool { return strings.Contains(strings.ToLower(name), "recorder") }
