// Bare is the other side of a call without any of the SDK: plain PeerConnections behind a WebSocket, in the clear. Tests
// compare calls with it, and catch packets with it. It listens on loopback, prints where, and ends with its input.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/pion/webrtc/v4"

	"github.com/sotto-calls/sotto/examples/browsercall/internal/lossy"
)

// A message is one step of the signalling, in either direction; one field is set.
type message struct {
	Offer     string                   `json:"offer,omitempty"`
	Answer    string                   `json:"answer,omitempty"`
	Candidate *webrtc.ICECandidateInit `json:"candidate,omitempty"`
	Ask       bool                     `json:"ask,omitempty"` // for the freezes of what we receive
	Freeze    *lossy.Freeze            `json:"freeze,omitempty"`
}

type server struct {
	network *lossy.Net
	out     string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	f := flag.NewFlagSet("bare", flag.ExitOnError)
	loss := f.Float64("loss", 0, "probability that a datagram with media is lost, in either direction")
	seed := f.Uint64("seed", 1, "of the loss")
	out := f.String("out", "", "`folder` for what /capture catches")
	if err := f.Parse(args); err != nil {
		return err
	}
	network, err := lossy.NewNet(*loss, *seed)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &server{network: network, out: *out}
	mux := http.NewServeMux()
	mux.HandleFunc("/call", s.serve(s.call))
	mux.HandleFunc("/capture", s.serve(s.capture, takeExtensions))
	go http.Serve(l, mux)
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"url": "ws://" + l.Addr().String()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// A peer is one connection, from its WebSocket's beginning to its end.
type peer struct {
	*webrtc.PeerConnection
	ws  *websocket.Conn
	ctx context.Context
}

// serve runs one kind of connection until its page goes away. What more tells the engine is of this kind alone.
func (s *server) serve(f func(peer, *http.Request) error, more ...func(*webrtc.MediaEngine) error) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		ws, err := websocket.Accept(w, q, &websocket.AcceptOptions{InsecureSkipVerify: true}) // pages come from another port
		if err != nil {
			return
		}
		ws.SetReadLimit(64 << 10)
		pc, err := s.connection(more)
		if err == nil {
			err = f(peer{pc, ws, q.Context()}, q)
			pc.Close()
		}
		if websocket.CloseStatus(err) < 0 {
			fmt.Fprintln(os.Stderr, "bare:", err)
		}
		ws.CloseNow()
	}
}

// connection has pion's own codecs and interceptors, and finds browsers on this machine.
func (s *server) connection(more []func(*webrtc.MediaEngine) error) (*webrtc.PeerConnection, error) {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	red := webrtc.RTPCodecParameters{PayloadType: 63, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: "audio/red", ClockRate: 48000, Channels: 2, SDPFmtpLine: "111/111"}}
	if err := m.RegisterCodec(red, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	for _, tell := range more {
		if err := tell(m); err != nil {
			return nil, err
		}
	}
	interceptors, err := defaultInterceptors(m)
	if err != nil {
		return nil, err
	}
	var e webrtc.SettingEngine
	e.SetNet(s.network)
	e.SetIncludeLoopbackCandidate(true)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(interceptors), webrtc.WithSettingEngine(e))
	return api.NewPeerConnection(webrtc.Configuration{})
}

func (p peer) say(m message) error {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	return wsjson.Write(ctx, p.ws, m)
}

// hear takes what the page says until it goes away.
func (p peer) hear(other func(message) error) error {
	for {
		var m message
		if err := wsjson.Read(p.ctx, p.ws, &m); err != nil {
			return err
		}
		var err error
		switch {
		case m.Answer != "":
			err = p.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: m.Answer})
		case m.Candidate != nil:
			err = p.AddICECandidate(*m.Candidate)
		default:
			err = other(m)
		}
		if err != nil {
			return err
		}
	}
}

var plain = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// file is where a capture of this name goes.
func (s *server) file(name, kind string) (*os.File, error) {
	if s.out == "" || !plain.MatchString(name) {
		return nil, fmt.Errorf("no file for a capture called %q", name)
	}
	return os.Create(filepath.Join(s.out, name+"."+kind+".jsonl"))
}
