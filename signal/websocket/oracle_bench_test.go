package websocket

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// benchmarkPut times Put for a packet that is stored, one with a wrong token, and one to no mailbox.
func benchmarkPut(b *testing.B, r *Relay) {
	now := time.Now()
	to, token := signal.Address{1}, signal.Token{1}
	reader, err := r.store.Attach(now, to, store.ReaderID{1}, netip.Addr{}, signal.NoticeRetention, func() {})
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Detach(now)
	if err := r.store.Admit(now, to, [][32]byte{token.Hash()}, false); err != nil {
		b.Fatal(err)
	}
	body := make([]byte, 4096)
	n := uint64(0)
	for _, c := range []struct {
		name  string
		to    signal.Address
		token signal.Token
	}{{"stored", to, token}, {"wrong", to, signal.Token{2}}, {"unknown", signal.Address{9}, token}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				var it store.Item
				n++
				now = now.Add(100 * time.Millisecond) // 600 packets in a minute
				binary.BigEndian.PutUint64(it.ID[:], n)
				it.Packet = signal.Packet{To: c.to, Token: c.token, Body: body}
				if r.store.Put(now, it) != store.Taken {
					b.Fatal("not taken")
				}
			}
		})
	}
}
