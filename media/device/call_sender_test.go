//go:build cgo && unix

package device

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// What the sender is told by its environment: the codec, and the files of raw pictures and of 48 kHz mono sound.
const (
	senderCodec    = "SOTTO_CALL_SENDER"
	senderPictures = "SOTTO_CALL_PICTURES"
	senderSound    = "SOTTO_CALL_SOUND"
)

// A note is one line between the sender and the receiver, as JSON: signalling, and what is asked about CPU time.
type note struct {
	Offer, Answer string           `json:",omitempty"`
	Fingerprint   []byte           `json:",omitempty"` // of whoever offers or answers
	Candidate     *media.Candidate `json:",omitempty"`
	Measure       time.Duration    `json:",omitempty"` // asks for Spent over so long
	Spent         *spent           `json:",omitempty"`
}

// spent is what a process took from one moment to another.
type spent struct {
	CPU, Wall                          time.Duration
	Captured, Dropped, Skipped, Frames uint64 // pictures, and what became of them
	Packets                            int    // of sound
}

// A wire carries notes over a pair of pipes.
type wire struct {
	mu  sync.Mutex
	out io.Writer
	in  *bufio.Scanner
}

func newWire(in io.Reader, out io.Writer) *wire {
	w := &wire{out: out, in: bufio.NewScanner(in)}
	w.in.Buffer(nil, 1<<20)
	return w
}

func (w *wire) send(n note) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err = w.out.Write(append(b, '\n'))
	return err
}

// receive returns the next note, io.EOF after the last. What else a test prints is passed over.
func (w *wire) receive() (n note, err error) {
	for w.in.Scan() {
		if line := w.in.Bytes(); len(line) > 0 && line[0] == '{' {
			return n, json.Unmarshal(line, &n)
		}
	}
	return n, errors.Join(w.in.Err(), io.EOF)
}

// notedConn is a connection, sealed, whose candidates go over w.
func notedConn(t *testing.T, w *wire, codec media.Codec, callee bool, sink func(media.TrackInfo) media.Sink) (
	*media.Conn, [32]byte,
) {
	t.Helper()
	cert, err := media.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	found := make(chan media.Candidate, 100)
	c, err := media.NewConn(media.ConnConfig{
		Settings: media.Settings{Loopback: true, VideoCodecs: []media.Codec{codec}}, Certificate: cert, Callee: callee,
		Sink: sink,
		Seal: func(uint16) media.Sealer { return sealer(t) },
		Open: func(string) media.Opener { return opens(t) },
		Notify: func(e media.ConnEvent) {
			if e, ok := e.Event.(media.CandidateFound); ok {
				found <- e.Candidate
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(func() {
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			select {
			case found := <-found:
				_ = w.send(note{Candidate: &found})
			case <-ctx.Done():
				return
			}
		}
	}()
	return c, cert.Fingerprint()
}

// sendCall is the whole life of the process that sends: a camera and a microphone, and the notes of whoever started it.
func sendCall(t *testing.T, codec media.Codec) {
	w := newWire(os.Stdin, os.Stdout)
	video, mic := clipVideo(t, codec), clipMicrophone(t)
	conn, fingerprint := notedConn(t, w, codec, false, func(media.TrackInfo) media.Sink { return nil })
	offer, err := conn.Offer([]media.Source{mic, video}, media.Kinds{})
	if err == nil {
		err = w.send(note{Offer: offer, Fingerprint: fingerprint[:]})
	}
	for err == nil {
		var n note
		if n, err = w.receive(); err != nil {
			break
		}
		switch {
		case n.Answer != "":
			err = conn.Accept(n.Answer, [32]byte(n.Fingerprint))
			conn.Start()
		case n.Candidate != nil:
			err = conn.AddCandidate(*n.Candidate)
		case n.Measure > 0:
			err = w.send(note{Spent: measure(t, n.Measure, video, mic)})
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// measure lets d of the real clock pass and says what this process did meanwhile.
func measure(t *testing.T, d time.Duration, video *Video, mic *pcm.Microphone) *spent {
	t.Helper()
	cpu, began, v, m := used(t), time.Now(), video.Stats(), mic.Stats()
	<-time.After(d)
	s := &spent{CPU: used(t) - cpu, Wall: time.Since(began), Packets: int(mic.Stats().Frames - m.Frames)}
	now := video.Stats()
	s.Captured, s.Dropped = now.Captured-v.Captured, now.Dropped-v.Dropped
	s.Skipped, s.Frames = now.Skipped-v.Skipped, now.Encoded-v.Encoded
	return s
}

// clipCamera shows pictures that lie ready, over and over, at 30 a second of the real clock.
type clipCamera struct {
	clock *time.Ticker
	clip  []*image.YCbCr
	n     int
}

func (c *clipCamera) size() (int, int) { return sceneW, sceneH }
func (c *clipCamera) close()           { c.clock.Stop() }

func (c *clipCamera) grab(ctx context.Context, dst *image.YCbCr) (time.Time, error) {
	select {
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case at := <-c.clock.C:
		p := c.clip[c.n%len(c.clip)]
		copy(dst.Y, p.Y)
		copy(dst.Cb, p.Cb)
		copy(dst.Cr, p.Cr)
		c.n++
		return at, nil
	}
}

// clipVideo is a Video of the file of pictures, at the bitrate that ffmpeg is given too.
func clipVideo(t *testing.T, codec media.Codec) *Video {
	t.Helper()
	raw, err := os.ReadFile(os.Getenv(senderPictures))
	if err != nil {
		t.Fatal(err)
	}
	var clip []*image.YCbCr
	for size := sceneW * sceneH; len(raw) >= size*3/2; raw = raw[size*3/2:] {
		p := newPicture(sceneW, sceneH)
		p.Y, p.Cb, p.Cr = raw[:size], raw[size:size*5/4], raw[size*5/4:size*3/2]
		clip = append(clip, p)
	}
	cfg, err := VideoConfig{Width: sceneW, Height: sceneH, FrameRate: 30, Codec: codec, Bitrate: 800_000}.complete()
	if err != nil {
		t.Fatal(err)
	}
	open := func() (grabber, error) { return &clipCamera{clock: time.NewTicker(time.Second / 30), clip: clip}, nil }
	v, err := newVideo(cfg, KindCamera, "clip", open, newEncoder)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// clipInput hears samples that lie ready, over and over, 10 ms at a time.
type clipInput struct {
	clock   *time.Ticker
	samples []int16
	n       int
}

func (c *clipInput) Format() pcm.Format   { return pcm.Format{Rate: 48000, Channels: 1} }
func (c *clipInput) Delay() time.Duration { return 0 }
func (c *clipInput) Close() error         { c.clock.Stop(); return nil }

func (c *clipInput) Read(ctx context.Context, buf []int16) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-c.clock.C:
		n := copy(buf[:min(480, len(buf))], c.samples[c.n:])
		c.n = (c.n + n) % len(c.samples)
		return n, nil
	}
}

// clipMicrophone hears the file of sound.
func clipMicrophone(t *testing.T) *pcm.Microphone {
	t.Helper()
	raw, err := os.ReadFile(os.Getenv(senderSound))
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, len(raw)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: func(context.Context) (pcm.Input, error) {
		return &clipInput{clock: time.NewTicker(10 * time.Millisecond), samples: samples}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
