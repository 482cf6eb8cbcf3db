package media

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// readSections checks every m= section. in is the description as it came: its candidates and directions are read here,
// what it says beyond that is refused or lost.
func (d *description) readSections(in *sdp.SessionDescription) error {
	channels := 0
	mids, ssrcs := map[string]bool{}, map[uint32]string{}
	if _, lite := in.Attribute("ice-lite"); lite {
		return fmt.Errorf("%w: ICE lite", ErrDescription)
	}
	bundle := bundled(in)
	for i, m := range in.MediaDescriptions {
		s, err := readSection(m)
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
func readSection(m *sdp.MediaDescription) (s sectionLine, err error) {
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
	if !hasCodec(m, s.kind) {
		return s, fmt.Errorf("%w: section %q offers none of %v", ErrCodec, s.mid, codecsOf(s.kind))
	}
	s.formats = m.MediaName.Formats
	s.sends, s.receives = readDirection(m)
	return s, nil
}

func tokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.'
}

// hasCodec reports whether a codec that can be sealed is among the formats. Others may stand beside it: they are never
// negotiated, since the layer below knows no other.
func hasCodec(m *sdp.MediaDescription, kind Kind) bool {
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		pt, name, _ := strings.Cut(a.Value, " ")
		name = strings.TrimSuffix(name, "/1") // one channel may be said
		known := slices.ContainsFunc(rules, func(r *rule) bool { return r.kind == kind && !r.red && strings.EqualFold(name, r.name()) })
		if known && slices.Contains(m.MediaName.Formats, pt) {
			return true
		}
	}
	return false
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
