package websocket

import (
	"context"
	"fmt"
	"time"

	"github.com/coder/websocket"
)

// readFrame reads one frame. Its length is bounded by the connection's read limit before it is buffered.
func readFrame(ctx context.Context, ws *websocket.Conn) (frame, error) {
	kind, data, err := ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, fmt.Errorf("%w: a text message", errFrame)
	}
	return decode(data)
}

// writeFrame writes one frame within limit. When that fails the connection is of no more use, and closed.
func writeFrame(ctx context.Context, ws *websocket.Conn, f frame, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageBinary, encode(f)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// keepAlive pings until ctx ends, and closes the connection when a pong is late.
func keepAlive(ctx context.Context, ws *websocket.Conn, every, limit time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if pingOnce(ctx, ws, limit) != nil {
			ws.CloseNow()
			return
		}
	}
}

func pingOnce(ctx context.Context, ws *websocket.Conn, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return ws.Ping(ctx)
}
