package call

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/sotto-calls/sotto/internal/wire"
	"github.com/sotto-calls/sotto/media"
)

// control is what the two sides tell each other inside the group.
type control struct {
	open     bool // the data channel
	unsure   bool // ICE looks for a path: what the channel takes now may not arrive before it has found one
	chats    []chat
	chosen   []uint16          // our ctx whose mute is the application's choice: they do not begin as Media.Muted says
	lastMute map[uint16]uint64 // the highest seq of a mute, by the other side's ctx
	lastHold uint64
	describe describing
}

// A chat waits for the data channel.
type chat struct {
	data []byte
	gone <-chan struct{} // nobody waits for it any more
	sent chan<- error
}

func (c chat) givenUp() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// maxChats bounds what waits.
const maxChats = 256

// Send sends data, at most 16 KiB, to everybody in the call: in order, encrypted and signed in the group. It returns when
// the message is on its way. Before the call is connected, and while it reconnects, it waits; what waits when ctx ends is not
// sent. The data is copied.
func (c *Call) Send(ctx context.Context, data []byte) error {
	if len(data) > maxChat {
		return ErrTooLarge
	}
	sent, data := make(chan error, 1), bytes.Clone(data)
	c.post(task(func(l *loop) {
		l.control.chats = slices.DeleteFunc(l.control.chats, chat.givenUp)
		if len(l.control.chats) >= maxChats {
			sent <- fmt.Errorf("%w: %d messages wait already", ErrState, maxChats)
			return
		}
		l.control.chats = append(l.control.chats, chat{data, ctx.Done(), sent})
		l.flushChats()
	}))
	return c.await(ctx, sent)
}

// await waits for the outcome of a wish.
func (c *Call) await(ctx context.Context, outcome <-chan error) error {
	select {
	case err := <-outcome:
		return err
	case <-c.done:
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flushChats sends what waits, if the path carries.
func (l *loop) flushChats() {
	for len(l.control.chats) > 0 && l.control.open && l.machine.state == StateConnected {
		next := l.control.chats[0]
		l.control.chats = l.control.chats[1:]
		if next.givenUp() {
			continue
		}
		b, err := l.keys.protect(inChat, next.data)
		if err == nil {
			err = l.conn.SendMessage(b)
		}
		next.sent <- err
	}
}

// connected is the first or a renewed Connected.
func (l *loop) connected() {
	l.flushChats()
	l.resumeDescribe()
}

// SetMuted stops the source of one of our tracks, or goes on with it, and tells the other side. ctx is
// media.StreamInfo.Ctx, of Call.Streams. ErrState before the two have joined, where Media.Muted is for what begins muted, and
// once the call is ending: nobody is heard any more.
func (c *Call) SetMuted(ctx context.Context, stream uint16, muted bool) error {
	return c.await(ctx, c.ask(func(l *loop) error {
		if !l.flowing {
			l.control.chosen = append(l.control.chosen, stream)
		}
		return l.mute(stream, muted)
	}))
}

func (l *loop) mute(stream uint16, muted bool) error {
	if err := l.conn.SetMuted(stream, muted); err != nil {
		return err
	}
	l.signal(inMute, muteBody{Ctx: stream, Muted: muted})
	return nil
}

// Streams lists the tracks that we send.
func (c *Call) Streams() []media.StreamInfo {
	if conn := c.look().conn; conn != nil {
		return conn.Streams()
	}
	return nil
}

// ask runs f on the loop, from when the group is there until the call begins to end.
func (c *Call) ask(f func(*loop) error) <-chan error {
	out := make(chan error, 1)
	c.post(task(func(l *loop) {
		if l.conn == nil || l.keys.group == nil || l.ending() {
			out <- ErrState
			return
		}
		out <- f(l)
	}))
	return out
}

// inCall takes the plaintext of a message of the other side's leaf.
func (l *loop) inCall(plain []byte) error {
	b, err := decode[inCallBody](plain, maxMLS)
	if err != nil {
		return err
	}
	switch b.Type {
	case inChat:
		if len(b.Body) > maxChat {
			return errBadMessage
		}
		return l.tell(Message{From: l.call.peer, Data: b.Body})
	case inMute:
		return l.muted(b)
	case inHold:
		h, err := decode[holdBody](b.Body, maxBody)
		if err != nil {
			return err
		}
		if b.Seq > l.control.lastHold {
			l.control.lastHold = b.Seq
			return l.tell(HoldChanged(h))
		}
	case inDescribe:
		d, err := decode[describeBody](b.Body, maxBody)
		if err != nil {
			return err
		}
		l.described(d)
	case inCandidate:
		k, err := decode[candidate](b.Body, maxBody)
		if err != nil || l.worker.jobs.Len() >= maxJobs {
			return errBadMessage
		}
		conn := l.conn
		l.worker.do(func(*worker) task { addAll(conn, []candidate{k}); return nil })
	}
	return nil // an unknown type is of a later version: ignored
}

// muted tells the application; of two that crossed the later one counts.
func (l *loop) muted(b inCallBody) error {
	m, err := decode[muteBody](b.Body, maxBody)
	if err != nil {
		return err
	}
	s, ok := l.keys.frames.Stream(l.keys.theirLeaf(), m.Ctx)
	if !ok || b.Seq <= l.control.lastMute[m.Ctx] {
		return nil
	}
	if l.control.lastMute == nil {
		l.control.lastMute = make(map[uint16]uint64)
	}
	l.control.lastMute[m.Ctx] = b.Seq
	return l.tell(MuteChanged{l.track(s.MID), m.Muted})
}

// protect encrypts an in-call message for the group.
func (k *keys) protect(t inCallType, body []byte) ([]byte, error) {
	k.inCallSeq++
	b, err := wire.Marshal(inCallBody{Type: t, Seq: k.inCallSeq, Body: body})
	if err != nil {
		return nil, err
	}
	return k.encrypt(b)
}
