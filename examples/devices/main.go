// Devices lists the cameras, microphones and speakers that calls can use, and tries them. README.md says more.
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

	"github.com/sotto-calls/sotto/examples/internal/choice"
)

const intro = `Usage: devices [flags]

Without flags it lists the devices of this machine, by the names that kiosk and the flags below take. One flag tries one:

  devices -level test        a microphone: how loud it is, and whether somebody speaks
  devices -tone test         a speaker
  devices -picture test      a camera, in the terminal

`

// options are the flags as they are used.
type options struct {
	level, tone, picture choice.Flag
	png                  string
	columns              int
	length               time.Duration
	json                 bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(program(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// program gives the exit status: 0 done, 1 failed, 2 not understood.
func program(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args, errs)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(errs, "devices:", err)
		return 2
	}
	if err := run(ctx, o, out); err != nil {
		fmt.Fprintln(errs, "devices:", err)
		return 1
	}
	return 0
}

func parse(args []string, errs io.Writer) (options, error) {
	o := options{level: choice.Flag{Backends: without(choice.Sounds)}, tone: choice.Flag{Backends: without(choice.Sounds)},
		picture: choice.Flag{Backends: without(choice.Cameras)}}
	f := flag.NewFlagSet("devices", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Usage = func() {
		fmt.Fprint(errs, intro)
		f.PrintDefaults()
	}
	f.Var(&o.level, "level", "show how loud this `microphone` is: pulse[:NAME], device[:NAME], ffmpeg:FORMAT:URL or test")
	f.Var(&o.tone, "tone", "play a tone of 440 Hz on this `speaker`: pulse[:NAME], device[:NAME], ffmpeg:FORMAT:URL or test")
	f.Var(&o.picture, "picture", "show a picture of this `camera`: ffmpeg:camera:/dev/video0, ffmpeg:…, device[:NAME] or test")
	f.StringVar(&o.png, "png", "", "write the picture to a `file`, instead of showing it")
	f.IntVar(&o.columns, "columns", 80, "how wide the terminal is, for -level and -picture")
	f.DurationVar(&o.length, "for", 5*time.Second, "how long -level and -tone take, and -picture at most; 0: until Ctrl-C")
	f.BoolVar(&o.json, "json", false, "for programs: one JSON object, and with -level one for each line")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errors.New("-h shows the flags") // the flag set has said what is wrong
	}
	tried := 0
	for _, c := range []choice.Flag{o.level, o.tone, o.picture} {
		if c.Backend != "" {
			tried++
		}
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q is no flag: -h shows them", f.Arg(0))
	case tried > 1:
		return o, errors.New("-level, -tone and -picture go one at a time")
	case o.png != "" && o.picture.Backend == "":
		return o, errors.New("-png is the file for a -picture")
	case o.columns < 40 || o.columns > 1000 || o.length < 0:
		return o, errors.New("want -columns of 40 to 1000, and -for of 0 or more")
	}
	return o, nil
}

// without leaves none out: there would be nothing to try.
func without(backends []string) (kept []string) {
	for _, b := range backends {
		if b != choice.None {
			kept = append(kept, b)
		}
	}
	return kept
}

func run(ctx context.Context, o options, out io.Writer) error {
	if o.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.length+opening)
		defer cancel()
	}
	switch {
	case o.level.Backend != "":
		return showLevel(ctx, o, out)
	case o.tone.Backend != "":
		return playTone(ctx, o, out)
	case o.picture.Backend != "":
		return showPicture(ctx, o, out)
	}
	return list(ctx, o, out)
}

// opening is how long a device may take to begin, beside -for.
const opening = 10 * time.Second
