package main

import (
	"io"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// sources are what is sent: the files that were named, or the built-in clip. length is how long the built-in clip plays;
// 0 where it is not known before it ends.
func sources(o options, loop bool) (send []media.Source, length time.Duration, err error) {
	so := file.SourceOptions{Loop: loop}
	audio, err := open(o.audio, clip.Audio(), file.OpenOgg, file.Ogg, so)
	if err != nil {
		return nil, 0, err
	}
	video, err := open(o.video, clip.Video(), file.OpenIVF, file.IVF, so)
	if err != nil {
		audio.Close()
		return nil, 0, err
	}
	if o.audio == "" && o.video == "" {
		length = clip.VideoFrames * time.Second / 30
	}
	return []media.Source{audio, video}, length, nil
}

func open(path string, builtin io.Reader, byPath func(string, file.SourceOptions) (*file.Source, error), format file.Format,
	o file.SourceOptions) (*file.Source, error) {
	if path != "" {
		return byPath(path, o)
	}
	return file.NewSource(builtin, format, o)
}
