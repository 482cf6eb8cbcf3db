package media

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

const reportEvery = 500 * time.Millisecond

// A remoteTrack counts the packets of one received stream as RFC 3550, appendix A, has it, for our reports to the peer.
type remoteTrack struct {
	mu sync.Mutex
	receptionState
}

type receptionState struct {
	ssrc                    uint32
	any                     bool
	base, highest           uint32 // extended by the number of wraps
	count                   uint32
	expectedThen, countThen uint32
	jitter                  float64
	transit                 int64
	start                   time.Time
	lastReport              uint32 // the middle of the sender's NTP time
	lastReportAt            time.Time
}

func (t *remoteTrack) reset(ssrc uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lastReport, at := t.lastReport, t.lastReportAt
	t.receptionState = receptionState{ssrc: ssrc, start: time.Now(), lastReport: lastReport, lastReportAt: at}
}

func (t *remoteTrack) ssrcNow() uint32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ssrc
}

// received counts a packet. Repairs are not packets of the stream.
func (t *remoteTrack) received(seq uint16, ts uint32, rate int64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	transit := ticks(now.Sub(t.start), rate) - int64(ts)
	if !t.any {
		t.any, t.base, t.highest, t.transit = true, uint32(seq), uint32(seq), transit
		return
	}
	t.highest += uint32(max(0, int32(int16(seq-uint16(t.highest)))))
	d := float64(int32(transit - t.transit))
	t.transit = transit
	t.jitter += (max(d, -d) - t.jitter) / 16
}

// reported remembers when the sender's last report came.
func (t *remoteTrack) reported(ntp uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastReport, t.lastReportAt = uint32(ntp>>16), time.Now()
}

// report is our report about the stream since the last one.
func (t *remoteTrack) report(now time.Time) (rtcp.ReceptionReport, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.any {
		return rtcp.ReceptionReport{}, false
	}
	expected := t.highest - t.base + 1
	r := rtcp.ReceptionReport{
		SSRC: t.ssrc, LastSequenceNumber: t.highest, Jitter: uint32(t.jitter), LastSenderReport: t.lastReport,
		TotalLost: uint32(min(max(0, int64(expected)-int64(t.count)), 1<<23-1)),
	}
	interval, got := expected-t.expectedThen, t.count-t.countThen
	if interval > 0 && interval > got {
		r.FractionLost = uint8(min(255, uint64(interval-got)<<8/uint64(interval)))
	}
	t.expectedThen, t.countThen = expected, t.count
	if t.lastReport != 0 {
		r.Delay = uint32(ticks(now.Sub(t.lastReportAt), 65536))
	}
	return r, true
}

// ntpOffset keeps our NTP times away from 0. They count from the start of the connection: the peer needs no more, and so
// it does not learn our clock.
const ntpOffset = time.Hour

func toNTP(elapsed time.Duration) uint64 {
	d := elapsed + ntpOffset
	return uint64(d/time.Second)<<32 | uint64(d%time.Second)<<32/uint64(time.Second)
}

func fromNTP(ntp uint64) time.Duration {
	return time.Duration(ntp>>32)*time.Second + time.Duration((ntp&0xffffffff)*uint64(time.Second)>>32)
}

// reportLoop sends reports until Close.
func (c *Conn) reportLoop() {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if c.ready.Load() {
				c.measureRTT()
				c.reportNow()
			}
		case <-c.ctx.Done():
			return
		}
	}
}

// reportNow tells the peer how our streams lie beside each other, and how its own arrive.
func (c *Conn) reportNow() {
	now, elapsed := time.Now(), c.elapsed()
	c.mu.Lock()
	var packets []rtcp.Packet
	var about []rtcp.ReceptionReport
	for _, s := range c.sections {
		if s.sender != nil && s.track.ssrc.Load() != 0 {
			packets = append(packets, &rtcp.SenderReport{
				SSRC: s.track.ssrc.Load(), NTPTime: toNTP(elapsed),
				RTPTime:     s.sender.clock.reading(elapsed, s.track.rate()),
				PacketCount: uint32(s.track.packets.Load()), OctetCount: uint32(s.track.bytes.Load()),
			})
		}
		if s.receiver != nil && len(about) < 31 {
			if r, ok := s.receiver.remote.report(now); ok {
				about = append(about, r)
			}
		}
	}
	c.mu.Unlock()
	if len(packets) == 0 {
		packets = []rtcp.Packet{&rtcp.ReceiverReport{SSRC: c.ownSSRC(), Reports: about}}
	} else if first, ok := packets[0].(*rtcp.SenderReport); ok {
		first.Reports = about
	}
	c.reports.sent(uint32(toNTP(elapsed)>>16), now)
	c.writeRTCP(packets...)
}

// sentReports remembers when our last reports left, to know the round trip from the peer's answer.
type sentReports struct {
	mu   sync.Mutex
	ring [16]struct {
		middle uint32
		at     time.Time
	}
	n int
}

func (s *sentReports) sent(middle uint32, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring[s.n%len(s.ring)].middle, s.ring[s.n%len(s.ring)].at = middle, at
	s.n++
}

func (s *sentReports) find(middle uint32) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.ring {
		if r.middle == middle && !r.at.IsZero() {
			return r.at, true
		}
	}
	return time.Time{}, false
}

// roundTrip takes the peer's answer to a report of ours.
func (c *Conn) roundTrip(middle, delay uint32) {
	if at, ok := c.reports.find(middle); ok && middle != 0 {
		if rtt := time.Since(at) - span(int64(delay), 65536); rtt > 0 && rtt < time.Minute {
			c.rttNow.Store(int64(rtt))
		}
	}
}

// measureRTT takes ICE's own measurement until reports have given one.
func (c *Conn) measureRTT() {
	if c.rttNow.Load() != 0 {
		return
	}
	if pair, ok := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats(); ok && pair.CurrentRoundTripTime > 0 {
		c.rttNow.CompareAndSwap(0, int64(pair.CurrentRoundTripTime*float64(time.Second)))
	}
}
