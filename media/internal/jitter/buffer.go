package jitter

import (
	"errors"
	"fmt"
	"time"
)

// Limits of what a buffer holds, and how it takes time.
const (
	mostPackets  = 256
	mostTime     = 2 * time.Second
	longestFrame = 120 * time.Millisecond // of one packet; Opus has none longer (RFC 6716 section 2.1.4)
	pauseAfter   = 300 * time.Millisecond // without any packet, the buffer pauses: the sender is muted, or the network is gone
	skipAbove    = 300 * time.Millisecond // of delay over the target, sound is thrown away: speeding up would take seconds
)

// A Decoder turns packets into samples: *opus.Decoder, or anything of its shape. All counts are of int16 values, of all
// channels together. The buffer takes no result on trust: one that cannot be is an error.
type Decoder interface {
	// Decode decodes one packet into dst, which holds 120 ms, and returns how many values it wrote.
	Decode(dst []int16, packet []byte) (n int, err error)
	// Conceal fills dst with what may have come next. Any error makes the buffer conceal by itself.
	Conceal(dst []int16) (n int, err error)
	// Recover fills dst with the frame before next, from what next carries of it. After an error the buffer conceals.
	Recover(dst []int16, next []byte) (n int, err error)
}

// Config says what a buffer plays.
type Config struct {
	Rate     int // samples a second of one channel, 8000 … 48000
	Channels int // 1 or 2
	Decoder  Decoder
	// Samples says how many samples of one channel a packet holds, at Rate, without decoding it.
	Samples func(packet []byte) (int, error)
	// Min and Max bound the target delay. 0: 20 ms and 200 ms. One frame and a pull fit into 20 ms. Beyond 200 ms people
	// talk at the same time (ITU-T G.114 asks for 150 ms one way, and says 400 ms is the end of it); what comes later than
	// that is better concealed.
	Min, Max time.Duration
}

func (c *Config) check() error {
	if c.Min == 0 {
		c.Min = 20 * time.Millisecond
	}
	if c.Max == 0 {
		c.Max = max(200*time.Millisecond, c.Min)
	}
	var faults []error
	if c.Rate < 8000 || c.Rate > 48000 {
		faults = append(faults, fmt.Errorf("jitter: Rate is %d: give 8000 to 48000 samples a second", c.Rate))
	}
	if c.Channels != 1 && c.Channels != 2 {
		faults = append(faults, fmt.Errorf("jitter: Channels is %d: give 1 or 2", c.Channels))
	}
	if c.Decoder == nil || c.Samples == nil {
		faults = append(faults, errors.New("jitter: Decoder and Samples are required"))
	}
	if c.Min < 0 || c.Max < c.Min || c.Max > time.Second {
		faults = append(faults, fmt.Errorf("jitter: Min %v and Max %v: give 0 ≤ Min ≤ Max ≤ 1 s", c.Min, c.Max))
	}
	return errors.Join(faults...)
}

// A Buffer holds the packets of one stream until it is their turn. It is for one goroutine at a time.
type Buffer struct {
	cfg    Config
	clock  clock
	queue  queue
	delays delays
	strays strays
	sound  sound
	pitch  pitch
	fade   concealer
	lag    lag
	stats  Stats

	scratch []int16 // a decoded packet
	tail    []int16 // concealment that a merge needs
	chunk   int     // samples of 10 ms

	playing bool  // false: nothing to play yet, or a pause
	started bool  // has played once
	next    int64 // position that follows what was decoded

	dry      int   // samples concealed since there was no packet at all; next waits meanwhile
	missing  bool  // what comes at next is known to be lost, and counted
	tried    bool  // Recover was of no use for it
	filling  bool  // before the first packet after a start
	cut      bool  // what comes next does not follow the last sample
	codecRun int   // samples the decoder concealed last
	excess   int64 // samples the delay is over its target; negative: under
	rest     int   // samples until the speed may be changed again
	waiting  int   // samples since a change of speed is due
}

// New returns an empty buffer. The error joins all faults of cfg.
func New(cfg Config) (*Buffer, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	b := &Buffer{cfg: cfg, clock: clock{rate: int64(cfg.Rate)}, chunk: cfg.Rate / 100}
	b.delays.reset(cfg.Min, cfg.Max, firstTarget)
	longest := b.samples(longestFrame) * cfg.Channels
	b.scratch = make([]int16, longest)
	b.pitch = newPitch(cfg.Rate, cfg.Channels)
	b.tail = make([]int16, (b.mergeLength()+b.pitch.longest)*cfg.Channels)
	b.fade = newConcealer(cfg.Rate, cfg.Channels, b.pitch.longest)
	b.sound = newSound(cfg.Channels, 4*b.pitch.longest, b.samples(500*time.Millisecond))
	return b, nil
}

// samples is how many samples of one channel last d.
func (b *Buffer) samples(d time.Duration) int {
	return int(d * time.Duration(b.cfg.Rate) / time.Second)
}

