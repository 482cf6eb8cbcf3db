package main

import (
	"context"

	"github.com/sotto-calls/sotto/examples/internal/choice"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// microphoneOf is the sound that a call sends; nil: none.
func (g *gear) microphoneOf(processors []pcm.Processor) (media.Source, error) {
	if g.microphone.Backend == choice.None {
		return nil, nil
	}
	open, err := g.microphone.Microphone()
	if err != nil {
		return nil, err
	}
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: open, Codec: soundCodecs[g.sound], Processors: processors,
		Notify: g.notify("microphone")})
	if err != nil {
		return nil, err // and no *pcm.Microphone that is nil
	}
	return m, nil
}

// openSpeaker opens what the flag names. It is not called for none.
func (g *gear) openSpeaker() func(context.Context) (pcm.Output, error) {
	return g.speaker.Speaker(func(level uint8) { g.log.Printf("-speaker test: sound of -%d dBov", level) })
}
