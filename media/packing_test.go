package media

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// TestOtherPacketisers: what the packetisers of others make of a layout comes out as it went in: several NAL units in one
// packet, OBUs with lengths, descriptors with and without picture IDs.
func TestOtherPacketisers(t *testing.T) {
	now := time.Unix(1, 0)
	v := newVault(1)
	for _, c := range []struct {
		codec Codec
		by    rtp.Payloader
	}{
		{VP8, &codecs.VP8Payloader{EnablePictureID: true}},
		{VP9, &codecs.VP9Payloader{FlexibleMode: true}},
		{AV1, &codecs.AV1Payloader{}},
		{H264, &codecs.H264Payloader{}},
	} {
		r := ruleOf(c.codec)
		lay, open, a, seq := r.layout(), r.layout(), newAssembler(Video), uint16(65500)
		seal, src := &testSealer{v: v}, newVideo(c.codec, 100, 3000)
		for n := range src.count {
			key := n%30 == 0
			frame := src.data(n, key)
			layout, err := lay.seal(nil, Frame{Data: frame, Key: key}, seal)
			check(t, err)
			if c.codec == AV1 { // it wants a size
				size := len(layout) - 1
				layout = append([]byte{obuFrame | obuHasSize, 0x80 | byte(size), byte(size >> 7)}, layout[1:]...)
			}
			parts := c.by.Payload(1100, layout)
			for i, b := range parts {
				feed(a, testPacket{seq, uint32(n) * 3000, i == len(parts)-1, b, r}, now)
				seq++
			}
			got, ok := a.pop(now, time.Hour)
			if !ok || got.missing != 0 {
				t.Fatalf("%s: frame %d: %v, %d missing", c.codec, n, ok, got.missing)
			}
			data, isKey, err := open.open(got, &testOpener{v: v})
			if err != nil || !bytes.Equal(data, frame) {
				t.Fatalf("%s: frame %d: %v", c.codec, n, err)
			}
			if (c.codec == VP8 || c.codec == H264) && isKey != key { // the others cannot see it
				t.Errorf("%s: frame %d: key %v", c.codec, n, isKey)
			}
		}
	}
}

// TestHeads: what the descriptors of browsers say, and what is cut short.
func TestHeads(t *testing.T) {
	for _, c := range []struct {
		codec  Codec
		packet string
		want   packetHead
		ok     bool
	}{
		{VP9, "\x8c\x80\x05x", packetHead{size: 3, start: true, layer: true, key: true, id: 5, mask: 0x7fff}, true},
		{VP9, "\xcc\x05x", packetHead{size: 2, start: true, layer: true, id: 5, mask: 0x7f}, true},
		{VP9, "\xac\x80\x05\x00\x07x", packetHead{size: 5, start: true, layer: true, key: true, id: 5, mask: 0x7fff}, true}, // TL0PICIDX
		{VP9, "\xac\x80\x05\x02\x07x", packetHead{size: 5, layer: true, key: true, id: 5, mask: 0x7fff}, true},              // layer 1
		{VP9, "\xfc\x80\x05\x00\x03\x02x", packetHead{size: 6, start: true, layer: true, id: 5, mask: 0x7fff}, true},        // two references
		{VP9, "\xfc\x80\x05\x00\x03\x03\x03x", packetHead{}, false},                                                         // four of them
		{VP9, "\x8e\x80\x05\x18\x01\x40\x02\x80\x01\x04\x01", packetHead{}, false},                                          // a scheme cut short
		{VP9, "\x8e\x80\x05\x18\x01\x40\x00\xb4\x01\x04\x01x", packetHead{size: 11, start: true, layer: true, key: true, id: 5, mask: 0x7fff}, true},
		{VP9, "\x8c\x80\x05", packetHead{}, false},
		{AV1, "\x18\x30x", packetHead{size: 1, start: true, layer: true, key: true}, true},
		{AV1, "\x90x", packetHead{size: 1}, true},
		{AV1, "\x10", packetHead{}, false},
		{H264, "\x7c\x85\x88", packetHead{size: 2, start: true}, true},
		{H264, "\x7c\x45\x88", packetHead{size: 2}, true},
		{H264, "\x78\x00\x01\x67", packetHead{size: 1, start: true}, true},
		{H264, "\x7c\x85", packetHead{}, false},
		{H264, "\x1d\x00\x00", packetHead{}, false}, // FU-B
	} {
		got, ok := ruleOf(c.codec).packing.head([]byte(c.packet))
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s %x: %+v %v, want %+v %v", c.codec, c.packet, got, ok, c.want, c.ok)
		}
	}
}

// TestForeignPayloadTypes: an answer has the numbers, the order and the profiles of the offer, and a source is sent under
// the offer's number.
func TestForeignPayloadTypes(t *testing.T) {
	p := newPair(t, Settings{Loopback: true}, Settings{Loopback: true})
	offer, err := p.a.conn.Offer([]Source{newSource(Audio, 1, 10)}, both)
	check(t, err)
	offer = foreign(offer)
	answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), []Source{newVideo(H264, 1, 100)}, both)
	check(t, err)
	for _, want := range []string{
		"m=audio 9 UDP/TLS/RTP/SAVPF 122 109 0 8\r", "a=rtpmap:122 red/48000/2\r", "a=fmtp:122 109/109\r", "a=rtpmap:126 H264/90000\r",
		"a=fmtp:127 apt=126\r", "a=rtpmap:99 AV1/90000\r",
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in\n%s", want, answer)
		}
	}
	i := slices.IndexFunc(p.b.conn.sections, func(s *section) bool { return s.kind == Video })
	track := p.b.conn.sections[i].track
	track.mu.Lock()
	defer track.mu.Unlock()
	if track.header.PayloadType != 126 {
		t.Errorf("H264 is sent as %d", track.header.PayloadType)
	}
}

// foreign gives an offer of ours the payload types of another implementation, with RED before Opus and a profile of H264
// that nobody here knows before ours.
func foreign(offer string) string {
	numbers := map[string]string{
		"111": "109", "63": "122", "96": "120", "97": "124", "98": "121", "99": "125", "102": "126", "103": "127", "45": "99", "46": "100",
	}
	lines := strings.Split(offer, "\r\n")
	for i, line := range lines {
		words := strings.Split(line, " ")
		for j, w := range words {
			head, pt, cut := strings.Cut(w, ":")
			if n := numbers[pt]; cut && n != "" && j == 0 && (head == "a=rtpmap" || head == "a=fmtp" || head == "a=rtcp-fb") {
				words[j] = head + ":" + n
			}
			if n := numbers[w]; n != "" && j > 2 && strings.HasPrefix(line, "m=") {
				words[j] = n
			}
			if apt, ok := strings.CutPrefix(w, "apt="); ok {
				words[j] = "apt=" + numbers[apt]
			}
			if w == "111/111" {
				words[j] = "109/109"
			}
		}
		lines[i] = strings.Join(words, " ")
	}
	text := strings.Join(lines, "\r\n")
	text = strings.Replace(text, "SAVPF 109 122", "SAVPF 122 109", 1)
	text = strings.Replace(text, " 126 127", " 105 126 127", 1)
	high := "a=rtpmap:105 H264/90000\r\na=fmtp:105 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f\r\n"
	return strings.Replace(text, "a=rtpmap:126 ", high+"a=rtpmap:126 ", 1)
}
