package file

import (
	"time"

	"github.com/sotto-calls/sotto/media"
)

// webmTrack is one track of a WebM file and where its entry lies, which is written again when more is known.
type webmTrack struct {
	info   media.TrackInfo
	number int
	at     int64 // of the entry in the file
	size   int   // of the entry
	used   bool  // a frame has been written
	known  bool  // the entry says what the first frame says
	end    time.Duration
}

// learn takes what the first frame of a track says about it. It reports whether the entry changes.
func (t *webmTrack) learn(f media.Frame) bool {
	if t.known {
		return false
	}
	before := t.info
	switch t.info.Kind {
	case media.Audio:
		t.info.Channels = opusChannels(f.Data)
		t.known = true
	case media.Video:
		if h := parseVP8(f.Data); h.key {
			t.info.Width, t.info.Height = h.width, h.height
			t.known = true
		}
	}
	return before != t.info
}

// entry is the track's element. Its length does not depend on what is learnt.
func (t *webmTrack) entry() []byte {
	b := appendUint(nil, idTrackNumber, uint64(t.number))
	b = appendUint(b, idTrackUID, uint64(t.number))
	b = appendUint(b, idFlagLacing, 0)
	if t.info.Kind == media.Video {
		b = appendUint(b, idTrackType, 1)
		b = appendText(b, idCodecID, "V_VP8")
		v := appendUint16(nil, idPixelWidth, max(t.info.Width, 1))
		v = appendUint16(v, idPixelHeight, max(t.info.Height, 1))
		return appendElement(nil, idTrackEntry, appendElement(b, idVideo, v))
	}
	const preSkip = 312 // the delay of libopus
	head := opusHead{channels: max(t.info.Channels, 1), preSkip: preSkip, inputRate: 48000}
	b = appendUint(b, idTrackType, 2)
	b = appendText(b, idCodecID, "A_OPUS")
	b = appendElement(b, idCodecPrivate, head.append(nil))
	b = appendUint(b, idCodecDelay, uint64(opusDuration(preSkip)))
	b = appendUint(b, idSeekPreRoll, uint64(80*time.Millisecond))
	a := appendFloat(nil, idSampling, 48000)
	a = appendUint(a, idChannels, uint64(head.channels))
	return appendElement(nil, idTrackEntry, appendElement(b, idAudio, a))
}

// webmHeader is the EBML header, the beginning of the segment and its Info with room for the duration.
func webmHeader() []byte {
	e := appendUint(nil, idVersion, 1)
	e = appendUint(e, idReadVersion, 1)
	e = appendUint(e, idMaxIDLength, 4)
	e = appendUint(e, idMaxSizeLength, 8)
	e = appendText(e, idDocType, "webm")
	e = appendUint(e, idDocVersion, 4)
	e = appendUint(e, idDocRead, 2)
	b := appendElement(nil, idEBML, e)
	b = appendID(b, idSegment)
	return append(b, size8(unknownSize)...)
}

// webmInfo is the segment's Info. The duration comes last, 11 bytes long, so that it can be written when it is known.
func webmInfo() []byte {
	i := appendUint(nil, idTimestampScale, uint64(time.Millisecond))
	i = appendText(i, idMuxingApp, "sotto")
	i = appendText(i, idWritingApp, "sotto")
	i = append(i, void(11)...)
	return appendElement(nil, idInfo, i)
}
