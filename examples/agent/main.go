// Agent answers contacts and talks with them: with programs of yours for hearing, thinking and speaking, or as a parrot.
// README.md says more.
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
	"syscall"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// rings is how often one contact may ring in 10 minutes.
const rings = 60

type options struct {
	person.Flags
	listen, think, speak string
	listenRaw            bool
	speakRate            int
	limit                time.Duration
	turn                 turnConfig
	transcript           string
	maxCalls             int
	ttl                  time.Duration
}

func main() {
	var o options
	o.register(flag.CommandLine)
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "Answers contacts and talks with them. Without -listen and -speak it is a parrot.\n"+
			"Prints invitations by which others become contacts.\n"+
			"Without -relay it makes a relay of its own for this machine, and an identity that ends with it.\n\nusage: agent [flags]")
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
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func (o *options) register(f *flag.FlagSet) {
	o.Flags.Register(f)
	f.StringVar(&o.listen, "listen", "", "`command` for speech-to-text: a WAV file on stdin (16 kHz, mono), the words on stdout")
	f.StringVar(&o.think, "think", "", "`command` that finds the answer: the words on stdin, the answer on stdout; without it, what was heard is said")
	f.StringVar(&o.speak, "speak", "", "`command` for text-to-speech: the answer on stdin, sound on stdout: WAV, or raw 16-bit samples (e.g. \"espeak-ng --stdout\")")
	f.BoolVar(&o.listenRaw, "listen-raw", false, "-listen gets samples without a WAV header")
	f.IntVar(&o.speakRate, "speak-rate", 16000, "samples a second of what -speak writes without a WAV header")
	f.DurationVar(&o.limit, "limit", 20*time.Second, "a command that takes longer is killed (-speak: that is silent for longer)")
	f.DurationVar(&o.turn.silence, "silence", 300*time.Millisecond, "without a voice: the caller has finished, and is answered")
	f.DurationVar(&o.turn.blip, "blip", 120*time.Millisecond, "a voice that is shorter neither is answered nor interrupts the agent")
	f.DurationVar(&o.turn.most, "longest", 30*time.Second, "a turn of the caller is answered after this time, finished or not")
	f.StringVar(&o.transcript, "transcript", "", "append what was heard and said to this `file`, a JSON object a line")
	f.IntVar(&o.maxCalls, "max-calls", 4, "calls at once; who rings then hears that we are busy")
	f.DurationVar(&o.ttl, "ttl", 24*time.Hour, "how long a printed invitation is good")
}

// mind finds the commands.
func (o *options) mind() (m mind, err error) {
	m = mind{rawIn: o.listenRaw, speakRate: o.speakRate}
	var errs []error
	for _, c := range []struct {
		role, line string
		to         **command
	}{{"-listen", o.listen, &m.listen}, {"-think", o.think, &m.think}, {"-speak", o.speak, &m.speak}} {
		*c.to, err = newCommand(c.role, c.line, o.limit)
		errs = append(errs, err)
	}
	if m.speak != nil && m.listen == nil {
		errs = append(errs, errors.New("-speak needs -listen: there would be no words to say"))
	}
	if m.think != nil && m.speak == nil {
		errs = append(errs, errors.New("-think needs -speak: nobody would hear the answer"))
	}
	if o.speakRate < 8000 || o.speakRate > 192000 {
		errs = append(errs, errors.New("-speak-rate is from 8000 to 192000"))
	}
	return m, errors.Join(append(errs, o.check())...)
}

// check says what is wrong with the other flags.
func (o *options) check() error {
	var errs []error
	if o.turn.silence < 200*time.Millisecond || o.turn.silence > 5*time.Second {
		errs = append(errs, errors.New("-silence is from 200ms to 5s: people pause for 200 ms within a sentence"))
	}
	if o.turn.blip < 50*time.Millisecond || o.turn.blip > time.Second {
		errs = append(errs, errors.New("-blip is from 50ms to 1s"))
	}
	if o.turn.most < time.Second || o.turn.most > 5*time.Minute {
		errs = append(errs, errors.New("-longest is from 1s to 5m"))
	}
	if o.limit <= 0 || o.maxCalls <= 0 || o.ttl <= 0 {
		errs = append(errs, errors.New("-limit, -max-calls and -ttl are more than 0"))
	}
	return errors.Join(errs...)
}

// run is the agent until ctx ends. Invitations, which are secrets, go to stdout; one line for each event goes to stderr.
func run(ctx context.Context, o options, stdout, stderr io.Writer) error {
	m, err := o.mind()
	if err != nil {
		return err
	}
	b := &bot{mind: m, turn: o.turn, log: log.New(stderr, "", log.LstdFlags)}
	if o.Relay == "" {
		stop, err := o.alone()
		if err != nil {
			return err
		}
		defer stop()
		b.log.Printf("alone on this machine. To call: go run ./examples/dial -relay %s -identity me -new -invitation '…' %s", o.Relay, o.Name)
	}
	if o.transcript != "" {
		f, err := os.OpenFile(o.transcript, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("-transcript: %w", err)
		}
		defer f.Close()
		b.journal = &journal{w: f}
	}
	b.person, err = person.Online(ctx, o.Flags, person.Service{MaxCalls: o.maxCalls, Limits: call.Limits{Rings: rings}}, stderr)
	if err != nil {
		return err
	}
	defer b.person.Close()
	b.host = &guests.Host{Person: b.person, Invitations: stdout, Log: b.log, TTL: o.ttl}
	b.log.Printf("online at %s as %v", o.Relay, b.person.Identity.Public())
	return b.run(ctx)
}
