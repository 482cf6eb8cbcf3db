package file_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

func writeOgg(t testing.TB, o file.OggOptions, frames []media.Frame) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := file.NewOggWriter(&buf, o)
	for i, f := range frames {
		if err := w.WriteFrame(f); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// packet is an Opus packet of 20 ms (CELT, mono) with n bytes in all.
func packet(n int, fill byte) []byte {
	p := bytes.Repeat([]byte{fill}, n)
	p[0] = 31 << 3
	return p
}

func TestOggCopyKeepsEveryPacketAndTime(t *testing.T) {
	want := readAll(t, file.Ogg, clip(t, "clip.ogg"))
	got := readAll(t, file.Ogg, writeOgg(t, file.OggOptions{}, want))
	sameData(t, got, want)
	for i := range got {
		if at := time.Duration(i) * 20 * time.Millisecond; got[i].Time != at || want[i].Time != at || got[i].Duration != 20*time.Millisecond {
			t.Fatalf("packet %d at %v, read at %v, lasts %v, want %v and 20ms", i, want[i].Time, got[i].Time, got[i].Duration, at)
		}
	}
}

// A packet's length decides how its segments are laced: 255 and its multiples need a segment of no bytes at the end.
func TestOggLacing(t *testing.T) {
	for _, perPage := range []int{1, 3, 50} {
		var want []media.Frame
		for i, n := range []int{1, 2, 254, 255, 256, 509, 510, 511, 765, 1275, 30000, 61440, 61439, 3} {
			want = append(want, media.Frame{Data: packet(n, byte(i)), Time: time.Duration(i) * 20 * time.Millisecond})
		}
		got := readAll(t, file.Ogg, writeOgg(t, file.OggOptions{PagePackets: perPage}, want))
		sameData(t, got, want)
	}
}

func TestOggFramesOfAllDurations(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   time.Duration
	}{
		{[]byte{0 << 3, 1}, 10 * time.Millisecond},
		{[]byte{3 << 3, 1}, 60 * time.Millisecond},
		{[]byte{13 << 3, 1}, 20 * time.Millisecond},
		{[]byte{16 << 3, 1}, 2500 * time.Microsecond},
		{[]byte{31<<3 | 1, 1, 2}, 40 * time.Millisecond},
		{[]byte{31<<3 | 3, 6}, 120 * time.Millisecond},
	} {
		got := readAll(t, file.Ogg, writeOgg(t, file.OggOptions{}, []media.Frame{{Data: c.packet}, {Data: c.packet, Time: c.want}}))
		if len(got) != 2 || got[0].Duration != c.want || got[1].Time != c.want {
			t.Errorf("% x: %v, want %v", c.packet, got, c.want)
		}
	}
}

func TestOggRefusesWhatIsNoOpus(t *testing.T) {
	w := file.NewOggWriter(io.Discard, file.OggOptions{})
	for _, bad := range [][]byte{nil, {31<<3 | 3}, {31<<3 | 3, 7}, {31<<3 | 3, 0}, packet(61441, 0)} {
		if err := w.WriteFrame(media.Frame{Data: bad}); err == nil {
			t.Errorf("took a packet of %d bytes", len(bad))
		}
	}
}

// A gap is filled with frames that say "lost" (RFC 7845, section 4.1), so times go on and no packet is invented.
func TestOggGap(t *testing.T) {
	source := readAll(t, file.Ogg, clip(t, "clip.ogg"))
	kept := append(append([]media.Frame(nil), source[:100]...), source[150:]...)
	b := writeOgg(t, file.OggOptions{}, kept)
	var got []media.Frame
	var lost time.Duration
	for _, f := range readAll(t, file.Ogg, b) {
		if len(f.Data) == 2 {
			lost += f.Duration
			continue
		}
		got = append(got, f)
	}
	sameData(t, got, kept)
	if lost != time.Second {
		t.Errorf("%v marked as lost, want 1s", lost)
	}
	for i := range got {
		if got[i].Time != kept[i].Time {
			t.Fatalf("packet %d at %v, want %v", i, got[i].Time, kept[i].Time)
		}
	}
	streams, duration := probe(t, save(t, "gap.ogg", b))
	if streams[0].Packets != streams[0].Frames || streams[0].Packets != "359" { // 350 and 50 frames in packets of up to 6
		t.Errorf("ffprobe reads %s packets, %s frames, want 359", streams[0].Packets, streams[0].Frames)
	}
	if duration != 8 {
		t.Errorf("ffprobe says %v s, want 8", duration)
	}
}

// A single packet that is missing is filled in; a small step in time without a loss puts nothing in.
func TestOggSmallGaps(t *testing.T) {
	for _, c := range []struct {
		missing int
		step    time.Duration
		packets int
	}{{1, 40 * time.Millisecond, 3}, {0, 40 * time.Millisecond, 2}, {0, 119 * time.Millisecond, 2}, {0, 120 * time.Millisecond, 3}, {1, 30 * time.Millisecond, 2}} {
		b := writeOgg(t, file.OggOptions{}, []media.Frame{{Data: packet(80, 1)}, {Data: packet(80, 2), Time: c.step, Missing: c.missing}})
		if got := readAll(t, file.Ogg, b); len(got) != c.packets {
			t.Errorf("%d missing, %v later: %d packets, want %d", c.missing, c.step, len(got), c.packets)
		}
	}
}

