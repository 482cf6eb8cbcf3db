package media

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestPitfall01NothingIsSentBeforeStart: a callee whose owner did not accept sends nothing, whatever the caller does; the
// steps of the other role are refused. The mutation that makes it fail: leave c.started out of setGates.
func TestPitfall01NothingIsSentBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		if err := p.b.conn.Accept("v=0", p.a.cert.Fingerprint()); !errors.Is(err, ErrState) {
			t.Errorf("Accept on a callee: %v", err)
		}
		mic, camera := newSource(Audio, 1<<20, 100), newSource(Video, 1<<20, 100)
		offer, err := p.a.conn.Offer([]Source{newSource(Audio, 100, 100)}, both)
		check(t, err)
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), []Source{mic, camera}, both)
		check(t, err)
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		p.a.conn.Start() // and the callee's owner does not
		for _, c := range p.b.candidates() {
			check(t, p.a.conn.AddCandidate(c))
		}
		p.connected(t)
		time.Sleep(3 * time.Second)
		describe(t, p.a, p.b, true, all)
		p.a.conn.RequestKeyFrames()
		time.Sleep(3 * time.Second)
		if mic.readSoFar()+camera.readSoFar() != 0 || len(p.a.sinks) != 0 {
			t.Error("a source was read before Start")
		}
	})
}

// TestPitfall02NothingLeavesBeforeAccept: an offer gathers nothing, holds no candidate and no address, and no packet is
// sent while it rings. The mutation that makes it fail: SetLocalDescription in Offer.
func TestPitfall02NothingLeavesBeforeAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: 20 * time.Millisecond})
		packets := atomic.Int64{}
		w.Tap(func(sim.Packet) { packets.Add(1) })
		p := natPair(t, w, sim.Cone, false)
		offer, err := p.a.conn.Offer([]Source{newSource(Audio, 100, 100)}, both)
		check(t, err)
		time.Sleep(time.Minute)
		if packets.Load() != 0 {
			t.Errorf("%d packets left", packets.Load())
		}
		if slices.ContainsFunc(p.a.seen(), isA[CandidateFound]) || strings.Contains(offer, "candidate") {
			t.Error("a candidate exists")
		}
		for _, line := range strings.Split(offer, "\r\n") {
			if strings.HasPrefix(line, "o=") && !strings.HasSuffix(line, "IN IP4 0.0.0.0") ||
				strings.HasPrefix(line, "c=") && line != "c=IN IP4 0.0.0.0" {
				t.Error(line)
			}
		}
	})
}

// TestPitfall04SwappedFingerprint: a description with another fingerprint, or with two, is refused before anything of it
// is used. The mutation that makes it fail: drop the comparison with want in readOffer or readAnswer.
func TestPitfall04SwappedFingerprint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		offer, err := p.a.conn.Offer(nil, both)
		check(t, err)
		other, err := NewCertificate()
		check(t, err)
		for _, text := range []string{swap(offer, p.a.cert, other), offer + fingerprintLine(other), swap(offer, p.a.cert, nil)} {
			if _, err := p.b.conn.Answer(text, p.a.cert.Fingerprint(), nil, both); !errors.Is(err, ErrFingerprint) {
				t.Errorf("%v", err)
			}
		}
		if _, err := p.b.conn.Answer(offer, other.Fingerprint(), nil, both); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%v", err)
		}
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		if err := p.a.conn.Accept(swap(answer, p.b.cert, other), p.b.cert.Fingerprint()); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%v", err)
		}
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
	})
}

func fingerprintLine(c *Certificate) string {
	sum := c.Fingerprint()
	return "a=fingerprint:sha-256 " + strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", sum[:]), " ", ":")) + "\r\n"
}

// swap puts another fingerprint, or none, in place of one.
func swap(text string, old, with *Certificate) string {
	line := ""
	if with != nil {
		line = fingerprintLine(with)
	}
	if !strings.Contains(text, fingerprintLine(old)) {
		panic("no fingerprint to swap")
	}
	return strings.ReplaceAll(text, fingerprintLine(old), line)
}

