package call

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A slowLender is a relay that lends one server after a while.
type slowLender struct {
	signal.Transport
	url   string
	after time.Duration
}

func (l *slowLender) ICEServers(ctx context.Context) ([]signal.ICEServer, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(l.after):
		return []signal.ICEServer{{URLs: []string{l.url}}}, nil
	}
}

// TestASlowRelayTakesNoTimeFromOthers: one of three relays does not answer, and the others take a while: all that they lend
// is there, in order, no later than one alone may take.
// Mutation: askAll that asks one after the other.
func TestASlowRelayTakesNoTimeFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Config{Logger: slog.New(slog.DiscardHandler), Transports: []signal.Transport{
			&slowLender{url: "turn:1", after: time.Hour},
			&slowLender{url: "turn:2", after: lendTime * 3 / 4},
			nil, // one that lends nothing
			&slowLender{url: "turn:3", after: lendTime / 2},
		}}
		start := time.Now()
		var got []string
		for _, s := range (&worker{ctx: t.Context()}).lent(c) {
			got = append(got, s.URLs...)
		}
		if !slices.Equal(got, []string{"turn:2", "turn:3"}) {
			t.Errorf("lent: %q", got)
		}
		if took := time.Since(start); took > lendTime {
			t.Errorf("it took %v", took)
		}
	})
}
