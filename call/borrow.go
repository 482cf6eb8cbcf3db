package call

import (
	"sync"
	"sync/atomic"

	"github.com/sotto-calls/sotto/media"
)

// A borrowed source can be taken back from a connection before it has sent anything: when a call that we dialled becomes
// the other end of the callee's own, the connection is made anew and the sources stay.
type borrowed struct {
	media.Source
	kept atomic.Bool // Close does nothing
}

func (b *borrowed) Close() error {
	if b.kept.Load() {
		return nil
	}
	return b.Source.Close()
}

// ForceKeyFrame passes the request on, if the source knows it.
func (b *borrowed) ForceKeyFrame() {
	if k, ok := b.Source.(media.KeyFramer); ok {
		k.ForceKeyFrame()
	}
}

// SetBitrate passes the target on, if the source knows it.
func (b *borrowed) SetBitrate(bps int) {
	if r, ok := b.Source.(media.RateSetter); ok {
		r.SetBitrate(bps)
	}
}

// SetMuted tells the source that nobody reads it now, if it wants to know: a device is let go.
func (b *borrowed) SetMuted(muted bool) {
	if m, ok := b.Source.(media.Muter); ok {
		m.SetMuted(muted)
	}
}

// borrowed is m with sources that can be taken back.
func (m Media) borrowed() Media {
	send := make([]media.Source, len(m.Send))
	for i, s := range m.Send {
		send[i] = &borrowed{Source: s}
	}
	m.Send = send
	return m
}

// keep takes the sources back: their connection may close.
func (m Media) keep() {
	for _, s := range m.Send {
		if b, ok := s.(*borrowed); ok {
			b.kept.Store(true)
		}
	}
}

// again is m for another connection.
func (m Media) again() Media {
	send := make([]media.Source, len(m.Send))
	for i, s := range m.Send {
		send[i] = s
		if b, ok := s.(*borrowed); ok {
			send[i] = &borrowed{Source: b.Source}
		}
	}
	m.Send = send
	return m
}

// close closes the sources, each beside the others: a device that hangs holds none of them up.
func (m Media) close() {
	var closing sync.WaitGroup
	for _, s := range m.again().Send {
		if s != nil {
			closing.Go(func() { _ = s.Close() })
		}
	}
	closing.Wait()
}
