package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A talk is the call with everything that becomes of it.
type talk struct {
	options
	say      io.Writer
	call     *call.Call
	events   chan call.Event // closed after the last one
	recorder *file.Recorder
	playing  int // sources that have not ended

	accepted  time.Time
	connected time.Time
	way       [2]string // types of the candidates: ours, theirs
	first     firstFrame
	emoji     []e2ee.Emoji
	ended     *call.Ended
	recording error // why it is not whole
}

const (
	goodbye = 5 * time.Second        // for the end of a call
	settle  = 400 * time.Millisecond // without a further frame: what was on its way back has come, if it is as much as was sent
	linger  = 2 * time.Second        // at most, for the same
)

// ring sends the Invite. The talk that it returns is never nil.
func ring(ctx context.Context, say io.Writer, o options, p *person.Person, to e2ee.Contact) (*talk, error) {
	t := &talk{options: o, say: say}
	send, err := sources(o)
	if err != nil {
		return t, err
	}
	t.playing = len(send)
	if t.recorder, err = file.NewRecorder(o.out, file.RecorderOptions{}); err != nil {
		closeAll(send)
		return t, err
	}
	fmt.Fprintf(say, "Ringing %q, %s.\n", to.Name, trust(to))
	t.call, err = p.Client.Dial(ctx, to, call.Media{Send: send, Receive: t.receive})
	if err != nil {
		t.recorder.Close()
		return t, err
	}
	t.events = make(chan call.Event)
	go func() { // until the call has ended
		defer close(t.events)
		for ev := range t.call.Events(context.Background()) {
			t.events <- ev
		}
	}()
	return t, nil
}

func trust(c e2ee.Contact) string {
	if c.Verified.IsZero() {
		return "not verified yet"
	}
	return "verified on " + c.Verified.Format(time.DateOnly)
}

func (t *talk) receive(track media.TrackInfo) media.Sink {
	return &watched{Sink: t.recorder.Track(track), first: &t.first}
}

// untilTheEnd follows the call until the files have ended, the time is up, or somebody ends it; hangs up; and completes
// the recording. The error says why it ended otherwise than it should.
func (t *talk) untilTheEnd(ctx context.Context) error {
	failed := t.follow(ctx)
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if t.ended == nil {
		if err := t.call.Hangup(bye, t.farewell()); err != nil {
			t.call.Close()
		}
	}
	for ev := range t.events {
		failed = errors.Join(failed, t.event(ev))
	}
	t.call.Close()
	t.recording = t.recorder.Close()
	return failed
}

// farewell is the reason of our own end of the call.
func (t *talk) farewell() call.EndReason {
	if t.accepted.IsZero() {
		return call.Cancelled
	}
	return call.Left
}

// follow shows the call until it is time to hang up or it has ended.
func (t *talk) follow(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	d := newDisplay(t.say)
	defer d.end()
	for {
		select {
		case <-tick.C:
			if !t.connected.IsZero() {
				d.show(t)
			}
			if t.duration > 0 && !t.connected.IsZero() && time.Since(t.connected) >= t.duration {
				return nil
			}
		case <-ctx.Done():
			return nil // Ctrl-C hangs up like the end of the files
		case ev := <-t.events:
			d.end()
			if err := t.event(ev); err != nil || t.ended != nil {
				return err
			}
			if t.playing == 0 && t.duration == 0 {
				awaitEcho(ctx, t.sent(), t.received)
				return nil
			}
		}
	}
}

// event shows one event. An error means that this call will not go as it should.
func (t *talk) event(ev call.Event) error {
	switch ev := ev.(type) {
	case call.Ringing:
		t.sayf("It rings.")
	case call.Accepted:
		t.accepted = time.Now()
		t.sayf("Accepted; keys and a way for the media are being made.")
	case call.Connected:
		t.isConnected()
	case call.Reconnecting:
		t.sayf("The way is lost; seeking another.")
	case call.TrackEnded:
		return t.trackEnded(ev)
	case call.MuteChanged:
		t.sayf("The other side mutes %s: %t.", ev.Track.Kind, ev.Muted)
	case call.HoldChanged:
		t.sayf("The other side holds: %t.", ev.Held)
	case call.Ended:
		t.ended = &ev
		if ev.Reason != call.Left || ev.Err != nil {
			return &call.EndedError{Reason: ev.Reason, Remote: ev.Remote, Cause: ev.Err}
		}
	}
	return nil
}

func (t *talk) isConnected() {
	if t.connected.IsZero() {
		t.connected = time.Now()
	}
	if emoji, ok := t.call.Emoji(); ok {
		t.emoji = emoji[:]
	}
	s := t.call.Stats().Media
	t.way = [2]string{s.Local, s.Remote}
	t.sayf("Connected, by %s to %s. The other side sees the same emoji if nobody is in between:\n  %s", s.Local, s.Remote, pictures(t.emoji))
}

// trackEnded counts the sources that end. What ends a recording does not end the call.
func (t *talk) trackEnded(ev call.TrackEnded) error {
	switch {
	case ev.Sent && ev.Err != nil:
		return fmt.Errorf("%s could not be sent to its end: %w", ev.Track.Kind, ev.Err)
	case ev.Sent:
		t.playing--
	case ev.Err != nil:
		t.sayf("The recording of %s ends, the call goes on: %v", ev.Track.Kind, ev.Err)
	}
	return nil
}

// awaitEcho lets come what is still on its way back: until nothing more comes and it is as much as was sent, or nothing has come
// twice, and never for longer than linger. It counts pauses, not time: in one in which the machine stood still nothing could come.
func awaitEcho(ctx context.Context, sent uint64, received func() uint64) {
	last, quiet := received(), 0
	for range linger / settle {
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle):
		}
		now := received()
		if now > last {
			last, quiet = now, 0
			continue
		}
		if quiet++; quiet == 2 || now >= sent {
			return
		}
	}
}

func (t *talk) sent() (frames uint64) {
	for _, s := range t.call.Stats().Media.Sent {
		frames += s.Frames
	}
	return frames
}

func (t *talk) received() (frames uint64) {
	for _, r := range t.call.Stats().Media.Received {
		frames += r.Frames
	}
	return frames
}

func (t *talk) sayf(format string, args ...any) { fmt.Fprintf(t.say, format+"\n", args...) }

func pictures(emoji []e2ee.Emoji) string {
	if len(emoji) == 0 {
		return "none"
	}
	names := make([]string, len(emoji))
	for i, e := range emoji {
		names[i] = e.Symbol
	}
	return strings.Join(names, " ")
}

// A firstFrame remembers when the first opened frame came.
type firstFrame struct {
	mu sync.Mutex
	at time.Time
}

func (f *firstFrame) came() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at.IsZero() {
		f.at = time.Now()
	}
}

func (f *firstFrame) when() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// A watched sink notes the first frame.
type watched struct {
	media.Sink
	first *firstFrame
}

// WriteFrame passes the frame on.
func (w *watched) WriteFrame(f media.Frame) error {
	w.first.came()
	return w.Sink.WriteFrame(f)
}
