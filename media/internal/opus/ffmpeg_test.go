package opus

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestAgainstFFmpeg: what the encoders make is decoded by ffmpeg too, and its libopus, which was compiled for this machine,
// gives the samples that the sandbox gives: at most one in a thousand is off, by 1.
func TestAgainstFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip("ffmpeg is not installed")
	}
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		for _, bitrate := range []int{8000, 14000, 20000, 32000, 96000} {
			for channels := 1; channels <= 2; channels++ {
				e := open(Config{Rate: 48000, Channels: channels, Bitrate: bitrate, Loss: 5})
				_, sent := packets(t, e, 20, 40)
				ours := decodeAll(t, 48000, channels, sent)
				theirs := ffmpeg(t, ogg(channels, sent))
				if len(theirs) != len(ours) {
					t.Fatalf("ffmpeg decodes %d values, not %d", len(theirs), len(ours))
				}
				off, most := 0, 0
				for i, v := range ours {
					if d := max(int(v)-int(theirs[i]), int(theirs[i])-int(v)); d > 0 {
						off, most = off+1, max(most, d)
					}
				}
				t.Logf("%d b/s, %d channels, TOC %#x: %d of %d are off, by %d at most", bitrate, channels, sent[30][0], off, len(ours), most)
				if most > 1 || off > len(ours)/1000 {
					t.Error("the decoders differ")
				}
			}
		}
	})
}

func ffmpeg(t *testing.T, in []byte) []int16 {
	t.Helper()
	cmd := exec.Command("ffmpeg", "-v", "error", "-c:a", "libopus", "-f", "ogg", "-i", "-", "-f", "s16le", "-")
	cmd.Stdin = bytes.NewReader(in)
	var fault strings.Builder
	cmd.Stderr = &fault
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err, fault.String())
	}
	out := make([]int16, len(b)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

// ogg wraps packets of 20 ms, one a page (RFC 7845), with nothing to be skipped.
func ogg(channels int, packets [][]byte) []byte {
	head := append([]byte("OpusHead\x01"), byte(channels), 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
	tags := append([]byte("OpusTags"), make([]byte, 8)...)
	out := page(page(nil, 2, 0, 0, head), 0, 0, 1, tags)
	for i, p := range packets {
		flags := byte(0)
		if i == len(packets)-1 {
			flags = 4
		}
		out = page(out, flags, 960*(i+1), i+2, p)
	}
	return out
}

// page appends a page with one packet (RFC 3533, section 6).
func page(out []byte, flags byte, granule, sequence int, packet []byte) []byte {
	start := len(out)
	out = append(out, 'O', 'g', 'g', 'S', 0, flags)
	out = binary.LittleEndian.AppendUint64(out, uint64(granule))
	out = binary.LittleEndian.AppendUint32(out, 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(sequence))
	out = append(out, 0, 0, 0, 0, byte(len(packet)/255+1))
	for n := len(packet); n >= 255; n -= 255 {
		out = append(out, 255)
	}
	out = append(append(out, byte(len(packet)%255)), packet...)
	binary.LittleEndian.PutUint32(out[start+22:], checksum(out[start:]))
	return out
}

func checksum(b []byte) (crc uint32) {
	for _, v := range b {
		crc ^= uint32(v) << 24
		for range 8 {
			crc = crc<<1 ^ crc>>31*0x04c11db7
		}
	}
	return crc
}
