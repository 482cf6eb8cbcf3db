package pulse

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	headSize   = 20         // of the descriptor before every frame: length, channel, offset (8), flags
	control    = 0xFFFFFFFF // the channel of commands; others are streams, by index
	sharedMask = 0xC0000000 // flags of shared memory, which nobody offered
	maxCommand = 1 << 20    // bytes; larger commands end the connection. A list of a hundred devices has some 200 KiB
	maxSound   = 16 << 20   // bytes of a frame of sound, as in PulseAudio. They are never held: see stream.run

	// answerTime is how long a server may take for an answer while a device is opened, and to take what is sent.
	answerTime = 5 * time.Second
)

var (
	errTooOld  = fmt.Errorf("its protocol is older than version %d", oldest)
	errTooLong = fmt.Errorf("%w: a frame is too long", errMalformed)
)

// A conn is a connection to the server: one for each stream, so that closing it ends the stream, whatever else is going on.
// One goroutine reads; send may be called by any.
type conn struct {
	nc      net.Conn
	in      *bufio.Reader
	head    [headSize]byte
	command []byte // the latest, and the memory for the next
	idle    func() error

	writing sync.Mutex
	tag     uint32 // of the latest request; guarded by writing
}

// dial connects to the first server that answers, and says who we are.
func dial(ctx context.Context) (*conn, error) {
	failed := &dialError{tried: servers(os.Getenv)}
	if len(failed.tried) == 0 {
		return nil, errNoAddress
	}
	for _, a := range failed.tried {
		c, err := dialOne(ctx, a)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var code serverError
		if errors.As(err, &code) || errors.Is(err, errMalformed) || errors.Is(err, errTooOld) {
			return nil, fmt.Errorf("%v: %w", a, err) // there is one, and it will not have us: that is the news
		}
		failed.errs = append(failed.errs, err)
	}
	return nil, failed
}

func dialOne(ctx context.Context, a address) (*conn, error) {
	dialer := net.Dialer{Timeout: answerTime, Control: credentials}
	nc, err := dialer.DialContext(ctx, a.network, a.addr)
	if err != nil {
		return nil, err
	}
	c := newConn(nc)
	if err := c.login(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

func newConn(nc net.Conn) *conn { return &conn{nc: nc, in: bufio.NewReaderSize(nc, 8<<10)} }

func (c *conn) login(ctx context.Context) error {
	var w writer
	w.u32(newest)
	w.arbitrary(cookie(os.Getenv))
	r, err := c.ask(ctx, cmdAuth, w)
	if err != nil {
		return err
	}
	version := r.u32() & versionMask
	if r.err != nil {
		return r.err
	}
	if version < oldest {
		return errTooOld
	}
	w = writer{}
	w.properties(map[string]string{
		"application.name":           filepath.Base(os.Args[0]),
		"application.process.id":     strconv.Itoa(os.Getpid()),
		"application.process.binary": filepath.Base(os.Args[0]),
	})
	_, err = c.ask(ctx, cmdSetClientName, w)
	return err
}

// ask sends a request and returns the answer, which is valid until the next frame is read. It belongs to the time before
// anything else reads. What else the server says meanwhile is dropped.
func (c *conn) ask(ctx context.Context, command uint32, args writer) (*reader, error) {
	deadline := time.Now().Add(answerTime)
	if err := c.nc.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.nc.SetReadDeadline(time.Unix(1, 0)) }) // fails when closed, which ends it too
	defer stop()
	answer, err := c.answer(command, args)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return answer, err
}

func (c *conn) answer(command uint32, args writer) (*reader, error) {
	tag, err := c.send(command, args)
	if err != nil {
		return nil, err
	}
	for {
		channel, length, err := c.next()
		if err != nil {
			return nil, err
		}
		if channel != control {
			return nil, errMalformed // no stream is open yet
		}
		got, gotTag, r, err := c.parse(length)
		if err != nil {
			return nil, err
		}
		if gotTag != tag {
			continue
		}
		switch got {
		case cmdReply:
			return r, nil
		case cmdError:
			if code := r.u32(); r.err == nil {
				return nil, serverError(code)
			}
			return nil, r.err
		}
	}
}

// send sends a command and returns the tag that its answer will have.
func (c *conn) send(command uint32, args writer) (uint32, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.sendLocked(command, args)
}

func (c *conn) sendLocked(command uint32, args writer) (uint32, error) {
	c.tag++
	w := writer{b: make([]byte, headSize, headSize+10+len(args.b))}
	w.u32(command)
	w.u32(c.tag)
	w.b = append(w.b, args.b...)
	putHead(w.b, control)
	return c.tag, c.writeLocked(w.b)
}

// putHead fills in the descriptor that frame begins with.
func putHead(frame []byte, channel uint32) {
	clear(frame[:headSize])
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-headSize))
	binary.BigEndian.PutUint32(frame[4:], channel)
}

func (c *conn) writeLocked(frame []byte) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	_, err := c.nc.Write(frame)
	return err
}

// next reads the descriptor of the next frame; the caller reads length bytes after it.
func (c *conn) next() (channel, length uint32, err error) {
	if err := c.read(c.head[:]); err != nil {
		return 0, 0, err
	}
	length = binary.BigEndian.Uint32(c.head[:])
	channel = binary.BigEndian.Uint32(c.head[4:])
	flags := binary.BigEndian.Uint32(c.head[16:])
	if flags&sharedMask != 0 {
		return 0, 0, fmt.Errorf("%w: it speaks of shared memory", errMalformed)
	}
	if length > maxSound || channel == control && length > maxCommand {
		return 0, 0, errTooLong
	}
	return channel, length, nil
}

// parse reads a command of length bytes. What it returns is valid until the next frame is read. Memory grows as bytes
// arrive, not as they are announced.
func (c *conn) parse(length uint32) (command, tag uint32, r *reader, err error) {
	c.command = c.command[:0]
	for len(c.command) < int(length) {
		n := len(c.command)
		c.command = append(c.command, make([]byte, min(int(length)-n, 16<<10))...)
		if err := c.read(c.command[n:]); err != nil {
			return 0, 0, nil, err
		}
	}
	r = &reader{b: c.command}
	command, tag = r.u32(), r.u32()
	return command, tag, r, r.err
}

// read fills p. When nothing comes before the deadline it asks idle whether to go on.
func (c *conn) read(p []byte) error {
	for len(p) > 0 {
		n, err := c.in.Read(p)
		p = p[n:]
		if err == nil {
			continue
		}
		if c.idle != nil && isTimeout(err) {
			if err = c.idle(); err == nil {
				continue
			}
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // to our callers io.EOF is the end of the sound
		}
		return err
	}
	return nil
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