// Put takes over a packet that came now. t is its media time: [media.Frame.Time] or any other that moves by the length of
// the frames and goes on while the sender is silent. now is of the clock of the pulls. Twins, and packets that are too late, are dropped and counted.
func (b *Buffer) Put(packet []byte, t time.Duration, now time.Time) {
	b.stats.Packets++
	n, err := b.cfg.Samples(packet)
	if err != nil || n <= 0 || n > len(b.scratch)/b.cfg.Channels {
		b.stats.Malformed++
		return
	}
	at, t := b.clock.since(now), limit(t)
	p := packetAt{data: packet, pos: b.clock.position(t), span: n, delay: at - t}
	if b.delays.strange(p.delay) {
		b.astray(p, at)
		return
	}
	b.stats.Discarded += b.strays.clear()
	b.insert(p, at)
}

// insert queues a packet of the times that are known.
func (b *Buffer) insert(p packetAt, at time.Duration) {
	if b.queue.seen(p.pos) {
		b.stats.Duplicate++
		return
	}
	if b.queue.overlaps(p, int64(b.samples(tolerance))) { // it would be decoded in full, for little that is new
		b.stats.Discarded++
		return
	}
	b.delays.add(p.delay, at)
	if b.playing && p.end() <= b.next {
		b.stats.Late++
		return
	}
	if b.playing && p.pos-b.next > int64(b.samples(mostTime)) {
		b.stop() // nobody pulled for long
	}
	b.queue.insert(p)
	b.stats.Discarded += b.queue.trim(int64(b.samples(mostTime)))
}

// astray keeps a packet whose time is far from all others. Three in a row are a sender that began anew.
func (b *Buffer) astray(p packetAt, at time.Duration) {
	b.stats.Discarded += b.strays.keep(p)
	if b.strays.n < len(b.strays.kept) {
		return
	}
	kept := b.strays.kept
	b.strays.clear()
	b.stats.Discarded += b.queue.clear()
	b.delays.reset(b.cfg.Min, b.cfg.Max, b.delays.target())
	b.stop()
	for _, p := range kept {
		b.insert(p, at)
	}
}

// Pull fills dst, 10 ms of all channels, with what is to be played next. Other lengths work; more than 10 ms at once need as
// much more delay, which the buffer finds out by itself.
func (b *Buffer) Pull(dst []int16, now time.Time) {
	at := b.clock.since(now)
	for len(dst) >= b.cfg.Channels {
		n := min(len(dst)/b.cfg.Channels, b.chunk)
		b.pull(dst[:n*b.cfg.Channels], n, at)
		dst = dst[n*b.cfg.Channels:]
	}
	clear(dst)
}

func (b *Buffer) pull(dst []int16, n int, at time.Duration) {
	b.stats.Played += uint64(n)
	if b.playing {
		b.watch(at)
	}
	if !b.playing && !b.start(at) {
		b.stats.Silent += uint64(n)
		clear(dst)
		return
	}
	before := b.playhead()
	b.fill(n)
	b.changeSpeed(n)
	b.fill(n)
	got := b.sound.take(dst)
	clear(dst[got*b.cfg.Channels:])
	b.stats.Silent += uint64(n - got)
	b.rest -= n
	b.lag.shift(before + int64(got) - b.playhead())
}

// playhead is the position of the sample that is played next.
func (b *Buffer) playhead() int64 { return b.next - int64(b.sound.ready()) }

// watch compares the delay with its target, and begins anew where it is far over.
func (b *Buffer) watch(at time.Duration) {
	b.lag.add(b.clock.position(at) - b.playhead())
	b.excess = b.lag.least() - b.clock.position(b.delays.lag())
	if b.excess > int64(b.samples(skipAbove)) {
		b.stop()
	}
}

// stop ends playing, until start finds a packet that is new enough.
func (b *Buffer) stop() {
	if b.playing {
		b.playing, b.cut = false, true
		b.sound.drop()
	}
	b.dry, b.missing, b.tried, b.excess = 0, false, false, 0
}

// start begins to play, or plays on after a pause, so that the delay is the target. Packets older than that are dropped.
func (b *Buffer) start(at time.Duration) bool {
	from := b.clock.position(at - b.delays.lag())
	for p := b.queue.first(); p != nil && p.end() <= from; p = b.queue.first() {
		b.queue.pop()
		b.stats.Late++
	}
	p := b.queue.first()
	if p == nil {
		b.silence()
		return false
	}
	if b.started {
		b.stats.Resets++
	}
	b.started, b.playing, b.filling = true, true, true
	b.next = max(from, p.pos-int64(b.samples(b.cfg.Max)))
	b.lag.reset()
	return true
}

// silence ends what was heard before a pause.
func (b *Buffer) silence() {
	b.cut, b.codecRun = false, 0
	b.sound.clear()
	b.fade.silence()
}
