package store

import (
	"hash/maphash"
	"time"
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

// take pays for size bytes to address under the token's hash, and reports whether there was enough.
func (q *quota) take(now time.Time, address, hash [32]byte, size int) bool {
	if q == nil {
		return true
	}
	if q.start.IsZero() {
		q.start = now
	}
	var h maphash.Hash
	h.SetSeed(q.seed)
	h.Write(address[:])
	h.Write(hash[:])
	b := &q.buckets[h.Sum64()%quotaBuckets]
	since := now.Sub(q.start)
	b.used = max(0, b.used-q.rate*(since-b.at).Seconds())
	b.at = since
	cost := float64((size + QuotaUnit - 1) / QuotaUnit)
	if b.used+cost > q.burst {
		return false
	}
	b.used += cost
	return true
}
