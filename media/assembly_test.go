package media

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
)

// A wire packet of a test.
type testPacket struct {
	seq     uint16
	ts      uint32
	marker  bool
	payload []byte
	rule    *rule // nil: the usual one
}

// testFrames packs n frames as the sender does. sizes are of the laid-out frames.
func testFrames(kind Kind, n int, seq uint16, size func(i int) int) (frames [][]byte, packets []testPacket) {
	track := newLocalTrack(kind, "t", seq, 0)
	for i := range n {
		n := size(i)
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8), 3}, n/3+1)[:n]
		frames = append(frames, data)
		ts := uint32(i) * 3000
		if kind == Audio {
			packets = append(packets, testPacket{seq, ts, false, data, nil})
			seq++
			continue
		}
		track.picture++
		for first := true; len(data) > 0; first = false {
			k := min(len(data), maxPayload-vp8DescriptorSize)
			b := make([]byte, vp8DescriptorSize)
			putVP8Descriptor(b, track.picture, first)
			packets = append(packets, testPacket{seq, ts, k == len(data), append(b, data[:k]...), nil})
			data = data[k:]
			seq++
		}
	}
	return frames, packets
}

func feed(a *assembler, p testPacket, now time.Time) bool {
	q := a.take()
	q.payload, q.rule, q.ts, q.marker, q.at = q.buf[:copy(q.buf[:], p.payload)], p.rule, p.ts, p.marker, now
	if p.rule == nil {
		q.rule = defaultRules[a.kind]
	}
	return a.push(q, p.seq)
}

func popAll(a *assembler, now time.Time, wait time.Duration) (out [][]byte, missing int) {
	for {
		f, ok := a.pop(now, wait)
		if !ok {
			return out, missing
		}
		out = append(out, bytes.Clone(f.data))
		missing += f.missing
	}
}

// TestAssemblyAnyOrder: shuffled within the ring, with duplicates, across the wrap of sequence numbers: every frame comes
// out once, in order, at once.
func TestAssemblyAnyOrder(t *testing.T) {
	now := time.Unix(1, 0)
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		kind := []Kind{Audio, Video}[seed%2]
		frames, packets := testFrames(kind, 60, uint16(65500+seed), func(int) int { return 1 + r.IntN(600*int(kind)*int(kind)) })
		reach := 1 + r.IntN(40)
		a := newAssembler(kind)
		var got [][]byte
		order := make([]int, len(packets))
		for i := range order {
			order[i] = i
		}
		for i := range order { // move each packet by at most reach
			j := min(len(order)-1, i+r.IntN(reach))
			order[i], order[j] = order[j], order[i]
		}
		for _, i := range order {
			feed(a, packets[i], now)
			if r.IntN(5) == 0 {
				feed(a, packets[i], now)
			}
			out, missing := popAll(a, now, time.Hour)
			if missing != 0 && len(got) > 0 {
				t.Fatalf("seed %d: %d missing", seed, missing)
			}
			got = append(got, out...)
		}
		// A frame before the first one that was delivered is too late; that is all that may be lost.
		if len(got) < len(frames)-40 || !slices.EqualFunc(got, frames[len(frames)-len(got):], bytes.Equal) {
			t.Fatalf("seed %d: %d of %d frames, or not the right ones", seed, len(got), len(frames))
		}
		if a.held != 0 && kind == Audio {
			t.Fatalf("seed %d: %d packets kept", seed, a.held)
		}
	}
}

// TestAssemblyGivesUp: a packet that never comes costs its own frame, after the wait and not before.
func TestAssemblyGivesUp(t *testing.T) {
	now := time.Unix(1, 0)
	for _, kind := range []Kind{Audio, Video} {
		frames, packets := testFrames(kind, 10, 100, func(int) int { return 900 * int(kind) })
		a := newAssembler(kind)
		per := len(packets) / len(frames)
		var got [][]byte
		for i, p := range packets {
			if i == 4*per {
				continue
			}
			feed(a, p, now)
			out, _ := popAll(a, now, time.Second)
			got = append(got, out...)
		}
		if len(got) != 4 {
			t.Errorf("%v: %d frames before the hole", kind, len(got))
		}
		if !a.missing() {
			t.Errorf("%v: nothing missing?", kind)
		}
		if n := a.nacks(nil, now, 0); !slices.Equal(n, []uint16{uint16(100 + 4*per)}) {
			t.Errorf("%v: asked for %v", kind, n)
		}
		if n := a.nacks(nil, now.Add(50*time.Millisecond), 0); len(n) != 0 {
			t.Errorf("%v: asked again too soon", kind)
		}
		if out, _ := popAll(a, now.Add(999*time.Millisecond), time.Second); len(out) != 0 {
			t.Errorf("%v: did not wait", kind)
		}
		out, missing := popAll(a, now.Add(time.Second), time.Second)
		if len(out) != 5 || missing != 1 || !bytes.Equal(out[0], frames[5]) {
			t.Errorf("%v: %d frames, %d missing", kind, len(out), missing)
		}
		if feed(a, packets[4*per], now) {
			t.Errorf("%v: a late packet was taken", kind)
		}
	}
}

// TestAssemblyPadding: empty payloads are no frames, wherever they stand.
func TestAssemblyPadding(t *testing.T) {
	now := time.Unix(1, 0)
	for _, kind := range []Kind{Audio, Video} {
		frames, packets := testFrames(kind, 5, 0, func(int) int { return 100 })
		a := newAssembler(kind)
		var got [][]byte
		for i, p := range packets {
			p.seq = uint16(2 * i)
			feed(a, p, now)
			feed(a, testPacket{seq: uint16(2*i + 1), ts: p.ts}, now)
			out, missing := popAll(a, now, time.Hour)
			if missing != 0 {
				t.Errorf("%v: padding counts as lost", kind)
			}
			got = append(got, out...)
		}
		if !slices.EqualFunc(got, frames, bytes.Equal) {
			t.Errorf("%v: %d frames", kind, len(got))
		}
	}
}

