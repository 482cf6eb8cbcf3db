package store

import (
	"hash/maphash"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// quota is a token bucket for each (mailbox, token) pair, existing or not, in a table of fixed size. Two pairs may share a
// bucket; with a secret hash nobody can choose with whom.
type quota struct {
	seed    maphash.Seed
	burst   float64
	rate    float64
	start   time.Time
	buckets []bucket
}

type bucket struct {
	used float64
	at   time.Duration // since start
}

const quotaBuckets = 1 << 16

func newQuota(burst, rate float64) *quota {
	if burst <= 0 {
		return nil
	}
	return &quota{seed: maphash.MakeSeed(), burst: burst, rate: rate, buckets: make([]bucket, quotaBuckets)}
}

// take pays for a packet under its token's hash, and reports whether there was enough.
func (q *quota) take(now time.Time, p signal.Packet, hash [32]byte) bool {
	if q == nil {
		return true
	}
	if q.start.IsZero() {
		q.start = now
	}
	var h maphash.Hash
	h.SetSeed(q.seed)
	h.Write(p.To[:])
	h.Write(hash[:])
	b := &q.buckets[h.Sum64()%quotaBuckets]
	since := now.Sub(q.start)
	b.used = max(0, b.used-q.rate*(since-b.at).Seconds())
	b.at = since
	cost := q.cost(p)
	if b.used+cost > q.burst {
		return false
	}
	b.used += cost
	return true
}

// cost is what a packet takes of the quota. A notice takes more than its size: it is kept for a week, and pushes another out.
func (q *quota) cost(p signal.Packet) float64 {
	if p.Class == signal.ClassNotice {
		return min(noticeUnits, q.burst/2) // so that it fits after the call that it tells of
	}
	return float64((len(p.Body) + QuotaUnit - 1) / QuotaUnit)
}
