package main

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/echo"
	"github.com/sotto-calls/sotto/media"
)

// goodbye is how long the end of a call may take.
const goodbye = 5 * time.Second

// answer takes one call, from its ringing to its end.
func (b *bot) answer(ctx context.Context, in *call.Incoming) error {
	t := &talk{bot: b, who: in.Caller()}
	t.logf("rings, %s", trust(t.who))
	if err := t.startRecording(); err != nil {
		t.logf("is not recorded: %v", err)
	}
	defer t.stopRecording()
	t.echo = echo.New(shared(in.Sends(), in.Wants()))
	c, err := in.Answer(ctx, call.Media{Send: t.echo.Sources(), Receive: t.receive})
	if err != nil {
		return err
	}
	t.echo.Upstream(c.RequestKeyFrames)
	t.follow(ctx, c)
	return nil
}

// shared are the kinds that the caller both sends and takes: only these can be sent back.
func shared(sends, wants media.Kinds) media.Kinds {
	return media.Kinds{Audio: sends.Audio && wants.Audio, Video: sends.Video && wants.Video}
}

// follow writes a line for each event. When ctx ends it hangs up.
func (t *talk) follow(ctx context.Context, c *call.Call) {
	hung := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hung)
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if err := c.Hangup(bye, call.Left); err != nil {
			c.Close()
		}
	})
	for ev := range c.Events(context.WithoutCancel(ctx)) {
		t.event(c, ev)
	}
	if !stop() {
		<-hung
	}
}

func (t *talk) event(c *call.Call, ev call.Event) {
	switch ev := ev.(type) {
	case call.Connected:
		s := c.Stats().Media
		t.logf("is connected, call %s, by %s to %s, emoji %s", short(c.ID()), s.Local, s.Remote, pictures(c))
	case call.Reconnecting:
		t.logf("is being reconnected")
	case call.TrackAdded:
		t.logf("sends %s (%s)", ev.Track.Kind, ev.Track.Codec)
	case call.TrackEnded:
		if ev.Err != nil {
			t.logf("%s ended: %v", ev.Track.Kind, ev.Err)
		}
	case call.MuteChanged:
		t.logf("mutes %s: %t", ev.Track.Kind, ev.Muted)
	case call.HoldChanged:
		t.logf("holds: %t", ev.Held)
	case call.KeysChanged:
		t.logf("has keys of epoch %d", ev.Epoch)
	case call.Ended:
		t.logf("is gone: %s", strings.TrimPrefix(ev.String(), "call: "))
		t.totals(c.Stats().Media)
	}
}

func (t *talk) totals(s media.Stats) {
	for _, r := range s.Received {
		t.logf("sent %d frames of %s: %d opened, %d failed, %d missing", r.Frames, r.Kind, r.Opened, r.FailedSum(), r.Missing)
	}
	if n := t.echo.Dropped(); n > 0 {
		t.logf("got %d frames fewer back: they came faster than they could be sent", n)
	}
}

func (t *talk) logf(format string, args ...any) {
	name := t.who.Name
	t.bot.log.Printf("%q "+format, append([]any{name}, args...)...)
}

func trust(c call.Caller) string {
	if c.Verified.IsZero() {
		return "not verified (contact verify)"
	}
	return "verified on " + c.Verified.Format(time.DateOnly)
}

func short(id [32]byte) string { return hex.EncodeToString(id[:4]) }

func pictures(c *call.Call) string {
	emoji, ok := c.Emoji()
	if !ok {
		return "none"
	}
	names := make([]string, len(emoji))
	for i, e := range emoji {
		names[i] = e.Symbol
	}
	return strings.Join(names, " ")
}
