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
	Restored    uint64              // of these, audio restored from copies in later packets
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

// Stats is a snapshot.
func (c *Conn) Stats() Stats {
	out := Stats{State: c.State(), RTT: c.rtt()}
	out.Local, out.Remote = c.pathTypes()
	out.Messages.Sent, out.Messages.Received = c.channel.sent.Load(), c.channel.received.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	out.Refused = c.candidates.refused
	for _, s := range c.sections {
		if s.sender != nil {
			out.Sent = append(out.Sent, s.sender.snapshot())
		}
		if s.receiver != nil {
			out.Received = append(out.Received, s.receiver.snapshot())
		}
	}
	return out
}

// pathTypes are the types of the selected candidates.
func (c *Conn) pathTypes() (local, remote string) {
	if !c.ready.Load() {
		return "", ""
	}
	pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local == nil || pair.Remote == nil {
		return "", ""
	}
	return pair.Local.Typ.String(), pair.Remote.Typ.String()
}

func (s *sender) snapshot() SentStats {
	out := SentStats{
		StreamInfo: s.stream(), Muted: s.isMuted(), Frames: s.stats.frames.Load(), KeyFrames: s.stats.keys.Load(),
		Packets: s.track.packets.Load(), Bytes: s.track.bytes.Load(),
		NACKs: s.stats.nacks.Load(), PLIs: s.stats.plis.Load(), Lost: s.stats.lost.Load(),
	}
	for i := range s.fails {
		out.Failed[i] = s.fails[i].Load()
	}
	return out
}

func (r *receiver) snapshot() ReceivedStats {
	out := ReceivedStats{
		TrackInfo: r.track(), Frames: r.stats.frames.Load(), Opened: r.stats.opened.Load(), KeyFrames: r.stats.keys.Load(),
		Missing: r.stats.missing.Load(), Restored: r.stats.restored.Load(), Packets: r.stats.packets.Load(), Bytes: r.stats.bytes.Load(),
		PacketsLost: r.stats.given.Load(), Recovered: r.stats.recovered.Load(),
		NACKs: r.stats.nacks.Load(), PLIs: r.stats.plis.Load(),
	}
	for i := range r.stats.fails {
		out.Failed[i] = r.stats.fails[i].Load()
	}
	return out
}
