package media_test

import (
	"bytes"
	"context"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/sotto-calls/sotto/media"
)

// seal is an example of a Sealer and an Opener with one fixed key. A call takes those of package e2ee instead.
type seal struct {
	aead    cipher.AEAD
	counter uint64
}

func newSeal() *seal {
	aead, err := chacha20poly1305.New(bytes.Repeat([]byte{7}, chacha20poly1305.KeySize))
	if err != nil {
		panic(err)
	}
	return &seal{aead: aead}
}

func (s *seal) Seal(dst, clear, frame []byte) ([]byte, error) {
	nonce := binary.BigEndian.AppendUint64(make([]byte, 4, 12), s.counter)
	s.counter++
	return s.aead.Seal(append(dst, nonce...), nonce, frame, clear), nil
}

func (s *seal) Open(dst, clear, sealed []byte) ([]byte, error) {
	if len(sealed) < 12 {
		return dst, io.ErrUnexpectedEOF
	}
	return s.aead.Open(dst, sealed[:12], sealed[12:], clear)
}

// words is a Source of three "audio" frames.
type words struct{ n int }

func (w *words) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2}
}

func (w *words) Read(context.Context) (media.Frame, error) {
	if w.n++; w.n > 3 {
		return media.Frame{}, io.EOF
	}
	text := []string{"good", "morning", "Bob"}[w.n-1]
	return media.Frame{Data: []byte(text), Time: time.Duration(w.n) * 20 * time.Millisecond, Key: true}, nil
}

func (w *words) Close() error { return nil }

type printer struct{}

func (printer) WriteFrame(f media.Frame) error { fmt.Println(string(f.Data)); return nil }
func (printer) Close() error                   { return nil }

// Two connections in one process, over loopback. What connects them here is a channel of candidates; in a call it is
// package signal.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	connect := func(callee bool) (*media.Conn, [32]byte, chan media.Candidate) {
		certificate, err := media.NewCertificate()
		if err != nil {
			panic(err)
		}
		candidates := make(chan media.Candidate, 32)
		conn, err := media.NewConn(media.ConnConfig{
			Settings:    media.Settings{Loopback: true},
			Certificate: certificate,
			Callee:      callee,
			Seal:        func(uint16) media.Sealer { return newSeal() },
			Open:        func(string) media.Opener { return newSeal() },
			Sink:        func(media.TrackInfo) media.Sink { return printer{} },
			Notify: func(e media.ConnEvent) {
				switch e := e.Event.(type) {
				case media.CandidateFound:
					candidates <- e.Candidate
				case media.GatheringDone:
					close(candidates)
				}
			},
		})
		if err != nil {
			panic(err)
		}
		return conn, certificate.Fingerprint(), candidates
	}
	alice, fingerprintA, fromA := connect(false)
	bob, fingerprintB, fromB := connect(true)

	offer, err := alice.Offer([]media.Source{&words{}}, media.Kinds{})
	if err != nil {
		panic(err)
	}
	answer, err := bob.Answer(offer, fingerprintA, nil, media.Kinds{Audio: true})
	if err != nil {
		panic(err)
	}
	if err := alice.Accept(answer, fingerprintB); err != nil {
		panic(err)
	}
	alice.Start()
	for c := range fromA {
		if err := bob.AddCandidate(c); err != nil {
			panic(err)
		}
	}
	for c := range fromB {
		if err := alice.AddCandidate(c); err != nil {
			panic(err)
		}
	}
	if err := alice.Drain(ctx); err != nil {
		panic(err)
	}
	if err := alice.Close(ctx); err != nil {
		panic(err)
	}
	if err := bob.Close(ctx); err != nil {
		panic(err)
	}
	// Output:
	// good
	// morning
	// Bob
}
