package file

import (
	"encoding/binary"
	"math"
)

// Elements of EBML (RFC 8794) and of Matroska (RFC 9559) that a WebM file here has.
const (
	idEBML          = 0x1a45dfa3
	idVersion       = 0x4286
	idReadVersion   = 0x42f7
	idMaxIDLength   = 0x42f2
	idMaxSizeLength = 0x42f3
	idDocType       = 0x4282
	idDocVersion    = 0x4287
	idDocRead       = 0x4285
	idVoid          = 0xec

	idSegment        = 0x18538067
	idInfo           = 0x1549a966
	idTimestampScale = 0x2ad7b1
	idMuxingApp      = 0x4d80
	idWritingApp     = 0x5741
	idDuration       = 0x4489

	idTracks       = 0x1654ae6b
	idTrackEntry   = 0xae
	idTrackNumber  = 0xd7
	idTrackUID     = 0x73c5
	idTrackType    = 0x83
	idFlagLacing   = 0x9c
	idCodecID      = 0x86
	idCodecPrivate = 0x63a2
	idCodecDelay   = 0x56aa
	idSeekPreRoll  = 0x56bb
	idVideo        = 0xe0
	idPixelWidth   = 0xb0
	idPixelHeight  = 0xba
	idAudio        = 0xe1
	idSampling     = 0xb5
	idChannels     = 0x9f

	idCluster     = 0x1f43b675
	idTimestamp   = 0xe7
	idSimpleBlock = 0xa3
)

// unknownSize is the size, in eight bytes, of an element whose end is not known yet.
const unknownSize = 1<<56 - 1

// appendID appends an element's ID, which carries its own length.
func appendID(b []byte, id uint32) []byte {
	for shift := 24; shift >= 0; shift -= 8 {
		if id>>shift != 0 {
			b = append(b, byte(id>>shift))
		}
	}
	return b
}

// appendSize appends a size in as few bytes as hold it, up to 256 MiB.
func appendSize(b []byte, n int) []byte {
	switch {
	case n < 1<<7-1:
		return append(b, 0x80|byte(n))
	case n < 1<<14-1:
		return append(b, 0x40|byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(b, 0x10000000|uint32(n))
}

// size8 is a size in eight bytes, as it stands where it was unknown at first.
func size8(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, 1<<56|uint64(n))
}

func appendElement(b []byte, id uint32, payload []byte) []byte {
	return append(appendSize(appendID(b, id), len(payload)), payload...)
}

func appendText(b []byte, id uint32, s string) []byte { return appendElement(b, id, []byte(s)) }

func appendUint(b []byte, id uint32, v uint64) []byte {
	p := binary.BigEndian.AppendUint64(nil, v)
	for len(p) > 1 && p[0] == 0 {
		p = p[1:]
	}
	return appendElement(b, id, p)
}

func appendUint16(b []byte, id uint32, v int) []byte {
	return appendElement(b, id, binary.BigEndian.AppendUint16(nil, uint16(v)))
}

func appendFloat(b []byte, id uint32, v float64) []byte {
	return appendElement(b, id, binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
}

// void is an element of n bytes in all, 2 to 128, that means nothing.
func void(n int) []byte {
	b := make([]byte, n)
	b[0], b[1] = idVoid, 0x80|byte(n-2)
	return b
}
