package main

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/examples/internal/echo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A talk is one call of the bot.
type talk struct {
	*bot
	name string
	id   e2ee.ID
	by   string // who rang: us, them
	echo *echo.Echo

	mu       sync.Mutex
	mirrored media.Kinds    // of which a track is being sent back
	recorder *file.Recorder // nil: nothing is recorded
	recorded bool           // the recording has begun, or ended
}

func (b *bot) newTalk(name string, id e2ee.ID, by string) *talk {
	return &talk{bot: b, name: name, id: id, by: by, echo: echo.New(media.Kinds{})}
}

// media is what the bot sends and takes, to somebody who sends and wants these kinds.
func (t *talk) media(sends, wants media.Kinds) (call.Media, error) {
	m := call.Media{Receive: t.receive, Consent: func(context.Context, media.TrackInfo) bool { return true }}
	switch t.mode {
	case modeEcho:
		t.echo = echo.New(media.Kinds{Audio: sends.Audio && wants.Audio, Video: sends.Video && wants.Video})
		m.Send = t.echo.Sources()
	case modeClip:
		var err error
		m.Send, err = clips(wants)
		return m, err
	}
	return m, nil
}

// clips plays the built-in clip again and again.
func clips(wants media.Kinds) (send []media.Source, err error) {
	o := file.SourceOptions{Loop: true, Label: "clip"}
	add := func(s *file.Source, e error) {
		if e == nil {
			send = append(send, s)
		}
		err = errors.Join(err, e)
	}
	if wants.Audio {
		add(file.NewSource(clip.Audio(), file.Ogg, o))
	}
	if wants.Video {
		add(file.NewSource(clip.Video(), file.IVF, o))
	}
	if err != nil {
		for _, s := range send {
			s.Close()
		}
		return nil, err
	}
	return send, nil
}

// follow tells each event, and why the call has ended. When ctx ends it hangs up.
func (t *talk) follow(ctx context.Context, c *call.Call) (reason call.EndReason) {
	t.echo.Upstream(c.RequestKeyFrames)
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
		t.event(ctx, c, ev)
		if e, ok := ev.(call.Ended); ok {
			reason = e.Reason
		}
	}
	if !stop() {
		<-hung
	}
	return reason
}

func (t *talk) event(ctx context.Context, c *call.Call, ev call.Event) {
	id := c.ID()
	s := c.Stats().Media
	e := event{Name: t.name, By: t.by, Call: hex.EncodeToString(id[:4]), Path: strings.TrimSpace(s.Local + " " + s.Remote)}
	switch ev := ev.(type) {
	case call.Connected:
		e.Event, e.ID, e.Emoji, e.Safety = "connected", e2ee.FormatID(t.id), emojiOf(c), t.safetyNumber(t.id)
		t.tell(e, "%q is connected, by %s to %s, emoji %s", t.name, s.Local, s.Remote, strings.Join(e.Emoji, " "))
	case call.Reconnecting:
		e.Event = "reconnecting"
		t.tell(e, "%q is being reconnected", t.name)
	case call.TrackAdded:
		e.Event, e.Kind, e.Codec = "track", ev.Track.Kind.String(), string(ev.Track.Codec)
		t.tell(e, "%q sends %s (%s)", t.name, e.Kind, e.Codec)
	case call.TrackEnded:
		if ev.Err != nil {
			t.warn("%q: %s ended: %v", t.name, ev.Track.Kind, ev.Err)
		}
	case call.MuteChanged:
		e.Event, e.Kind, e.Muted = "mute", ev.Track.Kind.String(), &ev.Muted
		t.tell(e, "%q mutes %s: %t", t.name, e.Kind, ev.Muted)
	case call.KeysChanged:
		e.Event, e.Epoch = "keys", ev.Epoch
		t.tell(e, "%q has keys of epoch %d", t.name, ev.Epoch)
	case call.Message:
		t.reply(ctx, c, e, ev)
	case call.Ended:
		e.Event, e.Reason, e.Remote, e.Sent, e.Received = "ended", ev.Reason.String(), &ev.Remote, sentTracks(s), receivedTracks(s)
		e.Files = t.finishRecording()
		t.tell(e, "%q is gone: %s", t.name, strings.TrimPrefix(ev.String(), "call: "))
		for _, r := range e.Received {
			t.say("         sent %d frames of %s: %d opened, %d failed, %d missing", r.Frames, r.Kind, r.Opened, r.Failed, r.Missing)
		}
	}
}

// reply sends a message back, in every mode: so that chat can be tried.
func (t *talk) reply(ctx context.Context, c *call.Call, e event, m call.Message) {
	e.Event, e.Text = "message", strings.ToValidUTF8(string(m.Data), "\uFFFD")
	const most = 200 // of what people read; %q keeps the terminal from obeying it
	t.tell(e, "%q writes %.*q", t.name, most, e.Text)
	ctx, cancel := context.WithTimeout(ctx, goodbye)
	defer cancel()
	if err := c.Send(ctx, m.Data); err != nil && !errors.Is(err, call.ErrEnded) {
		t.warn("%q got no answer: %v", t.name, err)
	}
}

func emojiOf(c *call.Call) []string {
	emoji, ok := c.Emoji()
	if !ok {
		return nil
	}
	all := make([]string, len(emoji))
	for i, e := range emoji {
		all[i] = e.Symbol
	}
	return all
}
