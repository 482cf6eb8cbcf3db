package store

import (
	"math"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// Limits of a Store. Every field must be set; Unlimited and Default are a start.
type Limits struct {
	Mailboxes int // that exist at a time
	Tokens    int // admitted by all mailboxes together
	Readers   int // of one mailbox
	Total     int // bytes that all packets hold

	Entries int // packets that one mailbox takes within their time
	Bytes   int // bytes of them

	Unclaimed int // bytes of packets that no mailbox admits yet

	Window      int // packets that a reader may have before it acknowledges one
	WindowBytes int

	// Quota of one token at one mailbox in units of QuotaUnit bytes, at least one a packet, and noticeUnits a notice or half of
	// QuotaBurst. QuotaBurst 0: no quota.
	QuotaBurst float64
	QuotaRate  float64 // units a second
}

// QuotaUnit is the number of bytes that one unit of a token's quota pays for.
const QuotaUnit = 4 << 10

// noticeUnits is what a notice takes of its token's quota: by default 16 in a row, and then one in four seconds.
const noticeUnits = 32

// noticesPerToken is how many notices of one token wait in a mailbox: a single contact must not push out all others.
const noticesPerToken = 4

// readerMemory is how long a reader that left counts as one that still has to acknowledge.
const readerMemory = signal.Retention

// maxKnownReaders bounds the readers of one mailbox that are attached or left less than readerMemory ago.
const maxKnownReaders = 64

// overhead in bytes is added to each packet in the sums.
const overhead = 256

// Default are the limits of a relay. One token cannot fill a mailbox: 512 + 60·8 packets are less than Entries.
func Default() Limits {
	return Limits{
		Mailboxes: 100_000, Tokens: 1_000_000, Readers: 8, Total: 256 << 20,
		Entries: 1024, Bytes: 8 << 20, Unclaimed: 16 << 20,
		Window: 64, WindowBytes: 1 << 20,
		QuotaBurst: 512, QuotaRate: 8,
	}
}

// Unlimited bounds nothing but the unclaimed packets: for tests in memory.
func Unlimited() Limits {
	const n = math.MaxInt
	return Limits{
		Mailboxes: n, Tokens: n, Readers: n, Total: n, Entries: n, Bytes: n, Unclaimed: 16 << 20, Window: n, WindowBytes: n,
	}
}

func lifetime(c signal.Class) time.Duration {
	if c == signal.ClassNotice {
		return signal.NoticeRetention
	}
	return signal.Retention
}
