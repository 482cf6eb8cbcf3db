// Quickstart is a private call on one machine: a relay, and two people of whom one rings the other. README.md says more.
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
	video, audio string
	duration     time.Duration
	out          string
	json         bool
}

func main() {
	var o options
	flag.StringVar(&o.video, "video", "", "IVF file (VP8) for Alice to send instead of the built-in clip")
	flag.StringVar(&o.audio, "audio", "", "Ogg file (Opus) for Alice to send instead of the built-in clip")
	flag.DurationVar(&o.duration, "duration", 0, "end the call after this time, e.g. 5s; 0: when Alice's clip ends")
	flag.StringVar(&o.out, "out", "", "folder for Bob's recording (default: a new temporary one)")
	flag.BoolVar(&o.json, "json", false, "print the result as one JSON object on the last line of stdout")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Rings, answers, sends a clip both ways and records it, all on this machine.\n\nusage: quickstart [flags]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || o.duration < 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the whole story. What people read goes to say; with -json that is stderr, and the result goes to stdout.
func run(ctx context.Context, o options, stdout io.Writer) error {
	say := stdout
	if o.json {
		say = os.Stderr
	}
	if o.out == "" {
		dir, err := os.MkdirTemp("", "sotto-")
		if err != nil {
			return err
		}
		o.out = dir
	}

	relay, err := startRelay()
	if err != nil {
		return err
	}
	defer relay.Close()
	fmt.Fprintf(say, "A relay listens on %s. It sees sealed envelopes.\n", relay.url)

	alice, err := newPerson(ctx, "Alice", relay.url)
	if err != nil {
		return err
	}
	defer alice.close()
	bob, err := newPerson(ctx, "Bob", relay.url)
	if err != nil {
		return err
	}
	defer bob.close()
	if err := introduce(alice, bob); err != nil {
		return err
	}

	c, err := talk(ctx, say, o, alice, bob)
	if err != nil {
		return err
	}
	r := c.report(relay.Stats())
	r.print(say)
	if o.json {
		if err := r.printJSON(stdout); err != nil {
			return err
		}
	}
	if !r.good() {
		return errors.New("the call did not go as it should: see above")
	}
	return nil
}
