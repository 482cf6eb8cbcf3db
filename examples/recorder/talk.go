package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const goodbye = 5 * time.Second // for the end of a call

// A participant is somebody who is recorded, or will be. The talk's goroutine owns it, but for the gate.
type participant struct {
	stance
	id    e2ee.ID
	label string
	name  string // of their files, without the ending
	gate  *gate
	files *files // nil before anything was written
	told  bool   // the notice is on its way, or waits for one
}

// A talk is one call of the recorder. One goroutine, in follow, owns it.
type talk struct {
	*bot
	peer    string // our own name for the other side
	writer  *pcm.Writer
	self    *participant
	others  []*participant
	call    *call.Call
	record  *recording // nil before the first may be recorded
	noticed chan *participant
	work    sync.WaitGroup // what waits for the network
	alarm   *time.Timer    // asks again who may be recorded
	beeps   *time.Ticker
	ringing bool   // we ring, and nobody has answered yet
	held    bool   // by the other side: nothing is sent
	sent    int    // tracks that were announced
	leaving string // why we hang up; empty: we do not
}

// newTalk makes the recorder's own side of a call with somebody.
func (b *bot) newTalk(peer e2ee.ID, label string) (*talk, error) {
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: voice, Label: "recorder"})
	if err != nil {
		return nil, fmt.Errorf("no encoder: %w", err)
	}
	t := &talk{bot: b, peer: label, writer: w, noticed: make(chan *participant, 8)}
	t.self = &participant{id: b.person.Identity.Public(), label: b.name, name: "recorder", gate: &gate{}}
	t.add(peer, label)
	return t, nil
}

func (t *talk) add(id e2ee.ID, label string) *participant {
	p := &participant{id: id, label: label, name: fmt.Sprintf("participant-%d", len(t.others)+1), gate: &gate{}}
	t.others = append(t.others, p)
	return p
}

// media is what the recorder sends, its beeps, and takes: everything.
func (t *talk) media() call.Media {
	mouth := &own{Writer: t.writer, track: t.self.gate.track(t.writer.Track(), t.logf)}
	peer := t.others[0] // a call is for two: whatever comes is theirs
	return call.Media{Send: []media.Source{mouth},
		Receive: func(info media.TrackInfo) media.Sink { return peer.gate.received(info, t.logf) },
		Consent: func(context.Context, media.TrackInfo) bool { return true }} // a screen they share, too
}

// run follows the call to its end and completes the files.
func (t *talk) run(ctx context.Context, c *call.Call) {
	t.call = c
	t.alarm, t.beeps = time.NewTimer(0), time.NewTicker(beepEvery)
	defer t.alarm.Stop()
	defer t.beeps.Stop()
	within, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the time of the call
	defer cancel()
	events := make(chan call.Event)
	go func() {
		defer close(events)
		for ev := range c.Events(within) {
			events <- ev
		}
	}()
	t.follow(ctx, within, events)
	t.finish()
	cancel()
	<-c.Done()
	t.work.Wait()
}

// follow is the goroutine of the call, until it has ended.
func (t *talk) follow(ctx, within context.Context, events <-chan call.Event) {
	var full chan struct{}
	stop := ctx.Done()
	for {
		if t.record != nil {
			full = t.record.folder.full
		}
		select {
		case ev, more := <-events:
			if !more {
				return
			}
			t.event(within, ev)
		case p := <-t.noticed:
			p.noticed = time.Now()
			t.logf("was told: %q", t.notice())
		case <-t.alarm.C:
		case <-t.beeps.C:
			if t.record != nil && t.beep {
				t.sound(within)
			}
			continue
		case <-full:
			t.leave(fmt.Sprintf("the files have %d MB, which is the limit", t.limit>>20))
		case <-stop:
			stop = nil
			t.leave("the recorder ends")
		}
		t.decide(within)
	}
}

// decide opens the gate of everybody who may be recorded, and hangs up if it must.
func (t *talk) decide(ctx context.Context) {
	next := time.Duration(0)
	for _, p := range t.others {
		v, again := t.policy.judge(p.stance, time.Now())
		switch {
		case v == mustLeave && p.refused:
			t.leave("they do not want to be recorded")
		case v == mustLeave:
			t.leave("they did not agree in time")
		case v == mayRecord && p.files == nil && t.leaving == "":
			t.open(ctx, p)
		case again > 0 && (next == 0 || again < next):
			next = again
		}
	}
	if next > 0 {
		t.alarm.Reset(next)
	}
}

// open begins to record somebody.
func (t *talk) open(ctx context.Context, p *participant) {
	if t.record == nil {
		r, err := begin(t.out, t.limit, t.logf)
		if err != nil {
			t.leave(fmt.Sprintf("nothing can be written: %v", err))
			return
		}
		t.record = r
		t.logf("is recorded into %s", r.folder.path)
		t.admit(t.self)
		t.sound(ctx)
		t.beeps.Reset(beepEvery)
	}
	t.admit(p)
	t.call.RequestKeyFrames() // a video file begins with one
}

