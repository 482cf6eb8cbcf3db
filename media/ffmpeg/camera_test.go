package ffmpeg

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A camera is a network camera that speaks just enough RTSP (RFC 2326) for one that sends a tone of 1 kHz as PCMU and, if it
// has a film, that as H264: inside the connection, or in UDP packets where it is asked for them.
type camera struct {
	listener net.Listener
	auth     string   // the Authorization that it wants
	film     [][]byte // access units of H264, 25 a second, over and over

	mu    sync.Mutex
	conns []net.Conn
	udp   int // tracks that were asked for in UDP packets
	wg    sync.WaitGroup
}

func newCamera(t *testing.T, auth string, film [][]byte) *camera {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &camera{listener: l, auth: auth, film: film}
	c.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.conns = append(c.conns, conn)
			c.mu.Unlock()
			v := &visit{c: c, conn: conn, stop: make(chan struct{})}
			c.wg.Go(v.serve)
		}
	})
	t.Cleanup(func() { _ = l.Close(); c.hangUp(); c.wg.Wait() })
	return c
}

// hangUp breaks all connections.
func (c *camera) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// describe is what it sends (RFC 4566, RFC 6184).
func (c *camera) describe() string {
	sdp := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=door\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:sound\r\n"
	if len(c.film) == 0 {
		return sdp
	}
	var sets []string
	for _, nal := range units(c.film[0]) {
		if kind := nal[0] & 31; kind == nalSPS || kind == nalPPS {
			sets = append(sets, base64.StdEncoding.EncodeToString(nal))
		}
	}
	return sdp + "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=" +
		strings.Join(sets, ",") + "\r\na=control:picture\r\n"
}

// A visit is one connection to a camera.
type visit struct {
	c              *camera
	conn           net.Conn
	sound, picture io.Writer // where the packets of the tracks that were set up go
	closers        []io.Closer
	stop           chan struct{}
}

func (v *visit) serve() {
	defer v.conn.Close()
	defer func() {
		for _, c := range v.closers {
			_ = c.Close()
		}
	}()
	defer close(v.stop)
	for r := textproto.NewReader(bufio.NewReader(v.conn)); ; {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		header, err := r.ReadMIMEHeader()
		if err != nil {
			return
		}
		status, more, body := v.answer(line, header)
		if _, err := fmt.Fprintf(v.conn, "RTSP/1.0 %s\r\nCSeq: %s\r\nSession: 1\r\n%sContent-Length: %d\r\n\r\n%s",
			status, header.Get("Cseq"), more, len(body), body); err != nil {
			return
		}
		if strings.HasPrefix(line, "PLAY") {
			v.play()
		}
	}
}

// answer is the status, further headers and the body of the answer to a request.
func (v *visit) answer(line string, header textproto.MIMEHeader) (status, more, body string) {
	switch method, rest, _ := strings.Cut(line, " "); {
	case method == "OPTIONS":
		more = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
	case header.Get("Authorization") != v.c.auth:
		return "401 Unauthorized", "WWW-Authenticate: Basic realm=\"door\"\r\n", ""
	case method == "DESCRIBE":
		more, body = "Content-Type: application/sdp\r\n", v.c.describe()
	case method == "SETUP":
		transport, to, err := v.setup(header.Get("Transport"))
		if err != nil {
			return "461 Unsupported Transport", "", ""
		}
		if strings.Contains(rest, "/sound ") {
			v.sound = to
		} else {
			v.picture = to
		}
		more = "Transport: " + transport + "\r\n"
	}
	return "200 OK", more, body
}

// setup prepares the transport that is asked for (RFC 2326, section 12.39). It returns what was agreed, and where packets go.
func (v *visit) setup(asked string) (agreed string, to io.Writer, err error) {
	if _, channels, ok := strings.Cut(asked, "interleaved="); ok {
		w := interleaved{conn: v.conn}
		_, err := fmt.Sscanf(channels, "%d", &w.channel)
		return asked, w, err
	}
	theirs := net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	_, ports, _ := strings.Cut(asked, "client_port=")
	if _, err := fmt.Sscanf(ports, "%d", &theirs.Port); err != nil {
		return "", nil, err
	}
	packets, control, err := twoPorts()
	if err != nil {
		return "", nil, err
	}
	v.closers = append(v.closers, packets, control)
	v.c.mu.Lock()
	v.c.udp++
	v.c.mu.Unlock()
	port := packets.LocalAddr().(*net.UDPAddr).Port
	return fmt.Sprintf("%s;server_port=%d-%d", asked, port, port+1), datagrams{packets, &theirs}, nil
}

