package file

import "github.com/sotto-calls/sotto/media"

// packets takes the packets of the page apart: segments of 255 bytes go on, a shorter one ends its packet.
func (o *OggReader) packets(at int64) error {
	p := &o.page
	body, first := p.body, len(o.queue)
	for _, s := range p.segments {
		if err := o.collect(at, body[:s]); err != nil {
			return err
		}
		body = body[s:]
		if s == 255 {
			continue
		}
		if err := o.packet(at); err != nil {
			return err
		}
		o.partial, o.cutting = o.partial[:0], false
	}
	return o.place(at, o.queue[first:])
}

// collect adds a segment to the packet that it belongs to. The comment header may hold pictures: its end is not kept.
func (o *OggReader) collect(at int64, segment []byte) error {
	switch {
	case o.cutting:
	case len(o.partial)+len(segment) <= maxOpusPacket:
		o.partial = append(o.partial, segment...)
	case o.headers == 0:
		return o.in.badAt(at, "a packet is too long for Opus", nil)
	}
	return nil
}

// packet handles a packet that is complete.
func (o *OggReader) packet(at int64) error {
	if o.cutting {
		return nil
	}
	if o.headers > 0 {
		if len(o.partial) < 8 || string(o.partial[:8]) != opusTagsMagic {
			return o.in.badAt(at, "no OpusTags", nil)
		}
		o.headers--
		return nil
	}
	n, err := opusSamples(o.partial)
	if err != nil {
		return o.in.badAt(at, err.Error(), nil)
	}
	o.queue = append(o.queue, media.Frame{
		Data: append([]byte(nil), o.partial...), Duration: opusDuration(n), Key: true,
	})
	return nil
}

// place gives the frames that end on this page their times. The page's granule position is that of its end, so that a
// page which lies further on than the frames read so far shows a gap. On the last page it may also be less: end trimming.
func (o *OggReader) place(at int64, frames []media.Frame) error {
	if len(frames) == 0 {
		return nil
	}
	p := &o.page
	if p.granule > maxGranule {
		return o.in.badAt(at, "impossible granule position", nil)
	}
	var total uint64
	for _, f := range frames {
		total += samples.ticks(f.Duration)
	}
	if p.granule > o.pos+total && (o.started || p.kind&oggLast == 0) {
		o.pos = p.granule - total
	}
	o.started = true
	for i := range frames {
		frames[i].Time, _ = samples.duration(o.base + o.pos)
		o.pos += samples.ticks(frames[i].Duration)
	}
	if o.base+o.pos > 2*maxGranule {
		return o.in.badAt(at, "impossible granule position", nil)
	}
	return nil
}
