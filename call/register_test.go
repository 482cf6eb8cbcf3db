package call

import (
	"context"
	"encoding/binary"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A shortList is a list of tokens that the test changes.
type shortList struct {
	mu      sync.Mutex
	tokens  []signal.Token
	changed chan struct{}
}

func (l *shortList) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// TokenHashes are sorted, as those of e2ee.Contacts are.
func (l *shortList) TokenHashes() (out [][32]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tokens {
		out = append(out, t.Hash())
	}
	slices.SortFunc(out, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	return out
}

func (l *shortList) set(tokens []signal.Token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = tokens
	close(l.changed)
	l.changed = make(chan struct{})
}

// numbered are n tokens from the first of this number on.
func numbered(first, n int) (all []signal.Token) {
	for i := range n {
		var t signal.Token
		binary.BigEndian.PutUint64(t[:], uint64(first+i))
		all = append(all, t)
	}
	return all
}

// TestMoreTokensThanARelayAdmits: what comes last is admitted, what is taken back is not, and the log says how many are left
// out. With fewer again all are admitted.
// Mutations: roster.update that admits all, or prefers the old; keepAdmitted without its warning.
func TestMoreTokensThanARelayAdmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := memory.New(memory.Faults{})
		defer net.Close()
		m, relay := signaltest.NewMailbox(), net.Relay("relay")
		owner, sender := relay.Dial(m), relay.Dial(nil)
		defer owner.Close()
		defer sender.Close()
		// Whose packet comes through, of these tokens.
		through := func(tokens ...signal.Token) (got []signal.Token) {
			for _, token := range tokens {
				if err := sender.Send(t.Context(), signal.Packet{To: m.Address(), Token: token, Body: []byte("x")}); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() { synctest.Wait(); cancel() }()
			for {
				p, err := owner.Receive(ctx)
				if err != nil {
					return got
				}
				got = append(got, p.Token)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var log lockedBuffer
		list := &shortList{changed: make(chan struct{})}
		all := numbered(0, signal.MaxTokens)
		list.set(all)
		go keepAdmitted(ctx, owner, list, false, slog.New(slog.NewTextHandler(&log, nil)))
		synctest.Wait()
		if got := through(all...); len(got) != len(all) || log.String() != "" {
			t.Fatalf("%d of %d are admitted: %s", len(got), len(all), log.String())
		}

		blocked, fresh := all[7], numbered(1<<20, 30)
		all = append(slices.Delete(slices.Clone(all), 7, 8), fresh...)
		list.set(all)
		synctest.Wait()
		if got := through(fresh...); !slices.Equal(got, fresh) {
			t.Errorf("%d of %d new contacts are admitted", len(got), len(fresh))
		}
		if got := through(blocked); len(got) > 0 {
			t.Error("who is blocked is admitted")
		}
		if got := through(all...); len(got) != signal.MaxTokens {
			t.Errorf("%d of %d are admitted", len(got), len(all))
		}
		if want := `msg="contacts and invitations are left out`; !strings.Contains(log.String(), want) || !strings.Contains(log.String(), `"left out"=29`) {
			t.Errorf("the log says %q", log.String())
		}

		time.Sleep(signal.Retention) // what nobody admits waits for that long
		all = all[len(all)-signal.MaxTokens:]
		list.set(all)
		synctest.Wait()
		if got := through(all...); len(got) != len(all) {
			t.Errorf("%d of %d are admitted again", len(got), len(all))
		}
	})
}
