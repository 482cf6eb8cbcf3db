package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"
)

// A Codec names how frames are encoded, as SDP's rtpmap spells it.
type Codec string

const (
	Opus Codec = "opus"
	PCMU Codec = "PCMU" // G.711 µ-law, 8 kHz, one channel: for a device without an Opus encoder
	PCMA Codec = "PCMA" // G.711 A-law, the same
	VP8  Codec = "VP8"
	VP9  Codec = "VP9"  // profile 0; a Frame may be a superframe
	H264 Codec = "H264" // a Frame is an access unit in Annex B, start codes and all
	AV1  Codec = "AV1"  // main profile; a Frame is a temporal unit, OBUs with sizes
)

// A rule is what a codec needs to be carried sealed: its name in a description, what stays readable of its frames, and how
// packets are made of them. A codec without a rule is refused.
type rule struct {
	codec   Codec
	kind    Kind
	rate    int64 // of the RTP timestamps
	mono    bool  // of sound
	mime    string
	fmtp    string
	pt, rtx webrtc.PayloadType // in our offers; in an answer they are the peer's
	red     bool               // Opus frames in redundant blocks (RFC 2198): received, and sent where Settings.RED wishes
	layout  func() layout
	packing packing // of video
}

// rules are all codecs there are, in the order in which we offer them.
var rules = []*rule{
	{
		codec: Opus, kind: Audio, rate: 48000, mime: webrtc.MimeTypeOpus, fmtp: "minptime=10;useinbandfec=1", pt: 111,
		layout: newBareLayout,
	},
	{codec: Opus, kind: Audio, rate: 48000, mime: mimeRED, fmtp: "111/111", pt: 63, red: true, layout: newBareLayout},
	{codec: VP8, kind: Video, rate: 90000, mime: webrtc.MimeTypeVP8, pt: 96, rtx: 97, layout: newVP8Layout, packing: vp8Packing{}},
	{
		codec: VP9, kind: Video, rate: 90000, mime: webrtc.MimeTypeVP9, fmtp: "profile-id=0", pt: 98, rtx: 99,
		layout: newVP9Layout, packing: vp9Packing{},
	},
	{
		codec: H264, kind: Video, rate: 90000, mime: webrtc.MimeTypeH264, pt: 102, rtx: 103,
		fmtp:   "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		layout: newH264Layout, packing: h264Packing{},
	},
	{
		codec: AV1, kind: Video, rate: 90000, mime: webrtc.MimeTypeAV1, fmtp: "level-idx=5;profile=0;tier=0", pt: 45, rtx: 46,
		layout: newAV1Layout, packing: av1Packing{},
	},
	{codec: PCMU, kind: Audio, rate: 8000, mono: true, mime: webrtc.MimeTypePCMU, pt: 0, layout: newBareLayout},
	{codec: PCMA, kind: Audio, rate: 8000, mono: true, mime: webrtc.MimeTypePCMA, pt: 8, layout: newBareLayout},
}

// defaultRules are those of tracks that nobody has given a codec yet.
var defaultRules = map[Kind]*rule{Audio: rules[0], Video: rules[2]}

const mimeRED = "audio/red"

// ruleOf is the rule by which frames of a codec are sent, or nil.
func ruleOf(codec Codec) *rule {
	i := slices.IndexFunc(rules, func(r *rule) bool { return r.codec == codec && !r.red })
	if i < 0 {
		return nil
	}
	return rules[i]
}

// ruleOfMIME is the rule of what a payload type stands for, or nil.
func ruleOfMIME(mime string) *rule {
	i := slices.IndexFunc(rules, func(r *rule) bool { return strings.EqualFold(r.mime, mime) })
	if i < 0 {
		return nil
	}
	return rules[i]
}

// name is how an rtpmap names the codec.
func (r *rule) name() string {
	_, name, _ := strings.Cut(r.mime, "/")
	if r.kind == Audio && !r.mono {
		return fmt.Sprintf("%s/%d/2", name, r.rate)
	}
	return fmt.Sprintf("%s/%d", name, r.rate)
}

// channels is how many of them a track of sound has, 0 for pictures.
func (r *rule) channels() int {
	switch {
	case r.kind != Audio:
		return 0
	case r.mono:
		return 1
	}
	return 2
}

// codecsOf lists the codecs of a kind that can be carried.
func codecsOf(kind Kind) []Codec { return codecsAmong(rules, kind) }

func codecsAmong(use []*rule, kind Kind) (out []Codec) {
	for _, r := range use {
		if r.kind == kind && !r.red {
			out = append(out, r.codec)
		}
	}
	return out
}

func (k Kind) rtpKind() webrtc.RTPCodecType {
	if k == Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}
