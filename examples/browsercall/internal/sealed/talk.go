package main

import (
	"context"
	"math"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/browsercall/internal/lossy"
	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/media"
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
func (p *program) ring(ctx context.Context, name string) error {
	to, err := p.contacts.Find(name)
	if err != nil {
		return err
	}
	t := &talk{}
	m := call.Media{
		Receive: func(i media.TrackInfo) media.Sink {
			if i.Kind == media.Video {
				return watcher{&t.seen}
			}
			return nil
		},
		Consent: func(context.Context, media.TrackInfo) bool { return true },
	}
	if m.Send, err = clips(p.audio); err != nil {
		return err
	}
	if t.Call, err = p.client.Dial(ctx, to, m); err != nil {
		return err
	}
	p.mu.Lock()
	p.talk = t
	p.mu.Unlock()
	go p.follow(ctx, t, name)
	return nil
}

func clips(codec media.Codec) ([]media.Source, error) {
	o := file.SourceOptions{Loop: true}
	audio, err := sound(codec)
	if err != nil {
		return nil, err
	}
	video, err := file.NewSource(clip.Video(), file.IVF, o)
	if err != nil {
		audio.Close()
		return nil, err
	}
	return []media.Source{audio, video}, nil
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
			p.say(event{Event: "connected", Name: name})
		case call.Ended:
			e := event{Event: "ended", Name: name, Reason: ev.Reason.String(), Received: t.received()}
			if ev.Err != nil {
				e.Fault = ev.Err.Error()
			}
			p.say(e)
		}
	}
}

func (t *talk) received() (all []track) {
	for _, r := range t.Stats().Media.Received {
		all = append(all, track{r.Kind.String(), string(r.Codec), r.Frames, r.Opened, r.FailedSum(), r.Missing, r.Bytes})
	}
	return all
}
