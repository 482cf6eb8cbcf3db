// Eavesdrop is a call through a relay and a TURN server in the worst hands. README.md says more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	mitm, json bool
	duration   time.Duration
	ring       time.Duration
}

func main() {
	var o options
	flag.BoolVar(&o.mitm, "mitm", false, "let the relay interfere: each attempt is a row; exit status 1 if one succeeds")
	flag.BoolVar(&o.json, "json", false, "print the result as JSON on stdout; what people read goes to stderr")
	flag.DurationVar(&o.duration, "duration", 3*time.Second, "how long the two talk (without -mitm)")
	flag.DurationVar(&o.ring, "ring", 15*time.Second, "how long a call rings for nobody (with -mitm)")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "A call through a hostile relay: what the two hear, and what the relay has of it.\n\nusage: eavesdrop [flags]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || o.duration < 0 || o.ring <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "eavesdrop:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted")

func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	say := stdout
	if o.json {
		say = stderr
	}
	var result any
	var err error
	if o.mitm {
		result, err = interfere(ctx, o, say)
	} else {
		result, err = listen(ctx, o, say)
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if o.json && result != nil {
		if e := writeJSON(stdout, result); e != nil {
			return e
		}
	}
	return err
}
