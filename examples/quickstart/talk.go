package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A conversation is the call as both sides have it.
type conversation struct {
	alice, bob *call.Call
	recorder   *file.Recorder
	accepted   time.Time
	first      firstFrame
	emoji      [2]string
	ended      call.Ended // as Bob has it
}

// patience is how long anything but the clip may take.
const patience = 30 * time.Second

// talk lets Alice ring Bob, waits until her clip has ended, and hangs up.
func talk(ctx context.Context, say io.Writer, o options, alice, bob *person) (*conversation, error) {
	send, length, err := sources(o, false)
	if err != nil {
		return nil, err
	}
	setup, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := &conversation{}
	if c.recorder, err = file.NewRecorder(o.out, file.RecorderOptions{}); err != nil {
		return nil, err
	}
	defer c.recorder.Close()

	to, _ := alice.contacts.Lookup(bob.identity.Public())
	fmt.Fprintf(say, "Alice rings %s.\n", to.Name)
	if c.alice, err = alice.client.Dial(setup, to, call.Media{Send: send, Receive: discard}); err != nil {
		return nil, err
	}
	defer c.alice.Close()
	if err := c.answer(setup, say, o, bob); err != nil {
		return nil, err
	}
	defer c.bob.Close()
	for i, side := range []*call.Call{c.alice, c.bob} {
		if err := connected(setup, side); err != nil {
			return nil, err
		}
		c.emoji[i] = pictures(side)
	}
	fmt.Fprintf(say, "Both see the same emoji if nobody is in between.\n  Alice: %s\n  Bob:   %s\n", c.emoji[0], c.emoji[1])
	if o.duration > 0 && (length == 0 || o.duration < length) {
		length = o.duration
	}
	if err := c.watch(ctx, say, o, length); err != nil {
		return nil, err
	}
	return c, c.hangUp(ctx)
}

// answer is Bob's program: it shows who rings, and accepts.
func (c *conversation) answer(ctx context.Context, say io.Writer, o options, bob *person) error {
	in, err := bob.client.Accept(ctx)
	if err != nil {
		return err
	}
	who := in.Caller()
	fmt.Fprintf(say, "Bob's program: %q rings, a contact since %s, %s. It accepts.\n", who.Name,
		who.KnownSince.Format("15:04:05"), trust(who))
	o.video, o.audio = "", "" // Bob sends the built-in clip, again and again
	send, _, err := sources(o, true)
	if err != nil {
		return err
	}
	c.accepted = time.Now()
	c.bob, err = in.Answer(ctx, call.Media{Send: send, Receive: func(t media.TrackInfo) media.Sink {
		return &watched{Sink: c.recorder.Track(t), first: &c.first}
	}})
	return err
}

func trust(c call.Caller) string {
	if c.Verified.IsZero() {
		return "not verified yet"
	}
	return "verified on " + c.Verified.Format(time.DateOnly)
}

func connected(ctx context.Context, c *call.Call) error {
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			return err
		}
		switch ev := ev.(type) {
		case call.Connected:
			return nil
		case call.Ended:
			return fmt.Errorf("%v", ev)
		}
	}
}

func pictures(c *call.Call) string {
	emoji, ok := c.Emoji()
	if !ok {
		return "none"
	}
	return join(emoji)
}

func join(emoji [7]e2ee.Emoji) string {
	names := make([]string, len(emoji))
	for i, e := range emoji {
		names[i] = e.Symbol
	}
	return strings.Join(names, " ")
}

// hangUp lets Alice end the call, and waits for Bob to hear of it.
func (c *conversation) hangUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := c.alice.Hangup(ctx, call.Left); err != nil {
		return err
	}
	for ev := range c.bob.Events(ctx) {
		if e, ok := ev.(call.Ended); ok {
			c.ended = e
		}
	}
	return c.recorder.Close()
}

// A firstFrame remembers when the first opened frame came.
type firstFrame struct {
	once sync.Once
	at   time.Time
}

// A watched sink notes the first frame.
type watched struct {
	media.Sink
	first *firstFrame
}

func (w *watched) WriteFrame(f media.Frame) error {
	w.first.once.Do(func() { w.first.at = time.Now() })
	return w.Sink.WriteFrame(f)
}

func discard(media.TrackInfo) media.Sink { return nil }
