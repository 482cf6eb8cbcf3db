package media

import "time"

// Stats are the counters of a connection up to now. No address is in them.
type Stats struct {
	State    ConnState
	Local    string        // type of the selected local candidate: "host", "srflx", "prflx", "relay"; empty before
	Remote   string        // the same of the peer's
	RTT      time.Duration // as last measured, 0 before
	Sent     []SentStats   // one per stream, in the order of Streams
	Received []ReceivedStats
	Refused  uint64 // candidates of the peer that were refused
	Messages struct{ Sent, Received uint64 }
}

// SentStats count one stream that we send.
type SentStats struct {
	StreamInfo
	Muted     bool
	Frames    uint64 // read from the source, sealed and sent
	KeyFrames uint64
	Failed    [numFailures]uint64 // frames not sealed, by Failure
	Packets   uint64              // without retransmissions
	Bytes     uint64              // of RTP payload
	NACKs     uint64              // packets that the peer asked for again
	PLIs      uint64              // key frames that the peer asked for
	Lost      uint64              // packets that the peer reports lost
}

// ReceivedStats count one track of the peer.
type ReceivedStats struct {
	TrackInfo
	Frames      uint64              // complete frames that arrived
	Opened      uint64              // of these, opened and handed to the sink
	KeyFrames   uint64              // of these, key frames
	Failed      [numFailures]uint64 // frames not opened, by Failure
	Missing     uint64              // frames known to be lost on the way
	Packets     uint64              // with retransmissions
	Bytes       uint64              // of RTP payload
	PacketsLost uint64              // given up
	Recovered   uint64              // lost and sent again
	NACKs       uint64              // packets that we asked for again
	PLIs        uint64              // key frames that we asked for
}

// FailedSum is the number of frames not opened, whatever the reason.
func (r ReceivedStats) FailedSum() uint64 {
	var n uint64
	for _, f := range r.Failed {
		n += f
	}
	return n
}
