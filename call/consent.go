package call

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// consentTime is how long an offer waits for the application's consent. Programs have decided by then. Who asks a person
// has not: the offer is answered without the tracks in question, so that nothing waits behind it, least of all a restart
// of ICE, and what the person then takes is asked of the other side by an offer of our own.
const consentTime = 500 * time.Millisecond

// maxAsking bounds the questions that wait at the application: the other side may invent tracks without end.
const maxAsking = 16

// consents asks the application about a track that an offer adds. When late has ended the answer is no for now, and what
// the application says then is a job of its own.
func (w *worker) consents(
	late context.Context, conn *media.Conn, ask func(context.Context, media.TrackInfo) bool, t media.TrackInfo,
) bool {
	if ask == nil || w.asking[t.MID] || len(w.asking) >= maxAsking {
		return false
	}
	if w.asking == nil {
		w.asking = make(map[string]bool)
	}
	w.asking[t.MID] = true
	said := make(chan bool) // no buffer: each answer is heard here, or as a job
	go func() {
		yes := ask(w.ctx, t)
		select {
		case said <- yes:
		case <-late.Done():
			w.do(func(w *worker) task { return w.consented(conn, t.MID, yes) })
		}
	}()
	select {
	case yes := <-said:
		delete(w.asking, t.MID)
		return yes
	case <-late.Done():
		return false
	}
}

// consented takes a decision that came when the offer had been answered.
func (w *worker) consented(conn *media.Conn, mid string, yes bool) task {
	delete(w.asking, mid)
	if !yes || !conn.Take(mid) {
		return nil
	}
	return func(l *loop) { l.negotiate(false) }
}
