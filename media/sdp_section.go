package media

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// readSections checks every m= section. in is the description as it came: its candidates and directions are read here,
// what it says beyond that is refused or lost. use are the codecs of which every section must have one.
func (d *description) readSections(in *sdp.SessionDescription, use []*rule) error {
	channels := 0
	mids, ssrcs := map[string]bool{}, map[uint32]string{}
	if _, lite := in.Attribute("ice-lite"); lite {
		return fmt.Errorf("%w: ICE lite", ErrDescription)
	}
	bundle := bundled(in)
	for i, m := range in.MediaDescriptions {
		s, err := readSection(m, use)
		if err != nil {
			return err
		}
		if mids[s.mid] {
			return fmt.Errorf("%w: two sections have one mid", ErrDescription)
		}
		mids[s.mid] = true
		if s.kind == 0 {
			channels++
		}
		if !bundle[s.mid] && m.MediaName.Port.Value != 0 {
			return fmt.Errorf("%w: a section is not bundled", ErrDescription)
		}
		if s.ssrcs, err = readSSRCs(m, s.mid, ssrcs); err != nil {
			return err
		}
		if s.sends && s.kind != 0 && !s.ssrcs {
			return fmt.Errorf("%w: a section sends without naming its streams", ErrDescription)
		}
		d.sections = append(d.sections, s)
		d.takeCandidates(in.MediaDescriptions[i], s.mid)
	}
	if channels != 1 {
		return fmt.Errorf("%w: %d message channels", ErrDescription, channels)
	}
	return nil
}

// readSection reads one m= section on its own.
func readSection(m *sdp.MediaDescription, use []*rule) (s sectionLine, err error) {
	mid, ok := m.Attribute("mid")
	if !ok || len(mid) == 0 || len(mid) > 16 || strings.ContainsFunc(mid, func(r rune) bool { return !tokenRune(r) }) {
		return s, fmt.Errorf("%w: mid", ErrDescription)
	}
	s.mid = mid
	for _, refused := range []string{"simulcast", "rid", "crypto"} {
		if _, ok := m.Attribute(refused); ok {
			return s, fmt.Errorf("%w: %s", ErrDescription, refused)
		}
	}
	proto := strings.Join(m.MediaName.Protos, "/")
	switch m.MediaName.Media {
	case "application":
		if proto != "UDP/DTLS/SCTP" {
			return s, fmt.Errorf("%w: protocol", ErrDescription)
		}
		s.sends, s.receives = true, true
		return s, nil
	case "audio":
		s.kind = Audio
	case "video":
		s.kind = Video
	default:
		return s, fmt.Errorf("%w: kind of media", ErrDescription)
	}
	if _, mux := m.Attribute("rtcp-mux"); proto != "UDP/TLS/RTP/SAVPF" || !mux {
		return s, fmt.Errorf("%w: protocol", ErrDescription)
	}
	if names := formatNames(m); !hasCodec(names, s.kind, use) {
		return s, fmt.Errorf("%w on both sides: %s section %q has %.100q, here it may be one of %v", ErrCodec, s.kind, s.mid,
			strings.Join(names, " "), codecsAmong(use, s.kind))
	}
	s.formats = m.MediaName.Formats
	s.sends, s.receives = readDirection(m)
	return s, nil
}

func tokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.'
}

// formatNames says what the formats of a section are, by the first rtpmap of each, as the layer below reads them.
func formatNames(m *sdp.MediaDescription) (names []string) {
	for _, format := range m.MediaName.Formats {
		prefix := format + " "
		i := slices.IndexFunc(m.Attributes, func(a sdp.Attribute) bool { return a.Key == "rtpmap" && strings.HasPrefix(a.Value, prefix) })
		if i >= 0 {
			names = append(names, strings.TrimSuffix(m.Attributes[i].Value[len(prefix):], "/1")) // one channel may be said
		}
	}
	return names
}

// hasCodec reports whether a codec that can be sealed, and that we use, is among the names. Others may stand beside it:
// they are never negotiated, since the layer below knows no other.
func hasCodec(names []string, kind Kind, use []*rule) bool {
	return slices.ContainsFunc(use, func(r *rule) bool {
		return r.kind == kind && !r.red && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, r.name()) })
	})
}

// readDirection reads a section's direction; without one it is sendrecv (RFC 8866, section 6.7).
func readDirection(m *sdp.MediaDescription) (sends, receives bool) {
	if _, only := m.Attribute("bundle-only"); m.MediaName.Port.Value == 0 && !only {
		return false, false
	}
	for _, a := range m.Attributes {
		switch a.Key {
		case "sendrecv":
			return true, true
		case "sendonly":
			return true, false
		case "recvonly":
			return false, true
		case "inactive":
			return false, false
		}
	}
	return true, true
}

// readSSRCs checks that streams are few and that no two sections claim one.
func readSSRCs(m *sdp.MediaDescription, mid string, taken map[uint32]string) (any bool, err error) {
	count := 0
	for _, a := range m.Attributes {
		if a.Key != "ssrc" {
			continue
		}
		number, _, _ := strings.Cut(a.Value, " ")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil || n == 0 {
			return false, fmt.Errorf("%w: ssrc", ErrDescription)
		}
		owner, known := taken[uint32(n)]
		if known && owner != mid {
			return false, fmt.Errorf("%w: two sections claim one ssrc", ErrDescription)
		}
		if !known {
			if count++; count > maxSSRCs {
				return false, fmt.Errorf("%w: too many ssrcs", ErrDescription)
			}
			taken[uint32(n)] = mid
		}
	}
	return count > 0, nil
}

// bundled is the set of mids in the first BUNDLE group.
func bundled(in *sdp.SessionDescription) map[string]bool {
	set := map[string]bool{}
	for _, a := range in.Attributes {
		if names := strings.Fields(a.Value); a.Key == "group" && len(names) > 0 && names[0] == "BUNDLE" {
			for _, n := range names[1:] {
				set[n] = true
			}
			break
		}
	}
	return set
}

// takeCandidates lifts candidates out of a section; the rebuilt one has none.
func (d *description) takeCandidates(m *sdp.MediaDescription, mid string) {
	for _, a := range m.Attributes {
		if a.Key == "candidate" && len(d.candidates) < maxCandidates {
			d.candidates = append(d.candidates, Candidate{MID: mid, Line: "candidate:" + a.Value})
		}
	}
}
