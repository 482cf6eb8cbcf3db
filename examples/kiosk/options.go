package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// options are the flags as they are used.
type options struct {
	person.Flags
	devices
	invite      string
	ring        list
	strategy    strategy
	ringFor     time.Duration
	autoAnswer  list
	others      otherPolicy
	bellCommand words
	doorCommand words
	doorEvery   time.Duration
	commandTime time.Duration
	http        string
	httpToken   string
}

const intro = `Usage: kiosk -relay URL -ring alice,bob [flags]

A door intercom. The button is a line on stdin, SIGUSR1 or POST /ring; README.md says more. On a machine without devices:

  kiosk -relay ws://127.0.0.1:7000 -identity kiosk -new -invite alice -ring alice -camera test -microphone test -speaker none

`

func parse(args []string, errs io.Writer) (options, error) {
	o := options{strategy: inTurn, others: otherPolicy{verdictBusy}}
	f := flag.NewFlagSet("kiosk", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Usage = func() {
		fmt.Fprint(errs, intro)
		f.PrintDefaults()
	}
	o.Register(f)
	o.devices.register(f)
	f.StringVar(&o.invite, "invite", "", "print one invitation on stdout, and take whoever uses it as a contact of this `name`, not verified")
	f.Var(&o.ring, "ring", "`contacts` that the button rings, separated by commas")
	f.Var(&o.strategy, "strategy", "ring them in `turn`, or together; the first who answers wins")
	f.DurationVar(&o.ringFor, "ring-for", 20*time.Second, "how long each is rung, or all together; at most 60s")
	f.Var(&o.autoAnswer, "auto-answer", "`contacts` that are answered at once, if they are verified too")
	f.Var(&o.others, "others", "what becomes of other contacts that ring: `busy`, or bell (answer takes the call)")
	f.Var(&o.bellCommand, "bell-command", "`command` that rings the bell: a program and its arguments, no shell, no quotes")
	f.Var(&o.doorCommand, "door-command", "`command` that opens the door: a program and its arguments, no shell, no quotes")
	f.DurationVar(&o.doorEvery, "door-every", 10*time.Second, "at the least, between two openings of the door")
	f.DurationVar(&o.commandTime, "command-time", 10*time.Second, "how long -door-command may take; then it is killed")
	f.StringVar(&o.http, "http", "", "`address` of the control socket, such as 127.0.0.1:8090; without -http-token it asks nobody who they are")
	f.StringVar(&o.httpToken, "http-token", "",
		"requests to -http need this `token` (default: $SOTTO_HTTP_TOKEN, which other users of this machine do not see)")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errors.New("-h shows the flags") // the flag set has said what is wrong
	}
	if o.httpToken == "" {
		o.httpToken = os.Getenv("SOTTO_HTTP_TOKEN")
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag: -h shows them", f.Arg(0))
	}
	return o, o.check()
}

// check joins all faults.
func (o *options) check() error {
	var faults []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, err := e2ee.ParseCard(o.invite)
	add(len(o.invite) > e2ee.MaxName || !utf8.ValidString(o.invite) || strings.ContainsFunc(o.invite, unprintable) || err == nil,
		"-invite %q: want a name of at most %d bytes", o.invite, e2ee.MaxName)
	add(o.ringFor < time.Second || o.ringFor > time.Minute, "-ring-for %v: want 1s to 1m", o.ringFor)
	add(o.doorEvery < 0, "-door-every %v: want 0 or more", o.doorEvery)
	add(o.commandTime <= 0 || o.commandTime > time.Minute, "-command-time %v: want up to 1m", o.commandTime)
	add(len(o.bellCommand) > 0 && o.others.verdict != verdictBell, "-bell-command is of use with -others bell")
	if err := checkControl(o.http, o.httpToken); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(append(faults, o.devices.check())...)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// A list is names separated by commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set adds names; the flag may be repeated.
func (l *list) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return errors.New("a name is empty")
		}
		*l = append(*l, name)
	}
	return nil
}

// Words are a program and its arguments.
type words []string

func (w *words) String() string { return strings.Join(*w, " ") }

// Set splits at blanks.
func (w *words) Set(text string) error {
	if *w = strings.Fields(text); len(*w) == 0 {
		return errors.New("there is no program in it")
	}
	return nil
}