// TestAssemblyOtherSenders: a sender that sets no marker, and the descriptors of pion's payloader with and without
// picture IDs.
func TestAssemblyOtherSenders(t *testing.T) {
	now := time.Unix(1, 0)
	for _, ids := range []bool{false, true} {
		for _, markers := range []bool{false, true} {
			payloader := &codecs.VP8Payloader{EnablePictureID: ids}
			a := newAssembler(Video)
			seq := uint16(7)
			var frames, got [][]byte
			for i := range 400 {
				data := bytes.Repeat([]byte{byte(i)}, 1+i*10)
				frames = append(frames, data)
				parts := payloader.Payload(1200, data)
				for j, payload := range parts {
					feed(a, testPacket{seq, uint32(i), markers && j == len(parts)-1, payload, nil}, now)
					seq++
				}
				out, missing := popAll(a, now, time.Hour)
				if missing != 0 {
					t.Fatalf("ids %v markers %v: frame %d: %d missing", ids, markers, i, missing)
				}
				got = append(got, out...)
			}
			if !markers {
				frames = frames[:len(frames)-1] // its end is not known
			}
			if !slices.EqualFunc(got, frames, bytes.Equal) {
				t.Errorf("ids %v markers %v: %d of %d frames", ids, markers, len(got), len(frames))
			}
		}
	}
}

// TestAssemblyJump: a sender that starts anew far away costs nothing but what was under way.
func TestAssemblyJump(t *testing.T) {
	now := time.Unix(1, 0)
	a := newAssembler(Video)
	var got int
	for _, start := range []uint16{10, 20000, 45000, 5} {
		_, packets := testFrames(Video, 10, start, func(int) int { return 2500 })
		for _, p := range packets {
			feed(a, p, now)
			out, _ := popAll(a, now, time.Hour)
			got += len(out)
		}
	}
	if got != 40 {
		t.Errorf("%d frames", got)
	}
}

// TestAssemblyAllocates nothing per packet once its frames flow.
func TestAssemblyAllocates(t *testing.T) {
	now := time.Unix(1, 0)
	_, packets := testFrames(Video, 100, 0, func(int) int { return 4000 })
	a := newAssembler(Video)
	run := func() {
		for i := range packets {
			packets[i].seq += uint16(len(packets))
			feed(a, packets[i], now)
			for {
				if _, ok := a.pop(now, time.Hour); !ok {
					break
				}
			}
		}
	}
	run()
	if n := testing.AllocsPerRun(20, run); n > 0 {
		t.Errorf("%v allocations for 100 frames", n)
	}
}

// FuzzAssembly: whatever comes, memory is bounded, frames come out in the order of their packets, and nothing panics.
func FuzzAssembly(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0x90, 0x80, 0x80, 1, 9, 2, 0, 0x80, 0x80, 0x80, 0x80, 1})
	f.Add(bytes.Repeat([]byte{0, 0x90, 0xff, 0x10, 1}, 40))
	for i, payload := range []string{"\x98\x80\x01abc", "\xfe\x80\x01\x00\x00\x02\x38\x00\x10\x00\x10\x01\x14\x01ab", "\x65\x88\x84\x80", "\x18\x00\x01\x67\x00\x02\x65\x88", "\x7c\x85\x88", "\x7c\x45\x80", "\x10\x30ab", "\x00\x03\x32\x01a\x01\x30"} {
		for rule := range 4 {
			f.Add(append([]byte{1, byte(i), byte(len(payload)), byte(rule << 4), 1, 1}, payload...))
		}
	}
	vault := newVault(9)
	f.Fuzz(func(t *testing.T, data []byte) {
		kind := Video
		if len(data) > 0 && data[0]&1 == 0 {
			kind = Audio
		}
		codecs := codecsOf(kind)
		a := newAssembler(kind)
		now := time.Unix(1, 0)
		var scratch []uint16
		for len(data) >= 6 {
			size := min(int(data[2]), len(data)-6)
			p := testPacket{
				seq: uint16(data[0])<<8 | uint16(data[1]), ts: uint32(data[3] & 3), marker: data[4]&1 == 1,
				payload: data[6 : 6+size], rule: ruleOf(codecs[int(data[3]>>4)%len(codecs)]),
			}
			now = now.Add(time.Duration(data[5]) * time.Millisecond)
			data = data[6+size:]
			feed(a, p, now)
			scratch = a.nacks(scratch[:0], now, 20*time.Millisecond)
			for {
				f, ok := a.pop(now, 100*time.Millisecond)
				if !ok {
					break
				}
				if len(f.data) == 0 || f.missing < 0 || len(f.ends) > maxParts {
					t.Fatal("an empty frame, or less than none missing")
				}
				if _, _, err := f.rule.layout().open(f, &testOpener{v: vault}); err == nil {
					t.Fatal("a frame was opened that nobody sealed")
				}
			}
			if a.held > len(a.ring) || a.top < a.next || a.top-a.next > uint64(len(a.ring)) || len(scratch) > nackAtOnce {
				t.Fatalf("held %d, from %d to %d, asked for %d", a.held, a.next, a.top, len(scratch))
			}
		}
	})
}