// TestPitfall04OtherCertificate: somebody in the middle has the right descriptions and another key. DTLS fails, no frame
// is sent. The mutation that makes it fail: DisableCertificateFingerprintVerification in engine.go.
func TestPitfall04OtherCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		honest, err := NewCertificate()
		check(t, err)
		audio := newSource(Audio, 100, 100)
		offer, err := p.a.conn.Offer([]Source{audio}, both)
		check(t, err)
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		check(t, p.a.conn.Accept(swap(answer, p.b.cert, honest), honest.Fingerprint()))
		p.a.conn.Start()
		for _, c := range p.b.candidates() {
			check(t, p.a.conn.AddCandidate(c))
		}
		p.a.await("the caller's refusal", func(e Event) bool {
			s, ok := e.(StateChanged)
			return ok && s.State == ConnFailed && errors.Is(s.Err, ErrHandshake)
		})
		time.Sleep(time.Second)
		if audio.readSoFar() != 0 {
			t.Error("frames were read for an impostor")
		}
	})
}

// TestPitfall10OneKeyPerStream: every stream has a sealer of its own, whose counter never restarts, whatever becomes of
// its source. The mutation that makes it fail: reuse the context in takeCtx, or make a new sealer in ReplaceTrack.
func TestPitfall10OneKeyPerStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		made := map[uint16]int{}
		seal := p.a.conn.cfg.Seal
		p.a.conn.cfg.Seal = func(ctx uint16) Sealer { made[ctx]++; return seal(ctx) }
		p.dial(t, []Source{newSource(Audio, 99, 9), newSource(Video, 99, 9), newSource(Video, 99, 9), newSource(Audio, 99, 9)}, nil, both, both)
		p.connected(t)
		check(t, taken(p.a.conn.ReplaceTrack(1, newSource(Video, 99, 9))))
		check(t, taken(p.a.conn.RemoveTrack(1)))
		if _, err := p.a.conn.AddTrack(newSource(Video, 99, 9)); err != nil {
			t.Error(err)
		}
		var contexts []uint16
		for _, s := range p.a.conn.Streams() {
			contexts = append(contexts, s.Ctx)
		}
		if !slices.Equal(contexts, []uint16{0, 4, 2, 3}) || len(made) != 5 {
			t.Errorf("contexts %v, sealers %v", contexts, made)
		}
		for ctx, n := range made {
			if n != 1 {
				t.Errorf("context %d has %d sealers", ctx, n)
			}
		}
	})
}

// TestPitfall18KeyFrameAfterKey: a new send key is first used on a key frame, and a receiver whose first picture is no key
// frame asks for one. The mutation that makes it fail: leave out the request in receiver.deliver, or ForceKeyFrames.
func TestPitfall18KeyFrameAfterKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 20 * time.Millisecond})
		video := newSource(Video, 1<<20, 500)
		video.n = 7 // in the middle of its group of pictures
		p.dial(t, []Source{video}, nil, both, both)
		p.connected(t)
		time.Sleep(time.Second)
		got := p.b.sinkOf("0").all()
		if got[0].Key || !slices.ContainsFunc(got, func(f Frame) bool { return f.Key }) {
			t.Error("no key frame came for the late joiner")
		}
		p.a.conn.ForceKeyFrames()
		before := len(p.b.sinkOf("0").all())
		time.Sleep(200 * time.Millisecond)
		if !slices.ContainsFunc(p.b.sinkOf("0").all()[before:], func(f Frame) bool { return f.Key }) {
			t.Error("no key frame after a change of the key")
		}
		for range 1000 {
			p.a.conn.ForceKeyFrames()
			p.b.conn.RequestKeyFrames()
			time.Sleep(time.Millisecond)
		}
		if video.forced > 7 {
			t.Errorf("%d key frames forced within 1.3 s", video.forced)
		}
	})
}

