package media

import (
	"fmt"
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// MaxMessage is the most bytes of one SendMessage.
const MaxMessage = 32 << 10

const maxBacklog = 1 << 20 // bytes that wait to be sent

// A messageChannel is the one data channel of a call: ordered, reliable, negotiated beforehand as number 0.
type messageChannel struct {
	dc             *webrtc.DataChannel
	open           atomic.Bool
	sent, received atomic.Uint64
}

func (c *Conn) openChannel() error {
	ordered, negotiated, id := true, true, uint16(0)
	dc, err := c.pc.CreateDataChannel("sotto", &webrtc.DataChannelInit{Ordered: &ordered, Negotiated: &negotiated, ID: &id})
	if err != nil {
		return fmt.Errorf("media: message channel: %w", err)
	}
	c.channel.dc = dc
	dc.OnOpen(func() {
		c.channel.open.Store(true)
		c.notify(ChannelOpen{})
	})
	dc.OnClose(func() { c.channel.open.Store(false) })
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString || len(m.Data) > MaxMessage {
			c.log.Debug("message dropped", "size", len(m.Data))
			return
		}
		c.channel.received.Add(1)
		c.notify(MessageReceived{Data: m.Data})
	})
	return nil
}

// SendMessage sends one message of at most MaxMessage bytes to the peer, in order. It never blocks: ErrNotOpen before
// ChannelOpen, ErrBacklog when the peer does not take what was sent before.
func (c *Conn) SendMessage(b []byte) error {
	if c.ctx.Err() != nil {
		return ErrClosed
	}
	if len(b) == 0 || len(b) > MaxMessage {
		return fmt.Errorf("media: a message of %d bytes: must be 1 to %d", len(b), MaxMessage)
	}
	if !c.channel.open.Load() {
		return ErrNotOpen
	}
	if c.channel.dc.BufferedAmount() > maxBacklog {
		return ErrBacklog
	}
	if err := c.channel.dc.Send(b); err != nil {
		return fmt.Errorf("media: message: %w", err)
	}
	c.channel.sent.Add(1)
	return nil
}
