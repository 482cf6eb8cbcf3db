package media

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// dropUnreadable drops from a section of audio or video what the layer below cannot read: formats that are no payload type
// or of which nothing is said, as a static one (RFC 3551) may come, and malformed attributes. It would notice them only when
// the description is half applied, and it cannot go back from there. None of them could be negotiated.
func dropUnreadable(m *sdp.MediaDescription) {
	if m.MediaName.Media != "audio" && m.MediaName.Media != "video" {
		return
	}
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		switch a.Key {
		case "extmap":
			return new(sdp.ExtMap).Unmarshal(a.String()) != nil
		case "rtpmap", "fmtp", "rtcp-fb":
			format, _, _ := strings.Cut(a.Value, " ")
			return format != "*" && !slices.Contains(m.MediaName.Formats, format)
		}
		return false
	})
	said := (&sdp.SessionDescription{MediaDescriptions: []*sdp.MediaDescription{m}}).GetCodecMap()
	m.MediaName.Formats = slices.DeleteFunc(m.MediaName.Formats, func(format string) bool {
		n, err := strconv.ParseUint(format, 10, 7)
		if err != nil || strconv.FormatUint(n, 10) != format {
			return true
		}
		codec, ok := said[uint8(n)]
		return !ok || !repairsReadably(codec.Fmtp)
	})
}

// repairsReadably reports whether a format that repairs another one says which (RFC 4588, section 8.1).
func repairsReadably(fmtp string) bool {
	for parameter := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if _, err := strconv.ParseUint(value, 10, 7); err != nil && strings.EqualFold(key, "apt") {
			return false
		}
	}
	return true
}