// admit opens a gate.
func (t *talk) admit(p *participant) {
	files, err := t.record.participant(p.name, p != t.self)
	if err != nil {
		t.leave(fmt.Sprintf("nothing can be written: %v", err))
		return
	}
	p.files = files
	p.gate.open(files)
}

// sound is the beep. Nobody hears it on hold, and it is not made up for: what is still to be sent is enough.
func (t *talk) sound(ctx context.Context) {
	if t.held || t.writer.Stats().Waiting > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second) // the call's goroutine waits here
	defer cancel()
	if err := t.writer.Write(ctx, beep()); err != nil {
		t.logf("hears no beep: %v", err)
	}
}

// tell sends the notice to somebody, in the time of the call.
func (t *talk) tell(ctx context.Context, p *participant) {
	if p.told {
		return
	}
	p.told = true
	t.work.Go(func() {
		if err := t.call.Send(ctx, []byte(t.notice())); err != nil {
			if ctx.Err() == nil {
				t.logf("was not told, and is not recorded: %v", err)
			}
			return
		}
		select {
		case t.noticed <- p:
		case <-ctx.Done():
		}
	})
}

// leave completes the files and hangs up.
func (t *talk) leave(why string) {
	if t.leaving != "" {
		return
	}
	t.leaving = why
	t.logf("is left: %s", why)
	for _, p := range t.everybody() {
		p.gate.open(nil)
	}
	if t.record != nil {
		t.record.finish()
	}
	reason := call.Left
	if t.ringing {
		reason = call.Cancelled
	}
	t.work.Go(func() {
		bye, cancel := context.WithTimeout(context.Background(), goodbye)
		defer cancel()
		if err := t.call.Hangup(bye, reason); err != nil {
			t.call.Close()
		}
	})
}

// event takes one event of the call.
func (t *talk) event(ctx context.Context, ev call.Event) {
	switch ev := ev.(type) {
	case call.Ringing:
		t.logf("is being rung")
	case call.Accepted:
		t.ringing = false
	case call.Connected:
		s := t.call.Stats().Media
		t.logf("is connected, call %s, by %s to %s, emoji %s", t.id(), s.Local, s.Remote, pictures(t.call))
		t.tell(ctx, t.others[0])
	case call.ParticipantJoined:
		t.joined(ctx, ev.Participant)
	case call.TrackAdded:
		if t.sent++; t.sent <= mostTracks {
			t.logf("sends %s (%s)", ev.Track.Kind, ev.Track.Codec)
		}
	case call.HoldChanged:
		t.held = ev.Held
		t.logf("holds: %t", ev.Held)
	case call.Message:
		t.message(ev)
	case call.Reconnecting:
		t.logf("is being reconnected")
	case call.Ended:
		if t.leaving == "" {
			t.leaving = strings.TrimPrefix(ev.String(), "call: ")
		}
		t.logf("is gone: %s", strings.TrimPrefix(ev.String(), "call: "))
	}
}

// joined tells whoever joins that the call is recorded.
func (t *talk) joined(ctx context.Context, joined call.Participant) {
	if joined.Self {
		return
	}
	for _, p := range t.others {
		if p.id == joined.ID {
			t.tell(ctx, p)
			return
		}
	}
	t.tell(ctx, t.add(joined.ID, joined.Name))
}

// message takes an answer to the notice.
func (t *talk) message(m call.Message) {
	record, ok := parseConsent(m.Data)
	if !ok {
		return
	}
	for _, p := range t.others {
		if p.id == m.From {
			p.agreed, p.refused = record, !record
			t.logf("agrees to be recorded: %t", record)
		}
	}
}

// finish completes the files and says which there are.
func (t *talk) finish() {
	if t.record == nil {
		t.logf("was not recorded")
		return
	}
	m := manifest{Sotto: "recording", Version: 1, Call: t.id(), Began: t.record.began, Ended: time.Now(), Why: t.leaving,
		Notice: t.notice(), Mix: "mix.wav"}
	t.record.finish()
	for _, p := range t.everybody() {
		if p.files == nil {
			continue
		}
		for _, f := range p.files.kept {
			t.logf("recorded %s", describe(f))
		}
		m.Participants = append(m.Participants, p.attendant(p.files.kept))
	}
	if err := m.write(t.record.folder); err != nil {
		t.logf("recording.json is not whole: %v", err)
	}
}

func (t *talk) everybody() []*participant { return append(slices.Clip(t.others), t.self) }

func (t *talk) id() string {
	id := t.call.ID()
	return hex.EncodeToString(id[:4])
}

func (t *talk) logf(format string, args ...any) {
	t.log.Printf("%q "+format, append([]any{t.peer}, args...)...)
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
