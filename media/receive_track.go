package media

import (
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// newReceiver makes the receiving half of a section, when the peer was first allowed to send there.
func (c *Conn) newReceiver(s *section) *receiver {
	r := &receiver{
		conn: c, info: s.expects(), opener: c.cfg.Open(s.mid()), remote: &remoteTrack{},
		clock: &receiveClock{call: &c.clock, rate: defaultRules[s.kind].rate},
	}
	r.allowed.Store(s.wanted && !c.held)
	return r
}

// onTrack is called by the layer below, on a goroutine of its own, when the first packet of a remote stream came.
func (c *Conn) onTrack(track *webrtc.TrackRemote, from *webrtc.RTPReceiver) {
	r := c.receiverOf(track, from)
	if r == nil { // nobody agreed to it: it is read by nobody, and its buffer below is bounded
		c.log.Debug("stream without an agreement", "kind", track.Kind().String())
		return
	}
	c.goDo(func() { r.run(track, from) })
}

// receiverOf finds who takes a remote stream. A codec without a rule for sealed frames has no receiver.
func (c *Conn) receiverOf(track *webrtc.TrackRemote, from *webrtc.RTPReceiver) *receiver {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sections {
		if s.receiver != nil && s.transceiver.Receiver() == from {
			if rule := ruleOfMIME(track.Codec().MimeType); rule != nil && rule.kind == s.kind {
				return s.receiver
			}
		}
	}
	return nil
}

// askKeyNow asks for a key frame at the next occasion that the rate limit allows.
func (r *receiver) askKeyNow() { r.asked.Store(true) }

// readReports reads the peer's sender reports for one stream, until it ends.
func (c *Conn) readReports(r *receiver, from *webrtc.RTPReceiver) {
	buf := make([]byte, maxPacket)
	for {
		n, attributes, err := from.Read(buf)
		if err != nil {
			return
		}
		packets, err := attributes.GetRTCPPackets(buf[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == r.remote.ssrcNow() {
				r.remote.reported(sr.NTPTime)
				r.clock.reported(fromNTP(sr.NTPTime), sr.RTPTime)
			}
		}
	}
}

// readRTCP reads what the peer says about one stream of ours, for the life of its section.
func (c *Conn) readRTCP(s *section) {
	rtpSender := s.rtpSender
	c.goDo(func() {
		buf := make([]byte, maxPacket)
		for {
			n, attributes, err := rtpSender.Read(buf)
			if err != nil {
				return
			}
			packets, err := attributes.GetRTCPPackets(buf[:n])
			if err != nil {
				continue
			}
			c.mu.Lock()
			to := s.sender
			c.mu.Unlock()
			if to != nil {
				to.feedback(packets)
			}
		}
	})
}

// feedback takes what the peer says about this stream.
func (s *sender) feedback(packets []rtcp.Packet) {
	ssrc := s.track.ssrc.Load()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.PictureLossIndication:
			if p.MediaSSRC == ssrc {
				s.stats.plis.Add(1)
				s.forceKey()
			}
		case *rtcp.FullIntraRequest:
			s.stats.plis.Add(1)
			s.forceKey()
		case *rtcp.TransportLayerNack:
			for _, pair := range p.Nacks {
				s.stats.nacks.Add(uint64(len(pair.PacketList())))
			}
		case *rtcp.ReceiverReport:
			s.receptions(p.Reports, ssrc)
		case *rtcp.SenderReport:
			s.receptions(p.Reports, ssrc)
		}
	}
}

func (s *sender) receptions(reports []rtcp.ReceptionReport, ssrc uint32) {
	for _, r := range reports {
		if r.SSRC != ssrc {
			continue
		}
		s.stats.lost.Store(uint64(r.TotalLost))
		s.acked.Store(r.LastSequenceNumber)
		s.conn.roundTrip(r.LastSenderReport, r.Delay)
		s.conn.progress.wake()
	}
}
