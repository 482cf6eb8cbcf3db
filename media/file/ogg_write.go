package file

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// OggOptions describes the stream that an OggWriter writes. The zero value is right for the packets of a call.
type OggOptions struct {
	Channels    int    // 1 or 2; 0: as the first packet was coded
	PreSkip     int    // samples at 48 kHz that a player drops at the start; 0: 312, the delay of libopus; negative: none
	PagePackets int    // packets a page, 1 to 50; 0: 5, which is 100 ms
	Serial      uint32 // of the stream; 0: random
	Vendor      string // the program's name in the comment header; "": sotto
}

// An OggWriter writes Opus packets as an Ogg file (RFC 3533, RFC 7845). It is a media.Sink: WriteFrame and Close are for
// one goroutine.
//
// A page is written when the packet after it comes, or by Close, so that the last page can be marked as the last. A
// program that dies loses that one page; the file before it is readable.
//
// The Time of the first frame becomes the stream's start. Where a later frame has something Missing before it, or comes
// more than 100 ms after what was written, the file says "lost" for each Opus frame of the gap, in packets of two bytes, as
// RFC 7845, section 4.1 asks, and a player conceals it. So times stay right, and every granule position is the sum of its
// packets. A smaller step in time is a clock that was set, not a loss: nothing is put in. Nor is it for gaps that together
// are longer than the time since the first packet and an hour: the stream goes on at once then, and its times are early.
type OggWriter struct {
	out     output
	options OggOptions

	begun    bool
	sequence uint32
	start    time.Time // when the first packet came
	filled   uint64    // samples of all gaps that were filled
	granule  uint64    // at the end of the packets on the page that is being filled
	toc      byte      // of the last packet
	count    int       // packets on that page
	segments []byte
	body     []byte
	buf      []byte
}

// minGap is the shortest gap that is filled although nothing is known to be missing.
const minGap = 100 * time.Millisecond

// maxGap is by how much the gaps that are filled may together be longer than the time that has really passed. It is for
// frames that come from a file and not from a call. A gap beyond it is not filled: a sender decides about times, and shall
// not make the file grow by what it does not send. So a file has some 240 kB of filler and 70 bytes a second at most.
const maxGap = time.Hour

// NewOggWriter returns a writer to w, which it takes over: Close closes w if that is an io.Closer. Nothing is written
// before the first packet.
func NewOggWriter(w io.Writer, o OggOptions) *OggWriter {
	switch {
	case o.PreSkip == 0:
		o.PreSkip = 312
	case o.PreSkip < 0:
		o.PreSkip = 0
	}
	if o.PagePackets == 0 {
		o.PagePackets = 5
	}
	o.PagePackets = min(max(o.PagePackets, 1), 50)
	for o.Serial == 0 {
		o.Serial = rand.Uint32()
	}
	if o.Vendor == "" {
		o.Vendor = "sotto"
	}
	return &OggWriter{out: output{w: w}, options: o}
}

// WriteFrame appends a packet. Its Duration is not used: an Opus packet says itself how long it lasts.
func (o *OggWriter) WriteFrame(f media.Frame) error {
	if err := checkFrame(&o.out, media.Opus, f); err != nil {
		return err
	}
	n, err := opusSamples(f.Data)
	if err != nil {
		return err // never: checkFrame looked
	}
	at := samples.ticks(f.Time)
	if !o.begun {
		if err := o.begin(f.Data, at); err != nil {
			return err
		}
	} else if err := o.fill(at, f.Missing > 0); err != nil {
		return err
	}
	o.toc = f.Data[0]
	return o.packet(f.Data, n)
}

// begin writes the two header pages.
func (o *OggWriter) begin(first []byte, at uint64) error {
	channels := o.options.Channels
	if channels == 0 {
		channels = opusChannels(first)
	}
	head := opusHead{channels: channels, preSkip: o.options.PreSkip, inputRate: 48000}
	vendor := o.options.Vendor[:min(len(o.options.Vendor), 200)]
	o.buf = o.buf[:0]
	for i, packet := range [][]byte{head.append(nil), opusTags(vendor)} {
		o.segments = appendLacing(o.segments[:0], len(packet))
		kind := byte(0)
		if i == 0 {
			kind = oggFirst
		}
		o.buf = appendOggPage(o.buf, kind, 0, o.options.Serial, uint32(i), o.segments, packet)
	}
	o.segments = o.segments[:0]
	if err := o.out.reserve(len(o.buf)); err != nil {
		return err
	}
	o.begun, o.start, o.sequence, o.granule = true, time.Now(), 2, min(at, maxGranule)
	return o.out.write(o.buf)
}

// fill marks as lost what is missing between the last packet and the time at. What is less than one frame is left for
// the next packet to catch up with.
func (o *OggWriter) fill(at uint64, missing bool) error {
	if at <= o.granule || !missing && at-o.granule < samples.ticks(minGap) || at-o.granule > o.room() {
		return nil
	}
	frame := uint64(opusFrame(o.toc))
	for lost := int((at - o.granule) / frame); lost > 0; {
		packet, n := opusLost(o.toc, lost)
		if err := o.packet(packet, n*int(frame)); err != nil {
			return err
		}
		o.filled += uint64(n) * frame
		lost -= n
	}
	return nil
}

// room is how many samples may be filled now.
func (o *OggWriter) room() uint64 { return samples.ticks(maxGap+time.Since(o.start)) - o.filled }

// packet puts a packet of n samples on the page, after writing the page out if that is full. The first page of a stream
// that starts late holds one packet, so that its granule position tells the start even if the file ends there.
func (o *OggWriter) packet(p []byte, n int) error {
	lacing := len(p)/255 + 1
	fresh := o.count == 0 || o.count >= o.options.PagePackets || len(o.segments)+lacing > 255 || o.sequence == 2
	cost := lacing + len(p)
	if fresh {
		cost += oggHeader
	}
	if err := o.out.reserve(cost); err != nil {
		return err
	}
	if fresh {
		if err := o.flush(0); err != nil {
			return err
		}
	}
	o.segments = appendLacing(o.segments, len(p))
	o.body = append(o.body, p...)
	o.granule += uint64(n)
	o.count++
	return nil
}

// flush writes the page, if there is something on it.
func (o *OggWriter) flush(kind byte) error {
	if o.count == 0 {
		return nil
	}
	o.buf = appendOggPage(o.buf[:0], kind, o.granule, o.options.Serial, o.sequence, o.segments, o.body)
	o.segments, o.body, o.count = o.segments[:0], o.body[:0], 0
	o.sequence++
	return o.out.write(o.buf)
}

// appendLacing appends the segment table of a packet of n bytes.
func appendLacing(table []byte, n int) []byte {
	for ; n >= 255; n -= 255 {
		table = append(table, 255)
	}
	return append(table, byte(n))
}

// Close writes the last page and closes the file. It is idempotent.
func (o *OggWriter) Close() error {
	if o.out.closed {
		return nil
	}
	err := o.flush(oggLast)
	return errors.Join(err, o.out.close())
}
