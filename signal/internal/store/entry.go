package store

import (
	"slices"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// ID is the sender's random name of one packet. The same id to the same mailbox is the same packet.
type ID [16]byte

// ReaderID is a reader's random name, constant over its reconnections.
type ReaderID [16]byte

// Item is a packet and its id.
type Item struct {
	ID     ID
	Packet signal.Packet
}

// entry is a packet that was taken. Once nobody waits for it the body is gone and the id stays, to drop repetitions.
type entry struct {
	Item
	seq     uint64
	hash    [32]byte // of the token
	expires time.Time
	size    int // of the body as taken
	freed   bool
	acked   []ReaderID
}

func (e *entry) ackedBy(r ReaderID) bool { return slices.Contains(e.acked, r) }

// notice reports whether e is one that still waits.
func (e *entry) notice() bool { return e.Packet.Class == signal.ClassNotice && !e.freed }

// release lets go of the body and returns how many bytes that gave back.
func (e *entry) release(now time.Time) int {
	if e.freed {
		return 0
	}
	e.freed = true
	e.Packet.Body, e.Packet.Token = nil, signal.Token{}
	if last := now.Add(signal.Retention); e.expires.After(last) {
		e.expires = last // a notice that was read needs its id no longer than a repetition can come
	}
	return e.size
}
