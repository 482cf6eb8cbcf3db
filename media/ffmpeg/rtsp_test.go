package ffmpeg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A camera is a network camera that speaks just enough RTSP (RFC 2326) for one that sends a tone of 1 kHz as PCMU, inside
// the connection.
type camera struct {
	listener net.Listener
	auth     string // the Authorization that it wants

	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

func newCamera(t *testing.T, auth string) *camera {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &camera{listener: l, auth: auth}
	c.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.conns = append(c.conns, conn)
			c.mu.Unlock()
			c.wg.Go(func() { c.serve(conn) })
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

func (c *camera) serve(conn net.Conn) {
	defer conn.Close()
	r := textproto.NewReader(bufio.NewReader(conn))
	stop := make(chan struct{})
	defer close(stop)
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		header, err := r.ReadMIMEHeader()
		if err != nil {
			return
		}
		status, more, body := "200 OK", "", ""
		switch method, _, _ := strings.Cut(line, " "); {
		case method == "OPTIONS":
			more = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
		case header.Get("Authorization") != c.auth:
			status, more = "401 Unauthorized", "WWW-Authenticate: Basic realm=\"door\"\r\n"
		case method == "DESCRIBE":
			body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=door\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:track0\r\n"
			more = "Content-Type: application/sdp\r\n"
		case method == "SETUP":
			more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
		}
		if _, err := fmt.Fprintf(conn, "RTSP/1.0 %s\r\nCSeq: %s\r\nSession: 1\r\n%sContent-Length: %d\r\n\r\n%s",
			status, header.Get("Cseq"), more, len(body), body); err != nil {
			return
		}
		if strings.HasPrefix(line, "PLAY") {
			c.wg.Go(func() { play(conn, stop) })
		}
	}
}

// play sends 20 ms of sound every 20 ms.
func play(w io.Writer, stop chan struct{}) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for n := uint32(0); ; n++ {
		select {
		case <-ticker.C:
		case <-stop:
			return
		}
		packet := append([]byte{'$', 0, 0, 172, 0x80, 0}, byte(n>>8), byte(n))
		packet = binary.BigEndian.AppendUint32(packet, n*160)
		packet = append(packet, 1, 2, 3, 4)
		for i := range 160 {
			packet = append(packet, muLaw(8000*math.Sin(2*math.Pi*float64(i)/8)))
		}
		if _, err := w.Write(packet); err != nil {
			return
		}
	}
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

// A network camera with a password: its sound comes; when it hangs up an event says so and it is asked again; nothing of
// that shows the password.
func TestRTSP(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	c := newCamera(t, "Basic YWRtaW46aHVudGVyMjI=") // admin:hunter22
	var told events
	address := c.listener.Addr().String() + "/door"
	s := mustOpen(t, RTSP("rtsp://admin:hunter22@"+address, RTSPOptions{}), Config{Notify: told.notify})
	if s.Video() != nil || s.Audio() == nil || s.Audio().Track().Label != "rtsp://"+c.listener.Addr().String() {
		t.Fatalf("%+v", s.Sources())
	}
	monotone(t, mustRead(t, s.Audio(), 30))
	c.hangUp()
	eventually(t, "two events", func() bool { return len(told.list()) == 2 })
	monotone(t, mustRead(t, s.Audio(), 10))
	if l := told.list(); l[0].Up || !l[1].Up || strings.Contains(fmt.Sprint(l), "hunter22") {
		t.Errorf("%+v", l)
	}
	_, err := Open(t.Context(), RTSP("rtsp://admin:hunter23@"+address, RTSPOptions{}), Config{NoVideo: true})
	if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Fault != media.DeviceDenied || strings.Contains(err.Error(), "hunter23") {
		t.Error(err)
	}
	_ = c.listener.Close()
	_, err = Open(t.Context(), RTSP("rtsp://admin:hunter22@"+address, RTSPOptions{}), Config{NoVideo: true})
	if err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Error(err)
	}
	t.Log(err)
}
