package main

import (
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/media"
)

// advise adds to an error what to do about it.
func advise(err error, o options, p *person.Person, t *talk) error {
	if errors.Is(err, call.ErrNoRoute) {
		return fmt.Errorf("the contact's relay was not reached; is it the one of their invitation? %w", err)
	}
	e, ok := errors.AsType[*call.EndedError](err)
	if !ok {
		return err
	}
	next := map[call.EndReason]string{
		call.Declined:          "they said no",
		call.Busy:              "they are in another call: try again later",
		call.TimedOut:          "nobody answered; they will find a note of a missed call",
		call.AnsweredElsewhere: "another of their programs has the call",
		call.Unreachable: "no program of theirs reads its mailbox at the relay now, or it ignores us: is it running, are we its contact,\n" +
			"  and have we not rung too often? (the default is 6 times in 10 minutes)",
		call.Unsupported: "the other program is of another version",
		call.PeerLost:    "the other program died or lost its network; what was recorded up to then is readable",
		call.AuthFailed:  "somebody interferes. Do not go on by this relay before you know why",
		call.ClockSkew:   "set the clocks of both machines",
		call.Closed:      "our own program was closed",
	}[e.Reason]
	if e.Reason == call.IceFailed || e.Reason == call.IceTimeout || e.Reason == call.MediaFailed {
		next = path(err, o, p, t)
	}
	if next == "" {
		return err
	}
	return fmt.Errorf("%w\n  %s", err, next)
}

// path names the step on the way to a path for the media at which it ended.
func path(err error, o options, p *person.Person, t *talk) string {
	s := t.call.Stats().Media
	switch {
	case errors.Is(err, media.ErrHandshake):
		return "step: DTLS. A path was found, and then whoever answered on it had another key, or no answer came"
	case s.State == media.ConnNew:
		return "step: negotiation. No description of the other side could be used; -debug says more"
	case s.Local != "":
		return fmt.Sprintf("step: DTLS or keys. ICE had found a path, %s to %s; -debug says more", s.Local, s.Remote)
	case o.RelayOnly:
		return "step: ICE, relay candidates alone (-relay-only). The TURN server was not reached or refused us, or the other side's was:\n" +
			"  its UDP port, 3478 if nothing else was said, must be open, and user and secret must be right; -debug says more"
	case !p.TURN:
		return "step: ICE connectivity checks. No packet got through directly, and there was no TURN server to go by:\n" +
			"  let the relay lend one (go run ./examples/relay does), or name one with -turn URL,user,secret"
	}
	return "step: ICE connectivity checks. Neither directly nor by TURN did a packet get through:\n" +
		"  is the TURN server's UDP port open for both sides? Is this machine and the other on one machine, then -loopback yes? -debug says more"
}
