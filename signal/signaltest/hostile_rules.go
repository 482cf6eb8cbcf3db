package signaltest

import (
	"bytes"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// Drop loses the packets for which which says so.
func Drop(which func(signal.Packet) bool) Rule {
	return func(p signal.Packet) []signal.Packet {
		if which(p) {
			return nil
		}
		return []signal.Packet{p}
	}
}

// DropEvery loses every nth packet: the first, the one after n, and so on.
func DropEvery(n int) Rule {
	count := -1
	return Drop(func(signal.Packet) bool {
		count++
		return count%n == 0
	})
}

// Repeat stores n further copies of each packet.
func Repeat(n int) Rule {
	return func(p signal.Packet) []signal.Packet {
		out := []signal.Packet{p}
		for range n {
			out = append(out, p)
		}
		return out
	}
}

// Swap holds each packet back until the next one, to whomever, was sent, and stores that first; if none comes within
// limit, the held one is delivered then.
func (h *Hostile) Swap(limit time.Duration) Rule {
	var mu sync.Mutex
	var held *signal.Packet
	return func(p signal.Packet) []signal.Packet {
		mu.Lock()
		defer mu.Unlock()
		if before := held; before != nil {
			held = nil
			return []signal.Packet{p, *before}
		}
		held = &p
		time.AfterFunc(limit, func() {
			mu.Lock()
			mine := held == &p
			if mine {
				held = nil
			}
			mu.Unlock()
			if mine {
				h.Deliver(p.To, p.Body)
			}
		})
		return nil
	}
}

// Before stores what change makes of a packet's body ahead of the packet itself: a forgery that comes first.
func Before(change func(body []byte) [][]byte) Rule {
	return func(p signal.Packet) []signal.Packet {
		var out []signal.Packet
		for _, b := range change(bytes.Clone(p.Body)) {
			forged := p
			forged.Body = b
			out = append(out, forged)
		}
		return append(out, p)
	}
}

// Flip returns copies of a body with one bit changed: in its first byte, its last, and n-2 places evenly between.
func Flip(n int) func(body []byte) [][]byte {
	return func(body []byte) [][]byte {
		var out [][]byte
		for i := range n {
			b := bytes.Clone(body)
			b[i*(len(b)-1)/max(n-1, 1)] ^= 1 << (i % 8)
			out = append(out, b)
		}
		return out
	}
}

// Cut returns the beginnings of a body: one byte, a half, all but the last byte; and the body with a byte more.
func Cut(body []byte) [][]byte {
	return [][]byte{body[:1], body[:len(body)/2+1], body[:max(1, len(body)-1)], append(bytes.Clone(body), 0)}
}

// Relayed is a visitor's mailbox as this relay can present it at another: with the visitor's keys, and a proof of
// ownership that it gets by passing the other relay's challenge on. The visitor signs what it always signs, the origin by
// which it has dialled this relay. ok is false if nobody of that address was here.
func (h *Hostile) Relayed(a signal.Address, origin string) (m signal.Mailbox, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	owner, ok := h.owners[a]
	if ok {
		h.acts++
	}
	return relayed{owner, origin}, ok
}

type relayed struct {
	signal.Mailbox
	origin string // of the hostile relay
}

// Answer passes the challenge on. The origin that the visitor signs is not the one that the other relay wants.
func (r relayed) Answer(_ string, challenge [32]byte) []byte {
	return r.Mailbox.Answer(r.origin, challenge)
}
