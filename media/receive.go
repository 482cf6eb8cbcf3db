package media

import (
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	repairPoll = 10 * time.Millisecond // how often a track with a hole looks for repairs
	waitLeast  = 150 * time.Millisecond
	waitMost   = 800 * time.Millisecond
	waitTurn   = 60 * time.Millisecond // for a packet that was overtaken, where nothing is sent again: three of sound
)

// A receiver takes the packets of one media section, makes frames of them, opens them and hands them to the sink. The
// goroutine of its current remote track owns what is not guarded.
type receiver struct {
	conn   *Conn
	info   TrackInfo // as negotiated; see track for the codec
	opener Opener
	remote *remoteTrack // statistics for reports, shared with the reporting goroutine

	allowed atomic.Bool          // we want it, and nobody is on hold
	codec   atomic.Pointer[rule] // of the frames that come; nil before the first one
	turn    sync.Mutex           // one remote track at a time

	// Owned by the goroutine that holds turn.
	sink     Sink
	sinkMade bool
	changes  int                // of the codec
	prompt   bool               // the sink wants its frames when they arrive
	opened   bool               // at least one frame was
	coded    webrtc.PayloadType // of the packets that come, and
	coding   *rule              // what it stands for
	repairs  bool               // what is lost of them is sent again; browsers do not do that for sound
	rule     *rule              // of the last frame, with its layout
	layout   layout
	lastTS   uint32 // of the last frame that was opened
	frames   *assembler
	clock    *receiveClock
	pending  []pendingFrame
	lost     int // frames that were lost or failed since the last one delivered
	wanted   keyRequest
	asked    atomic.Bool // by the owner: ask for a key frame
	timed    bool        // a read deadline is set

	stats receiverCounters
}

// receiverCounters are what Stats shows.
type receiverCounters struct {
	frames, opened, keys, missing    atomic.Uint64
	packets, bytes, given, recovered atomic.Uint64
	restored                         atomic.Uint64
	nacks, plis                      atomic.Uint64
	fails                            [numFailures]atomic.Uint64
}

// run reads one remote track until it ends.
func (r *receiver) run(track *webrtc.TrackRemote, from *webrtc.RTPReceiver) {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.frames = newAssembler(r.info.Kind)
	r.clock.restart()
	r.codedAs(track)
	r.remote.reset(uint32(track.SSRC()))
	r.conn.goDo(func() { r.conn.readReports(r, from) }) // not before: one may wait, and would count as another stream's
	var header rtp.Header
	for {
		p := r.frames.take()
		n, attributes, err := track.Read(p.buf[:])
		now := time.Now()
		switch {
		case err == nil:
			_, repair := attributes[webrtc.AttributeRtxSsrc]
			if track.PayloadType() != r.coded {
				r.codedAs(track)
			}
			r.packet(p, n, &header, repair, now)
		case ended(err):
			r.frames.release(p)
			r.flush(now)
			return
		default: // the deadline, or a packet that cannot be used, as one of a payload type that was not negotiated
			r.frames.release(p)
		}
		r.work(now)
		r.setWake(track, now)
	}
}

// codedAs looks up what the payload type of the packets stands for.
func (r *receiver) codedAs(track *webrtc.TrackRemote) {
	r.coded, r.coding = track.PayloadType(), ruleOfMIME(track.Codec().MimeType)
	r.repairs = r.info.Kind == Video || slices.Contains(track.Codec().RTCPFeedback, webrtc.RTCPFeedback{Type: "nack"})
	if r.coding != nil {
		r.clock.setRate(r.coding.rate)
	}
}

// track describes what comes.
func (r *receiver) track() TrackInfo {
	if rule := r.codec.Load(); rule != nil {
		return trackInfo(rule, r.info.MID)
	}
	return r.info
}

// ended reports whether no read can succeed any more.
func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) }

// packet takes one packet that was read.
func (r *receiver) packet(p *packet, n int, header *rtp.Header, repair bool, now time.Time) {
	headerSize, err := header.Unmarshal(p.buf[:n])
	if err != nil || r.coding == nil || !r.allowed.Load() {
		r.frames.release(p)
		return
	}
	end := n
	if header.Padding {
		if end -= int(p.buf[n-1]); end < headerSize {
			r.frames.release(p)
			return
		}
	}
	p.payload, p.rule, p.ts, p.marker, p.at = p.buf[headerSize:end], r.coding, header.Timestamp, header.Marker, now
	r.stats.packets.Add(1)
	r.stats.bytes.Add(uint64(len(p.payload)))
	if !repair {
		r.remote.received(header.SequenceNumber, header.Timestamp, r.coding.rate, now)
	}
	before := r.frames.repaired
	if r.frames.push(p, header.SequenceNumber) && r.prompt {
		r.arrived(p, now)
	}
	r.stats.recovered.Add(r.frames.repaired - before)
}

// work hands out every frame that is whole, and asks for what is missing.
func (r *receiver) work(now time.Time) {
	rtt := r.conn.rtt()
	wait := repairWait(rtt)
	if !r.repairs {
		wait = waitTurn
	}
	for {
		f, ok := r.frames.pop(now, wait)
		if !ok {
			break
		}
		r.frame(f, now)
	}
	if r.prompt {
		r.stats.missing.Add(uint64(r.frames.takeSkipped()))
	}
	r.retryPending(now)
	if r.frames.given != r.stats.given.Load() {
		r.stats.given.Store(r.frames.given)
		r.wantKey()
	}
	if r.repairs && r.frames.missing() {
		r.askAgain(r.frames.nacks(nil, now, rtt))
	}
	if r.asked.Swap(false) {
		r.wantKey()
	}
	if r.wanted.due(now) {
		r.askKey()
	}
}

// repairWait is how long a frame waits for its missing packets: time for a few requests.
func repairWait(rtt time.Duration) time.Duration {
	return min(max(4*rtt+50*time.Millisecond, waitLeast), waitMost)
}

// setWake makes the next Read return in time when something is waited for.
func (r *receiver) setWake(track *webrtc.TrackRemote, now time.Time) {
	wake := time.Time{}
	if r.frames.missing() || len(r.pending) > 0 {
		wake = now.Add(repairPoll)
	} else if r.wanted.need {
		wake = r.wanted.next
	}
	if wake.IsZero() && !r.timed {
		return
	}
	r.timed = !wake.IsZero()
	if err := track.SetReadDeadline(wake); err != nil && !errors.Is(err, io.EOF) {
		r.conn.log.Debug("read deadline", "mid", r.info.MID, "error", err)
	}
}

// flush gives out what is whole when no packet can come any more.
func (r *receiver) flush(now time.Time) {
	for {
		f, ok := r.frames.pop(now, 0)
		if !ok {
			break
		}
		r.frame(f, now)
	}
	r.retryPending(now)
}
