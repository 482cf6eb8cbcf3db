package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

const (
	maxDescription = 16 << 10 // bytes
	maxSections    = 16
	maxSSRCs       = 8 // per section
)

// A description is an SDP taken apart and checked, of ours or of the peer.
type description struct {
	session     *sdp.SessionDescription // rebuilt of what is known: nothing else passes in either direction
	fingerprint [32]byte
	setup       string // actpass, active or passive
	ufrag       string
	sections    []sectionLine
	candidates  []Candidate // taken out of the SDP; they go the way of all candidates
}

// A sectionLine is one m= section.
type sectionLine struct {
	mid             string
	kind            Kind // 0 for the message channel
	sends, receives bool // as whoever wrote the description does
	ssrcs           bool // it names its streams
	formats         []string
}

// parseDescription checks an SDP against every rule that holds for both sides. use are the codecs that we use.
func parseDescription(text string, use []*rule) (*description, error) {
	if len(text) > maxDescription {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrDescription, maxDescription)
	}
	return readDescription(text, use, maxSections)
}

// readDescription is parseDescription for a text of any length, with so many sections at most.
func readDescription(text string, use []*rule, most int) (*description, error) {
	var in sdp.SessionDescription
	if err := in.UnmarshalString(text); err != nil {
		return nil, fmt.Errorf("%w: not an SDP", ErrDescription)
	}
	if n := len(in.MediaDescriptions); n == 0 || n > most {
		return nil, fmt.Errorf("%w: %d media sections", ErrDescription, n)
	}
	for _, m := range in.MediaDescriptions {
		dropUnreadable(m)
	}
	d := &description{session: rebuildSession(&in)}
	if err := d.readFingerprints(); err != nil {
		return nil, err
	}
	if err := d.readSections(&in, use); err != nil {
		return nil, err
	}
	return d, d.readTransport()
}

// attributes that may pass, at the session's and at the section's level.
var (
	sessionAttributes = map[string]bool{
		"group": true, "fingerprint": true, "setup": true, "ice-ufrag": true, "ice-pwd": true, "ice-options": true,
		"extmap-allow-mixed": true, "msid-semantic": true,
	}
	sectionAttributes = map[string]bool{
		"mid": true, "fingerprint": true, "setup": true, "ice-ufrag": true, "ice-pwd": true, "ice-options": true,
		"rtcp-mux": true, "rtcp-rsize": true, "rtpmap": true, "fmtp": true, "rtcp-fb": true, "extmap": true,
		"ssrc": true, "ssrc-group": true, "msid": true, "bundle-only": true,
		"sctp-port": true, "max-message-size": true, "sctp-init": true,
	}
)

// rebuildSession copies what is known of a description. Origin and connection lines say nothing about where it was made.
func rebuildSession(in *sdp.SessionDescription) *sdp.SessionDescription {
	out := &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: in.Origin.SessionID, SessionVersion: in.Origin.SessionVersion,
			NetworkType: "IN", AddressType: "IP4", UnicastAddress: "0.0.0.0",
		},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
		Attributes:       keep(in.Attributes, sessionAttributes),
	}
	for _, m := range in.MediaDescriptions {
		name := m.MediaName
		name.Port.Range = nil
		if name.Port.Value != 0 {
			name.Port.Value = 9
		}
		out.MediaDescriptions = append(out.MediaDescriptions, &sdp.MediaDescription{
			MediaName: name,
			ConnectionInformation: &sdp.ConnectionInformation{
				NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"},
			},
			Attributes: keep(m.Attributes, sectionAttributes),
		})
	}
	return out
}

func keep(in []sdp.Attribute, known map[string]bool) (out []sdp.Attribute) {
	for _, a := range in {
		if known[a.Key] {
			out = append(out, a)
		}
	}
	return out
}

