package file

import (
	"io"

	"github.com/sotto-calls/sotto/media"
)

// maxGranule is about a century: beyond it a granule position is not a time.
const maxGranule = 100 * 366 * 24 * 3600 * 48000

// An OggReader reads the Opus packets of an Ogg file (RFC 3533, RFC 7845). Streams of other kinds in the same file are
// passed over; chained files play on. It is for one goroutine.
//
// A frame's Time is the place of its packet in the stream: the stream's first granule position counts, its pre-skip (the
// few milliseconds that a decoder drops at the very start) does not.
type OggReader struct {
	in   *input
	page oggPage
	head opusHead

	open     bool   // inside a stream; serial and sequence are set
	headers  int    // header packets still to come
	serial   uint32 //
	sequence uint32 // of the next page
	partial  []byte // the beginning of a packet that goes on on the next page
	goesOn   bool   // partial goes on on the next page
	cutting  bool   // partial is not usable: its beginning was lost
	failed   error

	base    uint64 // granules of the earlier streams of a chain
	pos     uint64 // granule position of the next packet
	started bool   // pos is known
	queue   []media.Frame
}

// NewOggReader reads the headers of the file. An error is a *FormatError or what r returned.
func NewOggReader(r io.Reader) (*OggReader, error) {
	o := &OggReader{in: newInput(r, "Ogg Opus")}
	for !o.open || o.headers > 0 {
		if err := o.advance(); err == io.EOF {
			return nil, o.in.badAt(0, "no Opus stream in it", io.ErrUnexpectedEOF)
		} else if err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Track says how many channels there are.
func (o *OggReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: o.head.channels}
}

// PreSkip is the number of samples at 48 kHz that a decoder drops at the start.
func (o *OggReader) PreSkip() int { return o.head.preSkip }

// ReadFrame returns the next packet.
func (o *OggReader) ReadFrame() (media.Frame, error) {
	for len(o.queue) == 0 && o.failed == nil {
		o.failed = o.advance()
	}
	if o.failed != nil {
		return media.Frame{}, o.failed
	}
	f := o.queue[0]
	o.queue = o.queue[1:]
	return f, nil
}

// advance reads one page and queues the packets that end on it.
func (o *OggReader) advance() error {
	at := o.in.offset
	if err := o.page.read(o.in); err != nil {
		return err
	}
	if !o.open {
		return o.begin(at)
	}
	p := &o.page
	if p.serial != o.serial {
		return nil
	}
	if p.kind&oggFirst != 0 {
		return o.in.badAt(at, "a stream begins twice", nil)
	}
	if continued := p.kind&oggContinued != 0; p.sequence != o.sequence || continued != o.goesOn {
		o.partial, o.cutting = o.partial[:0], continued
	}
	o.goesOn = len(p.segments) > 0 && p.segments[len(p.segments)-1] == 255
	o.sequence = p.sequence + 1
	if err := o.packets(at); err != nil {
		return err
	}
	if p.kind&oggLast != 0 {
		if o.headers > 0 {
			return o.in.badAt(at, "the stream ends in its headers", nil)
		}
		o.open = false
		o.base += o.pos
	}
	return nil
}

// begin looks for the first page of an Opus stream.
func (o *OggReader) begin(at int64) error {
	p := &o.page
	if p.kind&oggFirst == 0 || len(p.body) < 8 || string(p.body[:8]) != opusHeadMagic {
		return nil // another codec's
	}
	head, err := parseOpusHead(p.body)
	if err != nil {
		return o.in.badAt(at, err.Error(), nil)
	}
	if o.head.channels != 0 && o.head.channels != head.channels {
		return o.in.badAt(at, "the number of channels changes", nil)
	}
	o.head = head
	o.open, o.headers, o.started, o.pos = true, 1, false, 0
	o.serial, o.sequence = p.serial, p.sequence+1
	o.partial, o.goesOn, o.cutting = o.partial[:0], false, false
	return nil
}
