// Echobot answers contacts and sends them back what they say and show. README.md says more.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// rings is how often one contact may ring in 10 minutes. It disturbs nobody: programs ring here to try something.
const rings = 60

type options struct {
	person.Flags
	record   string
	limit    int64 // bytes of one call's recording
	maxCalls int
	ttl      time.Duration
}

func main() {
	var o options
	var megabytes int64
	o.Register(flag.CommandLine)
	flag.StringVar(&o.record, "record", "", "`folder` for recordings, one folder in it for each call; empty: nothing is recorded")
	flag.Int64Var(&megabytes, "record-limit", 100, "megabytes of one call's recording; it ends there and the call goes on")
	flag.IntVar(&o.maxCalls, "max-calls", 4, "calls at once; who rings then hears that we are busy")
	flag.DurationVar(&o.ttl, "ttl", 24*time.Hour, "how long a printed invitation is good")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Answers contacts, and sends back what they send. Prints invitations by which others become contacts.\n\n"+
			"usage: echobot -relay URL [flags]")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.limit = megabytes << 20
	if flag.NArg() > 0 || megabytes <= 0 || o.maxCalls <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "echobot:", err)
		os.Exit(1)
	}
}

// run is the bot until ctx ends. Invitations, which are secrets, go to stdout; one line for each event goes to stderr.
func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	p, err := person.Online(ctx, o.Flags, person.Service{MaxCalls: o.maxCalls, Limits: call.Limits{Rings: rings}}, stderr)
	if err != nil {
		return err
	}
	defer p.Close()
	b := &bot{options: o, person: p, invitations: stdout, log: log.New(stderr, "", log.LstdFlags)}
	b.log.Printf("online at %s as %v", o.Relay, p.Identity.Public())
	return b.run(ctx)
}
