package calltest

import (
	"context"
	"io"
	"strings"
	"sync"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// middle is the strongest position there is: both people were given Mallory's card for the other's, and have never seen
// another. Nothing is forged, and all keys are right, for calls with Mallory.
func middle(ctx context.Context, s *Scene) {
	m := &Person{Name: "Mallory", Identity: s.mallory.identity, Witness: NewWitness(s.mallory.identity.Public())}
	s.extra = append(s.extra, m)
	var err error
	if m.Contacts, err = e2ee.OpenContacts("", m.Identity); err == nil {
		err = m.Contacts.SetProfile(e2ee.Profile{Name: "Mallory", Relays: []string{s.stage.Relay}})
	}
	for _, step := range []func() error{
		func() error { return s.Alice.Contacts.Remove(s.Bob.Identity.Public()) },
		func() error { return s.Bob.Contacts.Remove(s.Alice.Identity.Public()) },
		func() error { return knows(s.Alice, m, "Bob") },
		func() error { return knows(s.Bob, m, "Alice") },
		func() error { return knows(m, s.Alice, "Alice") },
		func() error { return knows(m, s.Bob, "Bob") },
		func() error { return s.start(ctx, m, "mallory") },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		s.why("Mallory: %v", err)
		return
	}
	s.settle(ctx) // the two tell the relay whom they let in
	ctx, cancel := context.WithCancel(ctx)
	var bridging sync.WaitGroup
	bridging.Go(func() { bridge(ctx, m, m.Contact(s.Bob.Identity.Public())) })
	s.attempt.Acts++
	s.Talk = s.Cast.Talk(ctx, s.Alice.Contact(m.Identity.Public()))
	cancel()
	bridging.Wait()
}

// bridge takes the first call, rings the other side, and passes on what comes from either.
func bridge(ctx context.Context, m *Person, to e2ee.Contact) {
	in, err := m.Client.Accept(ctx)
	if err != nil {
		return
	}
	east, west := newPipes(), newPipes()
	out, err := m.Client.Dial(ctx, to, call.Media{Send: east.sources(), Receive: west.track})
	if err != nil {
		return
	}
	defer out.Close()
	from, err := in.Answer(ctx, call.Media{Send: west.sources(), Receive: east.track})
	if err != nil {
		return
	}
	defer from.Close()
	select {
	case <-from.Done():
	case <-out.Done():
	case <-ctx.Done():
	}
}

// judgeMiddle: nothing but the comparison of emoji or safety numbers shows it. So they must differ.
func judgeMiddle(s *Scene) {
	if s.Talk == nil || !s.Talk.Alice.Matched || !s.Talk.Bob.Matched {
		s.why("there were no two calls to compare")
		s.attempt.Acts = 0
		return
	}
	s.attempt.ByPeople = true
	a, b := s.Talk.Alice, s.Talk.Bob
	s.why("emoji: Alice sees %s, Bob sees %s", pictures(a.Emoji), pictures(b.Emoji))
	mallory := s.mallory.identity.Public()
	at, with := e2ee.SafetyNumber(s.Alice.Identity.Public(), mallory), e2ee.SafetyNumber(s.Bob.Identity.Public(), mallory)
	s.why("safety number: %s… at Alice, %s… at Bob", at[:10], with[:10])
	if a.Emoji == b.Emoji || at == with {
		s.broken("the two cannot tell that somebody is between them")
	}
}

func pictures(e [7]e2ee.Emoji) string {
	var names []string
	for _, x := range e {
		names = append(names, x.Symbol)
	}
	return strings.Join(names, " ")
}

// pipes carry the frames of one call into another, one for each kind.
type pipes map[media.Kind]*pipe

func newPipes() pipes {
	return pipes{media.Audio: newPipe(media.Audio), media.Video: newPipe(media.Video)}
}

func (p pipes) track(t media.TrackInfo) media.Sink { return p[t.Kind] }

func (p pipes) sources() []media.Source { return []media.Source{p[media.Audio], p[media.Video]} }

// A pipe is a sink of one call and a source of another.
type pipe struct {
	track  media.TrackInfo
	frames chan media.Frame
	closed chan struct{}
	once   sync.Once
}

func newPipe(k media.Kind) *pipe {
	return &pipe{track: NewMarked(k, "").track, frames: make(chan media.Frame, 64), closed: make(chan struct{})}
}

func (p *pipe) Track() media.TrackInfo { return p.track }

func (p *pipe) WriteFrame(f media.Frame) error {
	select {
	case p.frames <- f:
	default: // the other side is not there yet
	}
	return nil
}

func (p *pipe) Read(ctx context.Context) (media.Frame, error) {
	select {
	case f := <-p.frames:
		return f, nil
	case <-p.closed:
		return media.Frame{}, io.EOF
	case <-ctx.Done():
		return media.Frame{}, ctx.Err()
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}
