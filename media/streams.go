package media

import (
	"fmt"
	"log/slog"
)

// A StreamInfo declares one stream that we send, as the peer must know it before it opens the first frame.
type StreamInfo struct {
	Ctx   uint16 // 0 audio, 1 camera, 2 screen, 3 screen audio, then in order; never reused within a connection
	MID   string // the media section
	RID   string // the simulcast layer; always empty now
	Kind  Kind
	Codec Codec
}

// A Proposal is what a description of the peer asks for, before anything of it is applied.
type Proposal struct {
	New     []TrackInfo // tracks that the peer wants to send and that were not negotiated before
	Restart bool        // ICE starts anew
	Hold    bool        // the peer neither sends nor wants anything
}

// A Candidate is one ICE candidate as it travels between the peers.
type Candidate struct {
	MID  string // the media section it belongs to; all are bundled
	Line string // "candidate:…", at most 512 bytes
}

// Format leaves the line out, whatever the verb: it holds an address.
func (c Candidate) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "Candidate(%d bytes)", len(c.Line)) }

// LogValue keeps the address out of logs.
func (c Candidate) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
