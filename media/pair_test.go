package media

import (
	"context"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sotto-calls/sotto/internal/sim"
)

var (
	errTestNoKey = errors.New("test: no key")
	errTestSeal  = errors.New("test: not authentic")
)

func classify(err error) Failure {
	switch {
	case errors.Is(err, errTestNoKey):
		return FailNoKey
	case errors.Is(err, errTestSeal):
		return FailAuthentication
	}
	return FailOther
}

// A vault holds the test key of one side's frames. Sealed frames are ctx, counter and ciphertext.
type vault struct {
	mu   sync.Mutex
	aead cipher.AEAD
}

func newVault(key byte) *vault {
	v := &vault{}
	v.install(key)
	return v
}

func (v *vault) install(key byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.aead, _ = chacha20poly1305.New(slices.Repeat([]byte{key}, 32))
}

func (v *vault) get() cipher.AEAD {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.aead
}

type testSealer struct {
	v       *vault
	ctx     uint16
	counter uint64
}

func (s *testSealer) Seal(dst, clear, frame []byte) ([]byte, error) {
	aead := s.v.get()
	if aead == nil {
		return dst, errTestNoKey
	}
	var nonce [12]byte
	binary.BigEndian.PutUint16(nonce[:], s.ctx)
	binary.BigEndian.PutUint64(nonce[4:], s.counter)
	s.counter++
	return aead.Seal(append(dst, nonce[:]...), nonce[:], frame, clear), nil
}

type testOpener struct{ v *vault }

func (o *testOpener) Open(dst, clear, sealed []byte) ([]byte, error) {
	aead := o.v.get()
	if aead == nil {
		return dst, errTestNoKey
	}
	if len(sealed) < 12 {
		return dst, errTestSeal
	}
	out, err := aead.Open(dst, sealed[:12], sealed[12:], clear)
	if err != nil {
		return dst, errTestSeal
	}
	return out, nil
}

// A scriptSource yields count frames, one per step, paced by the clock. Every frame is different and known.
type scriptSource struct {
	kind     Kind
	codec    Codec
	step     time.Duration
	count    int
	size     int
	keyEvery int
	live     bool // frames that nobody reads in time pile up; else time stands still meanwhile, as for a file

	mu      sync.Mutex
	n       int
	start   time.Time
	forced  int
	force   bool
	isClose bool
	done    chan struct{}
}

func newSource(kind Kind, count, size int) *scriptSource {
	step := 20 * time.Millisecond
	if kind == Video {
		step = time.Second / 30
	}
	return &scriptSource{
		kind: kind, codec: defaultRules[kind].codec, step: step, count: count, size: size, keyEvery: 1 << 30, done: make(chan struct{}),
	}
}

func (s *scriptSource) Track() TrackInfo {
	info := trackInfo(defaultRules[s.kind], "")
	info.Codec = s.codec
	return info
}

func (s *scriptSource) ForceKeyFrame() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.force = true
	s.forced++
}

// frameData is the data of frame n of a kind: a first half that all share and a part that is its own.
func frameData(kind Kind, n, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(kind), uint64(n)))
	size = max(8, size/2+r.IntN(size))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	binary.BigEndian.PutUint32(b, uint32(n))
	return b
}

// data is that of frame n.
func (s *scriptSource) data(n int, key bool) []byte {
	if s.codec == H264 {
		return h264Frame(n, s.size, key)
	}
	return frameData(s.kind, n, s.size)
}

func (s *scriptSource) Read(ctx context.Context) (Frame, error) {
	s.mu.Lock()
	if s.n >= s.count {
		s.mu.Unlock()
		return Frame{}, io.EOF
	}
	if s.start.IsZero() {
		s.start = time.Now()
	}
	due := s.start.Add(time.Duration(s.n) * s.step)
	if late := time.Since(due); late > s.step && !s.live {
		s.start, due = s.start.Add(late), due.Add(late)
	}
	s.mu.Unlock()
	if wait := time.Until(due); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return Frame{}, ctx.Err()
		case <-s.done:
			return Frame{}, io.EOF
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isClose {
		return Frame{}, io.EOF
	}
	f := Frame{
		Time: time.Duration(s.n) * s.step, Duration: s.step, Key: s.kind == Audio || s.n%s.keyEvery == 0 || s.force,
	}
	f.Data = s.data(s.n, f.Key)
	s.force = false
	s.n++
	return f, nil
}

func (s *scriptSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isClose {
		s.isClose = true
		close(s.done)
	}
	return nil
}

func (s *scriptSource) closedNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isClose
}

func (s *scriptSource) readSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// A memorySink keeps what it gets.
type memorySink struct {
	mu     sync.Mutex
	frames []Frame
	at     []time.Time
	closed bool
	fail   error
}