func TestOggStartsLate(t *testing.T) {
	source := readAll(t, file.Ogg, clip(t, "clip.ogg"))
	for i := range source {
		source[i].Time += 250 * time.Millisecond
	}
	b := writeOgg(t, file.OggOptions{}, source)
	got := readAll(t, file.Ogg, b)
	sameData(t, got, source)
	if got[0].Time != 250*time.Millisecond || got[399].Time != source[399].Time {
		t.Errorf("starts at %v, last at %v", got[0].Time, got[399].Time)
	}
	streams, _ := probe(t, save(t, "late.ogg", b))
	if s := streams[0]; s.start() != 0.25 || s.Packets != "400" || s.Frames != "400" || s.Codec != "opus" || s.Channels != 1 {
		t.Errorf("ffprobe says %+v", s)
	}
}

// A jump that no call makes does not make the file grow.
func TestOggAbsurdJump(t *testing.T) {
	b := writeOgg(t, file.OggOptions{}, []media.Frame{
		{Data: packet(80, 1)}, {Data: packet(80, 2), Time: 40 * time.Hour}, {Data: packet(80, 3), Time: 20 * time.Millisecond},
	})
	if got := readAll(t, file.Ogg, b); len(got) != 3 || len(b) > 1000 {
		t.Errorf("%d packets in %d bytes, want 3 in less than 1000", len(got), len(b))
	}
}

// A sender whose times jump by 59 minutes a packet makes the file grow once, not with each packet. It fails without filled
// in room.
func TestOggJumpsAgainAndAgain(t *testing.T) {
	var frames []media.Frame
	for i := range 50 {
		frames = append(frames, media.Frame{Data: packet(80, 1), Time: time.Duration(i) * 59 * time.Minute, Missing: i})
	}
	if b := writeOgg(t, file.OggOptions{}, frames); len(b) < 200_000 || len(b) > 260_000 {
		t.Errorf("%d bytes of 50 packets of 80", len(b))
	}
}

// A gap that has really passed is filled however long it is, and however often. It fails without the time since the start
// in room.
func TestOggLongSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		w := file.NewOggWriter(&buf, file.OggOptions{})
		for i := range 4 {
			at := time.Duration(i) * 2 * time.Hour
			if err := w.WriteFrame(media.Frame{Data: packet(80, 1), Time: at}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Hour)
		}
		_ = w.Close()
		all := readAll(t, file.Ogg, buf.Bytes())
		if last := all[len(all)-1]; last.Time != 6*time.Hour {
			t.Errorf("the last packet is at %v", last.Time)
		}
	})
}

func TestOggErrorsNameTheFault(t *testing.T) {
	good := clip(t, "clip.ogg")
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0x40
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":              {nil, io.ErrUnexpectedEOF},
		"text":               {[]byte("this is a text and no Ogg file at all"), file.ErrFormat},
		"bad checksum":       {flip(40), file.ErrFormat},
		"cut in the headers": {good[:60], io.ErrUnexpectedEOF},
		"version":            {flip(4), file.ErrFormat},
	} {
		_, err := file.NewOggReader(bytes.NewReader(c.data))
		if !errors.Is(err, c.want) || !errors.Is(err, file.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := file.NewOggReader(bytes.NewReader(good[:len(good)-100]))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; err == nil; n++ {
		_, err = r.ReadFrame()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) || n < 380 {
		t.Errorf("a file cut short: %d packets, %v", n, err)
	}
	if _, again := r.ReadFrame(); again != err {
		t.Errorf("the error is not final: %v", again)
	}
}

// Chained files play on, and what other streams hold is passed over.
func TestOggChained(t *testing.T) {
	one := clip(t, "clip.ogg")
	got := readAll(t, file.Ogg, append(bytes.Clone(one), one...))
	if len(got) != 800 {
		t.Fatalf("%d packets, want 800", len(got))
	}
	if want := 8 * time.Second; got[400].Time < want || got[400].Time > want+20*time.Millisecond {
		t.Errorf("the second part begins at %v, want 8s", got[400].Time)
	}
}

// What ffmpeg writes is read as ffprobe reads it, at several frame sizes, also with packets that go over pages.
func TestOggFromFFmpeg(t *testing.T) {
	for _, ms := range []string{"2.5", "20", "60", "120"} {
		path := save(t, "in.ogg", nil)
		silent(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=440:d=3:r=48000", "-ac", "2",
			"-c:a", "libopus", "-b:a", "256k", "-frame_duration", ms, "-page_duration", "100000000", path)
		checkPackets(t, path, file.Ogg)
	}
}
