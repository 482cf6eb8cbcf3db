package media

import "fmt"

// A ConnEvent is what a Conn tells its owner, through ConnConfig.Notify. Generation is ConnConfig.Generation, so that
// late events of a replaced connection can be told apart.
type ConnEvent struct {
	Generation uint64
	Event      Event
}

// An Event is one of CandidateFound, GatheringDone, StateChanged, TrackAdded, TrackEnded, ChannelOpen, MessageReceived,
// FirstFrame, SourceEnded and SinkFailed.
type Event interface{ event() }

// CandidateFound says that a candidate of ours is ready to be sent to the peer. It has been rewritten so that it tells no
// more than it must.
type CandidateFound struct{ Candidate Candidate }

// GatheringDone says that no further CandidateFound comes until an ICE restart.
type GatheringDone struct{}

// StateChanged says that the connection is in another state.
type StateChanged struct {
	State ConnState
	Err   error // why, for ConnFailed
}

// TrackAdded says that a track of the peer was negotiated: frames of it may come, and go to a Sink of ConnConfig.Sink.
// It comes again where the peer sends again after a TrackEnded; the Sink is the same then.
type TrackAdded struct{ Track TrackInfo }

// TrackEnded says that the peer sends a track no more, by its own description. A track that is muted, or held by either
// side, has not ended.
type TrackEnded struct{ Track TrackInfo }

// ChannelOpen says that SendMessage works from now on.
type ChannelOpen struct{}

// MessageReceived carries one message of the peer, opaque, at most MaxMessage bytes, in order.
type MessageReceived struct{ Data []byte }

// FirstFrame says that the first frame of a received track was opened.
type FirstFrame struct{ MID string }

// SourceEnded says that a source of ours yields no more: Err is nil at its end, else what went wrong.
type SourceEnded struct {
	Ctx uint16
	MID string
	Err error
}

// SinkFailed says that a sink refused a frame and was closed; frames of that track are discarded from now on.
type SinkFailed struct {
	MID string
	Err error
}

func (CandidateFound) event()  {}
func (GatheringDone) event()   {}
func (StateChanged) event()    {}
func (TrackAdded) event()      {}
func (TrackEnded) event()      {}
func (ChannelOpen) event()     {}
func (MessageReceived) event() {}
func (FirstFrame) event()      {}
func (SourceEnded) event()     {}
func (SinkFailed) event()      {}

// A ConnState is where a connection stands: ICE and DTLS taken together. The zero value is invalid.
type ConnState uint8

const (
	// ConnNew is the state before both descriptions are known.
	ConnNew ConnState = iota + 1
	// ConnConnecting is the state while ICE looks for a path or DTLS shakes hands.
	ConnConnecting
	// ConnConnected is the state in which frames and messages flow.
	ConnConnected
	// ConnDisconnected follows ConnConnected after 1.5 s of silence from the peer. It may heal by itself or by an ICE
	// restart.
	ConnDisconnected
	// ConnFailed follows 10 s later, or when no path was found, or DTLS failed. An ICE restart may heal it, unless DTLS
	// failed.
	ConnFailed
	// ConnClosed is the last state, entered by Close alone.
	ConnClosed
)

func (s ConnState) String() string {
	names := [...]string{"invalid", "new", "connecting", "connected", "disconnected", "failed", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("ConnState(%d)", uint8(s))
}
