// Dial rings a contact, sends a clip, and records what comes back. README.md says more.
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

	"github.com/sotto-calls/sotto/examples/internal/person"
)

type options struct {
	person.Flags
	contact      string // a label, or the text form of an identity
	invitation   string
	video, audio string
	duration     time.Duration
	out          string
	json         bool
}

func main() {
	var o options
	o.Register(flag.CommandLine)
	flag.StringVar(&o.invitation, "invitation", "", "use this invitation `URI` first; CONTACT is then what we call whoever made it")
	flag.StringVar(&o.video, "video", "", "IVF `file` (VP8) to send; neither -video nor -audio: the built-in clip")
	flag.StringVar(&o.audio, "audio", "", "Ogg `file` (Opus) to send")
	flag.DurationVar(&o.duration, "duration", 0, "hang up after this time, e.g. 5s; 0: when the files end")
	flag.StringVar(&o.out, "out", "", "`folder` for the recording of what comes back (default: a new temporary one)")
	flag.BoolVar(&o.json, "json", false, "print the result as one JSON object on the last line of stdout")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Rings a contact, sends a clip and records what comes back.\n\n"+
			"usage: dial -relay URL [flags] CONTACT\n       dial -relay URL -invitation URI [flags] [CONTACT]\n\n"+
			"CONTACT is our own name for them, or their text form (sotto1…).")
		flag.PrintDefaults()
	}
	flag.Parse()
	o.contact = flag.Arg(0)
	if flag.NArg() > 1 || o.contact == "" && o.invitation == "" || o.duration < 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "dial:", err)
		os.Exit(1)
	}
}

// run is the whole call. What people read goes to say; with -json that is stderr, and the result goes to stdout.
func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	say := stdout
	if o.json {
		say = stderr
	}
	if o.out == "" {
		dir, err := os.MkdirTemp("", "sotto-")
		if err != nil {
			return err
		}
		o.out = dir
	}
	p, err := person.Online(ctx, o.Flags, person.Service{}, stderr)
	if err != nil {
		return err
	}
	defer p.Close()
	to, err := find(ctx, say, o, p)
	if err != nil {
		return err
	}
	t, err := ring(ctx, say, o, p, to)
	if err != nil {
		return advise(err, o, p, t)
	}
	failed := t.untilTheEnd(ctx)
	r := t.report()
	r.print(say)
	if o.json {
		if err := r.printJSON(stdout); err != nil {
			return err
		}
	}
	switch {
	case failed != nil:
		return advise(failed, o, p, t)
	case !r.good():
		return errors.New("the call did not go as it should: see above")
	}
	return nil
}
