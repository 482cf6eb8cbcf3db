package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/environ"
)

// message takes a message of a call: a request to open the door, or nothing of ours.
func (k *kiosk) message(l *leg, m call.Message) {
	switch err := parseDoor(m.Data); {
	case errors.Is(err, errNoRequest):
		k.logf(l, "writes %d bytes that are not for the door", len(m.Data))
	case err != nil:
		k.refuse(l, err.Error())
	default:
		k.openDoor(l, m.From)
	}
}

// openDoor decides with what the store says at this moment.
func (k *kiosk) openDoor(l *leg, from e2ee.ID) {
	if k.closing { // a command that begins now could not be waited for
		k.refuse(l, "the door's program is ending: try again in a minute")
		return
	}
	who, known := k.lookup(from)
	if why := k.door.refuse(who, known, time.Now()); why != "" {
		k.refuse(l, why)
		return
	}
	k.log.Printf("%q, %v, opens the door", who.Name, who.ID)
	k.work.Go(func() {
		ctx, cancel := k.lasting()
		defer cancel()
		if err := k.execute(ctx, k.doorCommand, who); !k.post(doorDone{l, err}) && err != nil {
			k.log.Printf("-door-command: %v", err)
		}
	})
}

// refuse says why the door stays shut.
func (k *kiosk) refuse(l *leg, why string) {
	k.counts.door["refused"]++
	k.logf(l, "wanted the door opened: refused, %s", why)
	k.send(l, doorAnswer(why))
}

// doorDone answers whoever opened the door.
func (k *kiosk) doorDone(d doorDone) {
	k.door.opened(d.err, time.Now())
	if d.err != nil {
		k.counts.door["failed"]++
		k.log.Printf("-door-command: %v", d.err)
		k.send(d.leg, doorAnswer("it does not work: ask whoever runs it"))
		return
	}
	k.counts.door["opened"]++
	k.log.Print("the door was opened")
	k.send(d.leg, doorAnswer(""))
}

// send queues a message to a call. If too many wait, it is dropped.
func (k *kiosk) send(l *leg, data []byte) {
	if !k.legs[l] {
		return // it has ended
	}
	select {
	case l.answers <- data:
	default:
		k.logf(l, "asks faster than we answer")
	}
}

// sendAnswers sends what is queued, until the call has ended.
func (k *kiosk) sendAnswers(l *leg, c *call.Call) {
	for {
		select {
		case data := <-l.answers:
			ctx, cancel := context.WithTimeout(k.ctx, takeHold)
			if err := c.Send(ctx, data); err != nil && !errors.Is(err, call.ErrEnded) {
				k.logf(l, "got no answer: %v", err)
			}
			cancel()
		case <-c.Done():
			return
		}
	}
}

// lasting is a context for what is not to be cut short by the end of the kiosk, as a door that stands open: it ends goodbye
// after the kiosk's.
func (k *kiosk) lasting() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(k.ctx))
	stop := context.AfterFunc(k.ctx, func() { time.AfterFunc(goodbye, cancel) })
	return ctx, func() { stop(); cancel() }
}

// killDelay is how long a command has between being asked to end and being killed, and how long we wait for the output of what
// it left behind.
const killDelay = time.Second

// execute runs a command for -command-time at most, and until parent ends.
func (k *kiosk) execute(parent context.Context, command []string, who e2ee.Contact) error {
	ctx, cancel := context.WithTimeout(parent, k.commandTime)
	defer cancel()
	err := k.executeUntil(ctx, command, who)
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s was ended after %v (-command-time): %w", command[0], k.commandTime, err)
	}
	return fmt.Errorf("%s was ended with the kiosk: %w", command[0], err)
}

// executeUntil runs a command of the user's, without a shell, until ctx ends. Then it and what it started get SIGTERM, and after
// killDelay SIGKILL. It learns who caused it from its environment, which holds nothing else of ours: no path of a passphrase,
// and no way to speak for us to systemd.
func (k *kiosk) executeUntil(ctx context.Context, command []string, who e2ee.Contact) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = killDelay
	g := newGroup(cmd)
	cmd.Env = append(environ.Bare(os.Environ()), "SOTTO_CONTACT="+strings.ReplaceAll(who.Name, "\x00", ""), "SOTTO_ID="+e2ee.FormatID(who.ID))
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	g.end(killDelay)
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // it succeeded, and left something behind that holds its output
		return nil
	}
	return fmt.Errorf("%w: %q", err, out.text())
}

// A tail keeps the end of what a command writes.
type tail struct{ bytes.Buffer }

const tailLength = 400

// Write takes all, and keeps the end.
func (t *tail) Write(b []byte) (int, error) {
	t.Buffer.Write(b)
	if extra := t.Len() - tailLength; extra > 0 {
		t.Next(extra)
	}
	return len(b), nil
}

func (t *tail) text() string { return strings.ToValidUTF8(t.String(), "\uFFFD") }