func (s *memorySink) WriteFrame(f Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.frames = append(s.frames, f)
	s.at = append(s.at, time.Now())
	return nil
}

func (s *memorySink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *memorySink) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *memorySink) all() []Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.frames)
}

func (s *memorySink) first() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.at) == 0 {
		return time.Time{}
	}
	return s.at[0]
}

// A side is one end of a test call.
type side struct {
	t     testing.TB
	conn  *Conn
	cert  *Certificate
	seals *vault // of what we send
	opens *vault // of what the peer sends

	mu     sync.Mutex
	events []Event
	sinks  map[string]*memorySink
	wake   signal
	noSink bool
}

func newSide(t testing.TB, settings Settings, callee bool, seal, open *vault) *side {
	t.Helper()
	cert, err := NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	s := &side{t: t, cert: cert, seals: seal, opens: open, sinks: map[string]*memorySink{}, wake: newSignal()}
	s.conn, err = NewConn(ConnConfig{
		Settings: settings, Certificate: cert, Callee: callee, Generation: 7, Classify: classify,
		Seal:   func(ctx uint16) Sealer { return &testSealer{v: seal, ctx: ctx} },
		Open:   func(string) Opener { return &testOpener{v: open} },
		Sink:   s.sink,
		Notify: s.notify,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *side) sink(info TrackInfo) Sink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noSink {
		return nil
	}
	sink := &memorySink{}
	s.sinks[info.MID] = sink
	return sink
}

func (s *side) sinkOf(mid string) *memorySink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.sinks[mid]; k != nil {
		return k
	}
	return &memorySink{}
}

func (s *side) notify(e ConnEvent) {
	if e.Generation != 7 {
		s.t.Errorf("generation %d", e.Generation)
	}
	s.mu.Lock()
	s.events = append(s.events, e.Event)
	s.mu.Unlock()
	s.wake.wake()
}

func (s *side) seen() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// await waits for an event that match likes.
func (s *side) await(why string, match func(Event) bool) {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := s.wake.wait()
		if slices.ContainsFunc(s.seen(), match) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("waited in vain for %s; state %v", why, s.conn.State())
		}
	}
}

func isState(want ConnState) func(Event) bool {
	return func(e Event) bool { s, ok := e.(StateChanged); return ok && s.State == want }
}

func isA[T Event](e Event) bool { _, ok := e.(T); return ok }

// candidates waits for the end of gathering and returns what was found after the first skip ones.
func (s *side) candidates() []Candidate {
	s.t.Helper()
	s.await("the end of gathering", isA[GatheringDone])
	var out []Candidate
	for _, e := range s.seen() {
		if c, ok := e.(CandidateFound); ok {
			out = append(out, c.Candidate)
		}
	}
	return out
}

func (s *side) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.conn.Close(ctx); err != nil {
		s.t.Errorf("close: %v", err)
	}
}

// A pair is a call: a rings, b answers.
type pair struct {
	a, b     *side
	oneWay   time.Duration // of the signalling
	accepted time.Time     // when b answered
	net      *sim.World    // nil on a real network
}

func (p *pair) world(t testing.TB) *sim.World {
	if p.net == nil {
		t.Fatal("no world")
	}
	return p.net
}

func newPair(t testing.TB, settingsA, settingsB Settings) *pair {
	va, vb := newVault(1), newVault(2)
	p := &pair{a: newSide(t, settingsA, false, va, vb), b: newSide(t, settingsB, true, vb, va)}
	t.Cleanup(p.close) // a test that gave up leaves nothing running
	return p
}

var both = Kinds{Audio: true, Video: true}

// dial negotiates, with all candidates of b in the message with its answer, and starts the sources.
func (p *pair) dial(t testing.TB, fromA, fromB []Source, wantA, wantB Kinds) {
	t.Helper()
	offer, err := p.a.conn.Offer(fromA, wantA)
	if err != nil {
		t.Fatal(err)
	}
	p.accepted = time.Now()
	answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), fromB, wantB)
	if err != nil {
		t.Fatal(err)
	}
	p.a.conn.Start()
	p.b.conn.Start()
	candidates := p.b.candidates()
	<-time.After(p.oneWay)
	if err := p.a.conn.Accept(answer, p.b.cert.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	for _, c := range candidates {
		if err := p.a.conn.AddCandidate(c); err != nil {
			t.Fatal(err)
		}
	}
	candidates = p.a.candidates()
	<-time.After(p.oneWay)
	for _, c := range candidates {
		if err := p.b.conn.AddCandidate(c); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *pair) connected(t testing.TB) {
	t.Helper()
	p.a.await("a connected", isState(ConnConnected))
	p.b.await("b connected", isState(ConnConnected))
}

func (p *pair) close() {
	p.a.close()
	p.b.close()
}