// TestPitfall23StrangersPackets: a host that knows the address of a side but not its ICE password gets no answer to a
// ClientHello, and its flood does not keep the call from coming up. The mutation that makes it fail: none here, DTLS
// below reads from the validated pair alone; the test is there to notice if that ends.
func TestPitfall23StrangersPackets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		stranger := w.Host("6.6.6.6")
		answers := atomic.Int64{}
		w.Tap(func(pk sim.Packet) {
			if strings.HasPrefix(pk.To, "6.6.6.6:") {
				answers.Add(1)
			}
		})
		offer, err := p.a.conn.Offer([]Source{newSource(Audio, 100, 100)}, both)
		check(t, err)
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		candidates := p.b.candidates()
		line, err := parseCandidate(candidates[0].Line)
		check(t, err)
		conn, err := stranger.DialUDP("udp4", nil, &net.UDPAddr{IP: net.ParseIP(line.address), Port: int(line.port)})
		check(t, err)
		defer func() { check(t, conn.Close()) }()
		flood := func() {
			hello := append([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0}, make([]byte, 1024)...)
			for i := range 5000 {
				hello[0] = []byte{22, 128, 0, 200}[i%4]
				if _, err := conn.Write(hello); err != nil {
					t.Error(err)
				}
			}
		}
		flood()
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		p.a.conn.Start()
		for _, c := range candidates {
			check(t, p.a.conn.AddCandidate(c))
		}
		flood()
		p.connected(t)
		time.Sleep(3 * time.Second)
		if answers.Load() != 0 {
			t.Errorf("%d answers to a stranger", answers.Load())
		}
		if n := len(p.b.sinkOf("0").all()); n != 100 {
			t.Errorf("%d frames", n)
		}
	})
}

// TestPitfall24NoOracle: a peer that sends frames that cannot be opened learns nothing from what comes back: what a
// receiver sends is the same for every kind of failure, and not more than a key frame request now and then. The mutation
// that makes it fail: ask in receiver.failed instead of through keyRequest.
func TestPitfall24NoOracle(t *testing.T) {
	back := map[string]int64{}
	for name, sealer := range map[string]Sealer{"plaintext": plainSealer{}, "wrong key": &testSealer{v: newVault(66)}} {
		synctest.Test(t, func(t *testing.T) {
			w, p := simPair(t, sim.Link{OneWay: time.Millisecond})
			p.a.conn.cfg.Seal = func(uint16) Sealer { return sealer }
			fast := newSource(Video, 1<<20, 100)
			fast.step = time.Millisecond
			p.dial(t, []Source{fast}, nil, both, both)
			p.connected(t)
			time.Sleep(100 * time.Millisecond)
			packets := atomic.Int64{}
			w.Tap(func(pk sim.Packet) {
				if strings.HasPrefix(pk.From, "1.2.3.5") && len(pk.Data) > 1 && pk.Data[0]>>6 == 2 {
					packets.Add(1)
				}
			})
			time.Sleep(10 * time.Second)
			if p.b.conn.Stats().Received[0].FailedSum() < 5000 {
				t.Error("the attack did not run")
			}
			back[name] = packets.Load()
		})
	}
	if back["plaintext"] != back["wrong key"] || back["plaintext"] > 40 {
		t.Errorf("packets back in 10 s: %v", back)
	}
}

// TestPitfall28NothingSecretIsPrinted: credentials, keys and addresses appear under no verb, however deep. The mutation that makes it
// fail: drop a Format method.
func TestPitfall28NothingSecretIsPrinted(t *testing.T) {
	cert, err := NewCertificate()
	check(t, err)
	cfg := ConnConfig{Certificate: cert, Settings: Settings{ICEServers: []ICEServer{{
		URLs: []string{"turn:x"}, Username: "u", Credential: "hunter2",
	}}}}
	text, err := cert.cert.PEM()
	check(t, err)
	event := ConnEvent{Event: CandidateFound{Candidate{Line: "candidate:1 1 udp 1 hunter2 5 typ host"}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, &cfg, cfg.Settings, cfg.Settings.ICEServers, cert, *cert, []any{cert}, event} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "hunter2") || strings.Contains(out, "68756e74657232") || strings.Contains(out, "PRIVATE") ||
				strings.Contains(out, text[len(text)-60:]) || strings.Contains(out, "privateKey") {
				t.Errorf("%s of %T prints a secret: %.80s", verb, v, out)
			}
		}
	}
}
