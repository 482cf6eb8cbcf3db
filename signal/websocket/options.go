package websocket

import (
	"log/slog"
	"net/http"
	"time"
)

// Option changes how a Transport connects.
type Option func(*options)

type options struct {
	client    *http.Client
	plaintext bool
	log       *slog.Logger
	keepAlive time.Duration
	backoff   backoff
}

// Times of a client. Each has its reason in docs/design/03-relay.md.
const (
	connectTimeout   = 10 * time.Second // one attempt: DNS, TCP, TLS and the challenge
	writeTimeout     = 10 * time.Second
	defaultKeepAlive = 15 * time.Second
	pongTimeout      = 5 * time.Second
	closeTimeout     = time.Second // for the last acknowledgements
)

// WithHTTPClient sets the client that makes the connection: its proxy, its TLS configuration (a private CA, say), its
// dialler. Redirects are never followed.
func WithHTTPClient(c *http.Client) Option { return func(o *options) { o.client = c } }

// WithLogger logs connections and their ends, without addresses or tokens. nil discards, as without the option.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// WithKeepAlive sets the time between pings; 0 or less is the default of 15 s. A relay that is gone without a word is
// noticed after that and 5 s.
func WithKeepAlive(d time.Duration) Option {
	return func(o *options) {
		if d > 0 {
			o.keepAlive = d
		}
	}
}

// InsecurePlaintext permits ws:// to hosts other than loopback. Whoever is on the way then sees what the relay sees, can
// take over the mailbox's connection, and reads TURN credentials. Content stays sealed. For test networks.
func InsecurePlaintext() Option { return func(o *options) { o.plaintext = true } }

func newOptions(opts []Option) options {
	o := options{client: http.DefaultClient, keepAlive: defaultKeepAlive, backoff: backoff{first: 500 * time.Millisecond, limit: 30 * time.Second}}
	for _, f := range opts {
		f(&o)
	}
	o.log = logger(o.log)
	client := *o.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = 0 // it would end the connection, not only the attempt
	o.client = &client
	return o
}