// readFingerprints asks for exactly one distinct fingerprint, wherever it stands and however often.
func (d *description) readFingerprints() error {
	seen := 0
	each := func(attributes []sdp.Attribute) error {
		for _, a := range attributes {
			if a.Key != "fingerprint" {
				continue
			}
			sum, err := parseFingerprint(a.Value)
			if err != nil {
				return err
			}
			if seen++; seen > 1 && sum != d.fingerprint {
				return fmt.Errorf("%w: two different ones", ErrFingerprint)
			}
			d.fingerprint = sum
		}
		return nil
	}
	if err := each(d.session.Attributes); err != nil {
		return err
	}
	for _, m := range d.session.MediaDescriptions {
		if err := each(m.Attributes); err != nil {
			return err
		}
	}
	if seen == 0 {
		return fmt.Errorf("%w: none", ErrFingerprint)
	}
	return nil
}

// readTransport reads what all bundled sections share: ICE credentials and the DTLS role.
func (d *description) readTransport() error {
	password := ""
	for _, m := range d.session.MediaDescriptions {
		for _, want := range []struct {
			key string
			to  *string
		}{{"ice-ufrag", &d.ufrag}, {"ice-pwd", &password}, {"setup", &d.setup}} {
			v, ok := m.Attribute(want.key)
			if !ok {
				v, ok = d.session.Attribute(want.key)
			}
			if !ok || *want.to != "" && *want.to != v {
				return fmt.Errorf("%w: %s is missing or differs between sections", ErrDescription, want.key)
			}
			*want.to = v
		}
	}
	if len(d.ufrag) < 4 || len(d.ufrag) > 256 || len(password) < 22 || len(password) > 256 ||
		!iceChars(d.ufrag) || !iceChars(password) {
		return fmt.Errorf("%w: ICE credentials", ErrDescription)
	}
	if !slices.Contains([]string{"actpass", "active", "passive"}, d.setup) {
		return fmt.Errorf("%w: setup", ErrDescription)
	}
	return nil
}

// write renders the description with a direction for each section and a DTLS role.
func (d *description) write(setup string, direction func(i int, s sectionLine) (sends, receives bool)) (string, error) {
	for i, m := range d.session.MediaDescriptions {
		m.Attributes = setAttribute(m.Attributes, "setup", setup)
		sends, receives := true, true
		if s := d.sections[i]; s.kind != 0 {
			sends, receives = direction(i, s)
		}
		m.Attributes = append(slices.Clip(m.Attributes), sdp.Attribute{Key: directionName(sends, receives)})
	}
	b, err := d.session.Marshal()
	if err != nil {
		return "", fmt.Errorf("media: writing a description: %w", err)
	}
	if len(b) > maxDescription {
		return "", fmt.Errorf("%w: ours is longer than %d bytes", ErrDescription, maxDescription)
	}
	return string(b), nil
}

// holds reports whether whoever wrote the description neither sends nor wants anything.
func (d *description) holds() bool {
	return !slices.ContainsFunc(d.sections, func(s sectionLine) bool { return s.kind != 0 && (s.sends || s.receives) })
}

// without leaves sections of audio and video out, as if they had never been there.
func (d *description) without(drop func(sectionLine) bool) {
	dropped := map[string]bool{}
	for i, s := range slices.Backward(d.sections) {
		if s.kind != 0 && drop(s) {
			dropped[s.mid] = true
			d.sections = slices.Delete(d.sections, i, i+1)
			d.session.MediaDescriptions = slices.Delete(d.session.MediaDescriptions, i, i+1)
		}
	}
	for i, a := range d.session.Attributes {
		if names := strings.Fields(a.Value); a.Key == "group" && len(names) > 0 {
			left := slices.DeleteFunc(names[1:], func(mid string) bool { return dropped[mid] })
			d.session.Attributes[i].Value = strings.Join(names[:1+len(left)], " ")
		}
	}
}

func setAttribute(attributes []sdp.Attribute, key, value string) []sdp.Attribute {
	attributes = slices.DeleteFunc(slices.Clone(attributes), func(a sdp.Attribute) bool { return a.Key == key })
	return append(attributes, sdp.Attribute{Key: key, Value: value})
}

func directionName(sends, receives bool) string {
	switch {
	case sends && receives:
		return "sendrecv"
	case sends:
		return "sendonly"
	case receives:
		return "recvonly"
	}
	return "inactive"
}

// names lists the sections, for comparisons.
func (d *description) names() (out []string) {
	for _, s := range d.sections {
		out = append(out, fmt.Sprint(s.kind, s.mid))
	}
	return out
}
