package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
)

// A command is one line of the input.
type command struct {
	Do   string `json:"do"`   // a name of commands
	Name string `json:"name"` // of the contact to ring
	Kind string `json:"kind"` // audio or video: of the track that it is about
	Mute bool   `json:"mute"`
	Send string `json:"send"` // what to send of the clip: audio alone, or both if it says nothing
}

// commands are what does not need a call, by name.
var commands = map[string]func(*program, context.Context, command) error{
	"invite": func(p *program, _ context.Context, _ command) error {
		inv, err := p.contacts.Invite(time.Hour, "")
		if err == nil {
			p.say(event{Event: "invitation", URI: inv.URI()})
		}
		return err
	},
	"ring":    (*program).ring,
	"answer":  (*program).answer,
	"decline": (*program).decline,
	"cut":     func(p *program, _ context.Context, _ command) error { p.network.Cut(true); return nil },
	"mend":    func(p *program, _ context.Context, _ command) error { p.network.Cut(false); return nil },
}

// callCommands are what is done to the last call.
var callCommands = map[string]func(*program, *talk, context.Context, command) error{
	"ask": func(p *program, t *talk, _ context.Context, _ command) error {
		seen := t.seen.Total(time.Now())
		p.say(event{Event: "freeze", Freeze: &seen, Received: t.received()})
		return nil
	},
	"hangup": func(_ *program, t *talk, ctx context.Context, _ command) error { return t.Hangup(ctx, call.Left) },
	"mute": func(_ *program, t *talk, ctx context.Context, c command) error {
		s, err := t.stream(c.Kind)
		if err != nil {
			return err
		}
		return t.SetMuted(ctx, s.Ctx, c.Mute)
	},
	"add": func(p *program, t *talk, ctx context.Context, c command) error {
		source, err := p.source(c.Kind)
		if err != nil {
			return err
		}
		_, err = t.AddTrack(ctx, source)
		return err
	},
	"remove": func(_ *program, t *talk, ctx context.Context, c command) error {
		s, err := t.stream(c.Kind)
		if err != nil {
			return err
		}
		return t.RemoveTrack(ctx, s.Ctx)
	},
	"network": func(_ *program, t *talk, _ context.Context, _ command) error {
		t.NetworkChanged()
		return nil
	},
}

func (p *program) do(ctx context.Context, c command) error {
	if f := commands[c.Do]; f != nil {
		return f(p, ctx, c)
	}
	f := callCommands[c.Do]
	if f == nil {
		return fmt.Errorf("nothing to do is called %q", c.Do)
	}
	p.mu.Lock()
	t := p.talk
	p.mu.Unlock()
	if t == nil {
		return errors.New("there is no call")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return f(p, t, ctx, c)
}

// stream is the last one of this kind that we send.
func (t *talk) stream(kind string) (last media.StreamInfo, err error) {
	err = fmt.Errorf("no %s is sent", kind)
	for _, s := range t.Streams() {
		if s.Kind.String() == kind {
			last, err = s, nil
		}
	}
	return last, err
}
