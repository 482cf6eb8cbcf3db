package call

import (
	"context"
	"sync/atomic"

	"github.com/sotto-calls/sotto/media"
)

// An Incoming is a call that rings. Answer or Decline it; left alone, it rings out.
type Incoming struct {
	call   *Call
	caller Caller
	wanted wanted

	settled atomic.Bool // answered or declined: either once
}

// Caller is who rings, and how well they are known.
func (in *Incoming) Caller() Caller { return in.caller }

// Sends says which kinds of media the caller would send.
func (in *Incoming) Sends() media.Kinds { return kinds(in.wanted.Send) }

// Wants says which kinds of media the caller would take.
func (in *Incoming) Wants() media.Kinds { return kinds(in.wanted.Receive) }

func kinds(bits uint8) media.Kinds {
	return media.Kinds{Audio: bits&bit(media.Audio) != 0, Video: bits&bit(media.Video) != 0}
}

// Done is closed when the call has ended, also because the caller gave up.
func (in *Incoming) Done() <-chan struct{} { return in.call.done }

// Answer accepts the call. Only from here on is the caller's session description read, and do candidates leave this
// device. It returns at once; Connected and everything else are events of the Call. It fails if the call has ended, and
// with ErrState after Answer or Decline; then the sources are closed.
func (in *Incoming) Answer(ctx context.Context, m Media) (*Call, error) {
	err := m.check()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && !in.settled.CompareAndSwap(false, true) {
		err = ErrState
	}
	if err == nil {
		in.call.post(answered{m})
		err = in.call.Err()
	}
	if err != nil {
		within(stopTime, m.close)
		return nil, err
	}
	return in.call, nil
}

// Decline says no, and returns when the call has ended here.
//
// reason is DeclineCall or DeclineBusy; anything else counts as DeclineCall. ErrState after Answer or Decline.
func (in *Incoming) Decline(ctx context.Context, reason DeclineReason) error {
	if !in.settled.CompareAndSwap(false, true) {
		return ErrState
	}
	if reason != DeclineBusy {
		reason = DeclineCall
	}
	in.call.post(inRefuse{reason})
	select {
	case <-in.call.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
