// Browsercall is a private call with a web browser: one process serves the page, the relay and TURN, and answers with a bot.
// README.md says more.
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
	listen         string
	tls            string
	mode           mode
	out            string
	limit          int64 // bytes of one call's recording
	ring           string
	state          string
	passphraseFile string
	name           string
	ttl            time.Duration
	maxCalls       int
	ringFor        time.Duration
	json           bool
}

const intro = `Serves a page by which a web browser becomes a contact and calls, the relay and TURN, and answers with a bot.

usage: browsercall [flags]

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run gives the exit status: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	o, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(errs, "browsercall:", err)
		return 2
	}
	t := newTeller(out, errs, o.json)
	if err := serve(ctx, o, in, t); err != nil {
		fmt.Fprintln(errs, "browsercall:", err)
		return 1
	}
	return 0
}

func parse(args []string, errs io.Writer) (options, error) {
	o := options{mode: modeClip}
	var megabytes int64
	f := flag.NewFlagSet("browsercall", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Usage = func() {
		fmt.Fprint(errs, intro)
		f.PrintDefaults()
	}
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "`address` of the page and the relay; :8443 is the whole network, and needs -tls")
	f.StringVar(&o.tls, "tls", "", "self-signed: a certificate made here. Browsers give the camera to secure origins alone; loopback is one without it")
	f.TextVar(&o.mode, "mode", modeClip, "what the bot does: clip (plays one), echo (sends back what comes), record (keeps what comes)")
	f.StringVar(&o.out, "out", "", "`folder` for recordings, one folder in it for each call, in any mode (-mode record: default a temporary one)")
	f.Int64Var(&megabytes, "record-limit", 100, "megabytes of one call's recording; it ends there and the call goes on")
	f.StringVar(&o.ring, "ring", "", "ring this `contact` as soon as its page is there: our name for it, which is at first what it calls itself")
	f.StringVar(&o.state, "state", "", "`folder` that keeps identity, contacts and certificate (default: all new each time)")
	f.StringVar(&o.passphraseFile, "passphrase-file", os.Getenv("SOTTO_PASSPHRASE_FILE"), "read the passphrase of -state from `file`; else it is asked for")
	f.StringVar(&o.name, "name", "", "what the bot calls itself (default: after its mode)")
	f.DurationVar(&o.ttl, "ttl", time.Hour, "how long a printed invitation is good")
	f.IntVar(&o.maxCalls, "max-calls", 4, "calls at once; who rings then hears that we are busy")
	f.DurationVar(&o.ringFor, "ring-for", time.Minute, "how long a call rings before it counts as not answered; at most 90s")
	f.BoolVar(&o.json, "json", false, "print each event as one JSON object a line to stdout; what people read goes to stderr")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.limit = megabytes << 20
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("there are flags only, and %.20q is none", f.Arg(0))
	case o.tls != "" && o.tls != "self-signed":
		return o, fmt.Errorf("-tls %.20q: there is self-signed, and nothing else", o.tls)
	case megabytes <= 0 || o.maxCalls <= 0:
		return o, errors.New("-record-limit and -max-calls are above 0")
	case o.ringFor <= 0 || o.ringFor > 90*time.Second:
		return o, fmt.Errorf("-ring-for %v: a call rings for at most 90s", o.ringFor)
	}
	if o.name == "" {
		o.name = o.mode.botName()
	}
	return o, nil
}

// serve runs everything until ctx ends.
func serve(ctx context.Context, o options, in io.Reader, t *teller) error {
	s, err := startServer(o)
	if err != nil {
		return err
	}
	defer s.close()
	b, err := newBot(ctx, o, s, t)
	if err != nil {
		return err
	}
	defer b.close()
	t.tell(event{Event: "ready", Page: s.page(), Fingerprint: s.fingerprint()}, "Page %s, answered by %q. Enter prints a new invitation, Ctrl-C ends.", s.page(), o.name)
	if s.tls {
		t.say("The certificate is self-signed, and the browser will warn of it. Its SHA-256 fingerprint:\n%s", s.fingerprint())
	}
	return b.run(ctx, in)
}
