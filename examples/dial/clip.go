package main

import (
	"errors"

	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// sources are what is sent: the files that were named, or the built-in clip.
func sources(o options) ([]media.Source, error) {
	var send []media.Source
	var errs []error
	add := func(s *file.Source, err error) {
		if err != nil {
			errs = append(errs, err)
			return
		}
		send = append(send, s)
	}
	if o.audio == "" && o.video == "" {
		add(file.NewSource(clip.Audio(), file.Ogg, file.SourceOptions{Label: "clip"}))
		add(file.NewSource(clip.Video(), file.IVF, file.SourceOptions{Label: "clip"}))
	}
	if o.audio != "" {
		add(file.OpenOgg(o.audio, file.SourceOptions{}))
	}
	if o.video != "" {
		add(file.OpenIVF(o.video, file.SourceOptions{}))
	}
	if len(errs) > 0 {
		closeAll(send)
		return nil, errors.Join(errs...)
	}
	return send, nil
}

func closeAll(sources []media.Source) {
	for _, s := range sources {
		s.Close()
	}
}
