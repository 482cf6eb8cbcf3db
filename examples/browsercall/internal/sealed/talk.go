package main

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/browsercall/internal/lossy"
	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/file"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A talk is one call, and what was seen of the other side's pictures.
type talk struct {
	*call.Call
	seen lossy.Freezes
}

// A watcher is a Sink that notes when pictures come.
type watcher struct{ seen *lossy.Freezes }

func (w watcher) WriteFrame(media.Frame) error {
	w.seen.Frame(time.Now())
	return nil
}

func (watcher) Close() error { return nil }

// ring calls a contact, plays the clip, and watches what comes.
func (p *program) ring(ctx context.Context, c command) error {
	to, err := p.contacts.Find(c.Name)
	if err != nil {
		return err
	}
	t := &talk{}
	m, err := p.mediaOf(t, c)
	if err != nil {
		return err
	}
	if t.Call, err = p.client.Dial(ctx, to, m); err != nil {
		return err
	}
	p.begin(ctx, t, c.Name)
	return nil
}

// mediaOf is the clip, and a watcher of the other side's pictures.
func (p *program) mediaOf(t *talk, c command) (call.Media, error) {
	m := call.Media{
		Receive: func(i media.TrackInfo) media.Sink {
			if i.Kind == media.Video {
				return watcher{&t.seen}
			}
			return nil
		},
		Consent: func(context.Context, media.TrackInfo) bool { return true },
	}
	audio, err := p.source("audio")
	if err != nil {
		return m, err
	}
	m.Send = []media.Source{audio}
	if c.Send == "audio" {
		return m, nil
	}
	video, err := p.source("video")
	if err != nil {
		audio.Close()
		return m, err
	}
	m.Send = append(m.Send, video)
	return m, nil
}

func (p *program) begin(ctx context.Context, t *talk, name string) {
	p.mu.Lock()
	p.talk = t
	p.mu.Unlock()
	go p.follow(ctx, t, name)
}

// source is what is sent of a kind.
func (p *program) source(kind string) (media.Source, error) {
	o := file.SourceOptions{Loop: true}
	switch {
	case kind == "audio":
		return sound(p.audio)
	case p.screen.Device != "":
		return device.OpenScreen(p.screen)
	case p.video == "":
		return file.NewSource(clip.Video(), file.IVF, o)
	case strings.HasSuffix(p.video, ".ivf"):
		return file.OpenIVF(p.video, o)
	}
	return file.OpenAnnexB(p.video, file.Rational{Num: 30, Den: 1}, o)
}

// sound is the clip's in Opus, and a tone in G.711.
func sound(codec media.Codec) (media.Source, error) {
	if codec == media.Opus {
		return file.NewSource(clip.Audio(), file.Ogg, file.SourceOptions{Loop: true})
	}
	const rate, pitch, loudness = 8000, 440, 8000
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: pcm.Format{Rate: rate, Channels: 1}, Codec: codec, Buffer: time.Second})
	if err != nil {
		return nil, err
	}
	second := make([]int16, rate) // a whole number of periods
	for i := range second {
		second[i] = int16(loudness * math.Sin(2*math.Pi*pitch*float64(i)/rate))
	}
	go func() {
		for w.Write(context.Background(), second) == nil { // until the call closes it
		}
	}()
	return w, nil
}

func (p *program) follow(ctx context.Context, t *talk, name string) {
	for ev := range t.Events(ctx) {
		switch ev := ev.(type) {
		case call.Ringing:
			p.say(event{Event: "ringing", Name: name})
		case call.Connected:
			p.say(event{Event: "connected", Name: name, Emoji: t.emoji()})
		case call.Reconnecting:
			p.say(event{Event: "reconnecting", Name: name})
		case call.Ended:
			e := event{Event: "ended", Name: name, Reason: ev.Reason.String(), Remote: ev.Remote, Received: t.received()}
			if ev.Err != nil {
				e.Fault = ev.Err.Error()
			}
			p.say(e)
		}
	}
}

func (t *talk) emoji() (all []string) {
	emoji, _ := t.Emoji()
	for _, e := range emoji {
		all = append(all, e.Symbol)
	}
	return all
}

func (t *talk) received() (all []track) {
	for _, r := range t.Stats().Media.Received {
		all = append(all, track{r.Kind.String(), string(r.Codec), r.Frames, r.Opened, r.FailedSum(), r.Missing, r.Bytes})
	}
	return all
}
