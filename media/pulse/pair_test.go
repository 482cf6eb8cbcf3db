package pulse_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// seal is a Sealer and an Opener with a fixed key.
type seal struct {
	aead    cipher.AEAD
	counter uint64
}

func newSeal() *seal {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
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

// A party is one end of a call.
type party struct {
	*media.Conn
	fingerprint [32]byte
	candidates  chan media.Candidate
	mu          sync.Mutex
	state       media.ConnState
	connected   chan struct{}
	connect     func() // closes connected
}

func newParty(t *testing.T, callee bool, sink func(media.TrackInfo) media.Sink) *party {
	t.Helper()
	certificate, err := media.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	p := &party{fingerprint: certificate.Fingerprint(), candidates: make(chan media.Candidate, 32), connected: make(chan struct{})}
	p.connect = sync.OnceFunc(func() { close(p.connected) }) // a machine that stands still for seconds connects again
	p.Conn, err = media.NewConn(media.ConnConfig{
		Settings: media.Settings{Loopback: true}, Certificate: certificate, Callee: callee, Sink: sink, Notify: p.notify,
		Seal: func(uint16) media.Sealer { return newSeal() },
		Open: func(string) media.Opener { return newSeal() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *party) notify(e media.ConnEvent) {
	switch e := e.Event.(type) {
	case media.CandidateFound:
		p.candidates <- e.Candidate
	case media.GatheringDone:
		close(p.candidates)
	case media.StateChanged:
		p.mu.Lock()
		defer p.mu.Unlock()
		if e.State == media.ConnConnected {
			p.connect()
		}
		p.state = e.State
	}
}

func (p *party) stateNow() media.ConnState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// call connects two parties on loopback: from a the source is sent to b, whose sink takes it.
func call(t *testing.T, source media.Source, sink func(media.TrackInfo) media.Sink) (a, b *party) {
	t.Helper()
	a, b = newParty(t, false, func(media.TrackInfo) media.Sink { return nil }), newParty(t, true, sink)
	offer, err := a.Offer([]media.Source{source}, media.Kinds{})
	check(t, err)
	answer, err := b.Answer(offer, a.fingerprint, nil, media.Kinds{Audio: true})
	check(t, err)
	check(t, a.Accept(answer, b.fingerprint))
	a.Start()
	b.Start()
	for c := range a.candidates {
		check(t, b.AddCandidate(c))
	}
	for c := range b.candidates {
		check(t, a.AddCandidate(c))
	}
	for _, p := range []*party{a, b} {
		select {
		case <-p.connected:
		case <-time.After(10 * time.Second):
			t.Fatal("not connected")
		}
	}
	return a, b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
