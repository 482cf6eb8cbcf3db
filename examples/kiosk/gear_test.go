package main

import (
	"context"
	"log"
	"net"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/examples/internal/choice"
)

// A network camera that does not answer is told of, and its password is not.
func TestACamerasPasswordIsNotLogged(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody answers there
	said := &lines{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g := &gear{log: log.New(writes(func(b []byte) (int, error) {
		defer cancel()
		return said.Write(b)
	}), "", 0), losses: map[string]uint64{}}
	g.camera.Device = choice.Device{Backend: choice.FFmpeg, Name: "rtsp://admin:s3cret@" + l.Addr().String() + "/user=admin_password=s3cret"}
	s := g.cameraSource()
	defer s.Close()
	if _, err := s.Read(ctx); err == nil {
		t.Error("there is a picture")
	}
	if !strings.Contains(said.String(), "-camera does not work") || strings.Contains(said.String(), "s3cret") {
		t.Errorf("it said %s", said)
	}
}

// A writes is a writer.
type writes func([]byte) (int, error)

func (w writes) Write(b []byte) (int, error) { return w(b) }