// twoPorts are two in a row, the second for RTCP (RFC 3550, section 11), which nobody reads here.
func twoPorts() (packets, control *net.UDPConn, err error) {
	for range 100 {
		if packets, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			return nil, nil, err
		}
		next := *packets.LocalAddr().(*net.UDPAddr)
		next.Port++
		if control, err = net.ListenUDP("udp4", &next); err == nil {
			return packets, control, nil
		}
		_ = packets.Close()
	}
	return nil, nil, err
}

// interleaved sends packets inside the connection (RFC 2326, section 10.12).
type interleaved struct {
	conn    net.Conn
	channel byte
}

func (w interleaved) Write(packet []byte) (int, error) {
	return w.conn.Write(append([]byte{'$', w.channel, byte(len(packet) >> 8), byte(len(packet))}, packet...))
}

// datagrams sends packets in UDP.
type datagrams struct {
	conn *net.UDPConn
	to   *net.UDPAddr
}

func (w datagrams) Write(packet []byte) (int, error) { return w.conn.WriteTo(packet, w.to) }

// play sends the tracks that were set up, until the visit ends.
func (v *visit) play() {
	if v.sound != nil {
		packets := rtp.NewPacketizer(1200, 0, 1, &codecs.G711Payloader{}, rtp.NewFixedSequencer(0), 8000)
		v.c.wg.Go(func() { v.send(v.sound, packets, 20*time.Millisecond, 160, func(int) []byte { return muLawTone() }) })
	}
	if v.picture != nil {
		packets := rtp.NewPacketizer(1200, 96, 2, &codecs.H264Payloader{}, rtp.NewFixedSequencer(0), 90000)
		film := func(n int) []byte { return v.c.film[n%len(v.c.film)] }
		v.c.wg.Go(func() { v.send(v.picture, packets, 40*time.Millisecond, 3600, film) })
	}
}

// send sends a frame of so many samples every so often.
func (v *visit) send(to io.Writer, packets rtp.Packetizer, every time.Duration, samples uint32, frame func(n int) []byte) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-v.stop:
			return
		}
		for _, p := range packets.Packetize(frame(n), samples) {
			b, err := p.Marshal()
			if err == nil {
				_, err = to.Write(b)
			}
			if err != nil {
				return
			}
		}
	}
}

// muLawTone is 20 ms of 1 kHz.
func muLawTone() (out []byte) {
	for i := range 160 {
		out = append(out, muLaw(8000*math.Sin(2*math.Pi*float64(i)/8)))
	}
	return out
}

// muLaw is G.711.
func muLaw(v float64) byte {
	sign := byte(0)
	if v < 0 {
		sign, v = 0x80, -v
	}
	n := int(v) + 132
	exponent := 7
	for mask := 0x4000; exponent > 0 && n&mask == 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | byte(exponent<<4) | byte(n>>(exponent+3)&15))
}

// newFilm is a second of H264 whose left half is red, and whose right half moves: its first picture takes several packets.
func newFilm(t *testing.T) (film [][]byte) {
	t.Helper()
	stream := runProgram(t, "ffmpeg", "-nostdin", "-loglevel", "error",
		"-f", "lavfi", "-i", "color=red:size=160x240:rate=25[l];testsrc2=size=160x240:rate=25[r];[l][r]hstack",
		"-frames:v", "25", "-g", "25", "-bf", "0", "-pix_fmt", "yuv420p", "-f", "h264", "-")
	r, err := file.NewAnnexBReader(strings.NewReader(stream), file.Rational{Num: 25, Den: 1})
	for err == nil {
		var f media.Frame
		if f, err = r.ReadFrame(); err == nil {
			film = append(film, f.Data)
		}
	}
	if err != io.EOF || len(film) != 25 {
		t.Fatalf("%d pictures: %v", len(film), err)
	}
	return film
}
