package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	goodbye = 5 * time.Second // for the end of a call
	backlog = 8               // turns that wait for an answer; more are not answered
)

// A talk is one call of the bot. One goroutine hears, one answers, one sends the transcript, one follows the events.
type talk struct {
	*bot
	who        call.Caller
	mouth      *mouth
	transcript *transcript
	said       []string // by the caller, and not answered yet; of the goroutine that answers
	totals     totals
}

// answer takes one call, from its ringing to its end.
func (b *bot) answer(ctx context.Context, in *call.Incoming) error {
	t := &talk{bot: b, who: in.Caller()}
	t.logf("rings, %s", trust(t.who))
	if !in.Sends().Audio || !in.Wants().Audio {
		t.logf("is declined: a talk needs sound in both directions")
		return in.Decline(ctx, call.DeclineCall)
	}
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: spoken, Label: "agent"})
	if err != nil {
		return fmt.Errorf("no encoder: %w", err)
	}
	t.mouth = &mouth{w: w, turns: make(chan utterance, backlog)}
	var work sync.WaitGroup
	defer work.Wait()
	within, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the time of the call
	defer cancel()
	c, err := in.Answer(ctx, call.Media{Send: []media.Source{w}, Refuse: media.Kinds{Video: true},
		Receive: func(track media.TrackInfo) media.Sink { return t.receive(within, &work, track) }})
	if err != nil {
		return err
	}
	id := c.ID()
	t.transcript = &transcript{call: hex.EncodeToString(id[:4]), name: t.who.Name, file: b.journal, queue: make(chan []byte, waiting), logf: t.logf}
	work.Go(func() { t.answerTurns(within) })
	work.Go(func() { t.transcript.send(within, c) })
	t.follow(ctx, c, cancel)
	<-c.Done()
	work.Wait()
	t.report(c.Stats().Media)
	return nil
}

// receive begins to listen to a track. It is called again if the caller changes the codec.
func (t *talk) receive(ctx context.Context, work *sync.WaitGroup, track media.TrackInfo) media.Sink {
	if track.Kind != media.Audio {
		return nil
	}
	r, err := pcm.NewReader(track, pcm.ReaderConfig{Format: heard})
	if err != nil {
		t.logf("cannot be heard: %v", err)
		return nil
	}
	e := newEar(t.turn)
	e.began, e.ended, e.delay = t.mouth.listen, t.ended, func() time.Duration { return hearDelay(r) }
	work.Go(func() { e.listen(ctx, r) })
	return r
}

func (t *talk) ended(u utterance) {
	if !t.mouth.free(u) {
		t.logf("has said too much at once: a turn of %s is not answered", inSeconds(u.length()))
	}
}

// follow writes a line for each event. When ctx ends it hangs up. hungUp is called when the call has ended.
func (t *talk) follow(ctx context.Context, c *call.Call, hungUp func()) {
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
	hungUp()
	if !stop() {
		<-hung
	}
}

func (t *talk) event(c *call.Call, ev call.Event) {
	switch ev := ev.(type) {
	case call.Connected:
		s := c.Stats().Media
		t.logf("is connected, call %s, by %s to %s, emoji %s", t.transcript.call, s.Local, s.Remote, pictures(c))
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
	case call.Ended:
		t.logf("is gone: %s", strings.TrimPrefix(ev.String(), "call: "))
	}
}

func (t *talk) logf(format string, args ...any) {
	t.log.Printf("%q "+format, append([]any{t.who.Name}, args...)...)
}

func trust(c call.Caller) string {
	if c.Verified.IsZero() {
		return "not verified (contact verify)"
	}
	return "verified on " + c.Verified.Format(time.DateOnly)
}

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
