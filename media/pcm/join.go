package pcm

import (
	"fmt"
	"slices"
)

// mostTracks is how many tracks are mixed. A track of Opus takes half a megabyte, and a peer decides how many come.
const mostTracks = 16

// join adds a track. Where there are too many, it lets go the one of those closed that has been played longest since; where
// none is closed, the new one.
func join(tracks []*incoming, in *incoming) ([]*incoming, error) {
	if len(tracks) < mostTracks {
		return append(tracks, in), nil
	}
	oldest, drained := -1, -1
	for i, t := range tracks {
		if n, closing := t.draining(); closing && n > drained {
			oldest, drained = i, n
		}
	}
	if oldest < 0 {
		_ = in.release()
		return tracks, fmt.Errorf("pcm: %d tracks are mixed already: close the Sink of one that has ended first", mostTracks)
	}
	_ = tracks[oldest].release()
	return append(slices.Delete(tracks, oldest, oldest+1), in), nil
}

// draining reports whether the track is closed, and how many blocks were played since.
func (in *incoming) draining() (blocks int, closing bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.drained, in.closing
}
