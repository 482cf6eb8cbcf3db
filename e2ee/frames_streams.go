package e2ee

import (
	"fmt"
	"maps"
	"slices"
)

// Kinds of streams.
const (
	StreamAudio = 1
	StreamVideo = 2
)

// maxStreamText bounds the text fields of a Stream, in bytes.
const maxStreamText = 32

// Stream is one encoder's output as its sender declares it (in Accept, Welcome or Describe): each simulcast layer is one.
type Stream struct {
	Ctx   uint16 // context of its keys, at most MaxContext
	MID   string // media section
	RID   string // simulcast layer, or empty
	Kind  uint8  // StreamAudio or StreamVideo
	Codec string
}

func (s Stream) valid() bool {
	return s.Ctx <= MaxContext && (s.Kind == StreamAudio || s.Kind == StreamVideo) &&
		s.MID != "" && len(s.MID) <= maxStreamText && len(s.RID) <= maxStreamText &&
		s.Codec != "" && len(s.Codec) <= maxStreamText
}

// Declare adds what the member at this leaf has said that it sends. A ctx keeps its stream for the member's life:
// declaring the same again changes nothing, something else under the same ctx is an ErrStreams. So is a declaration that
// is not well-formed, or more than MaxStreams in all. After an error nothing has changed.
func (f *Frames) Declare(leaf uint32, streams []Stream) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.destroyed {
		return ErrDestroyed
	}
	old := f.view.Load()
	all := slices.Clone(old.streams[leaf])
	for _, s := range streams {
		known := slices.IndexFunc(all, func(d Stream) bool { return d.Ctx == s.Ctx })
		switch {
		case !s.valid():
			return fmt.Errorf("%w: ctx %d", ErrStreams, s.Ctx)
		case known < 0 && len(all) == MaxStreams:
			return fmt.Errorf("%w: more than %d", ErrStreams, MaxStreams)
		case known < 0:
			all = append(all, s)
		case all[known] != s:
			return fmt.Errorf("%w: ctx %d was declared otherwise", ErrStreams, s.Ctx)
		}
	}
	view := &frameView{epochs: old.epochs, streams: maps.Clone(old.streams), dropped: old.dropped}
	if view.streams == nil {
		view.streams = make(map[uint32][]Stream)
	}
	view.streams[leaf] = all
	f.view.Store(view)
	return nil
}

// Stream is what the member at this leaf has declared under ctx.
func (f *Frames) Stream(leaf uint32, ctx uint16) (Stream, bool) {
	return f.view.Load().stream(leaf, uint64(ctx))
}

func (v *frameView) stream(leaf uint32, ctx uint64) (Stream, bool) {
	for _, s := range v.streams[leaf] {
		if uint64(s.Ctx) == ctx {
			return s, true
		}
	}
	return Stream{}, false
}
