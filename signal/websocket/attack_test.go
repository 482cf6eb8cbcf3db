package websocket

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/internal/mailbox"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// raw is a client that says what it likes.
type raw struct {
	t  *testing.T
	ws *websocket.Conn
}

func (w *wires) raw(t *testing.T) *raw {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), origin+"/v1", &websocket.DialOptions{HTTPClient: w.client(), Subprotocols: []string{subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(maxFrame)
	return &raw{t, ws}
}

func (r *raw) read() frame {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	f, err := readFrame(ctx, r.ws)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (r *raw) write(f frame) {
	r.t.Helper()
	if err := writeFrame(r.t.Context(), r.ws, f, time.Second); err != nil {
		r.t.Fatal(err)
	}
}

// wantClosed reads until the relay closes the connection with this status.
func (r *raw) wantClosed(status websocket.StatusCode, why string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	for {
		if _, err := readFrame(ctx, r.ws); err != nil {
			if got := websocket.CloseStatus(err); got != status {
				r.t.Errorf("%s: closed with status %d (%v), want %d", why, got, err, status)
			}
			return
		}
	}
}

func (r *raw) challenge() [32]byte {
	r.t.Helper()
	c, ok := r.read().(*challengeFrame)
	if !ok {
		r.t.Fatal("no challenge")
	}
	return [32]byte(c.Challenge)
}

func helloOf(m signal.Mailbox, signature []byte) *helloFrame {
	h := &helloFrame{Version: version, Signature: signature, Reader: fill(idSize, 5)}
	h.Ed25519, h.HPKE = m.PublicKeys()
	return h
}

// A relayed relay challenge: a hostile relay at another origin forwards the honest one's challenge to its visitor, and the
// visitor's answer to the honest relay, to read the visitor's mailbox there. It fails (the attack works) when AuthMessage
// leaves the origin out, when the client signs the relay's name as the server gives it, or when the relay takes the origin
// from the Host header.
func TestAttackRelayedRelayChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		honest := w.start(t, RelayConfig{})
		defer honest.Close()
		victim := signaltest.NewMailbox()
		for name, dialled := range map[string]string{
			"another name": "wss://evil.example:443",
			"another port": "wss://relay.example:444",
			"plain":        "ws://relay.example:443",
			"no origin":    "",
		} {
			attacker := w.raw(t)
			attacker.write(helloOf(victim, victim.Answer(dialled, attacker.challenge())))
			attacker.wantClosed(statusUnauthorized, name)
		}
		owner := w.raw(t)
		owner.write(helloOf(victim, victim.Answer("wss://relay.example:443", owner.challenge())))
		if _, ok := owner.read().(*readyFrame); !ok {
			t.Error("the true origin was refused: the test proves nothing")
		}
		owner.ws.CloseNow()
	})
}

// The same with the real client as the victim, and the attacker naming the honest relay in its Host header.
func TestAttackHostileRelayForwardsTheClient(t *testing.T) {
	_, honest := onLoopback(t, RelayConfig{})
	var mu sync.Mutex
	stolen := errors.New("nobody came")
	hostile := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		ctx := q.Context()
		to, _, err := websocket.Dial(ctx, honest+"/v1", &websocket.DialOptions{Subprotocols: []string{subprotocol}, Host: q.Host})
		if err != nil {
			return
		}
		defer to.CloseNow()
		from, err := websocket.Accept(rw, q, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
		if err != nil {
			return
		}
		defer from.CloseNow()
		_, challenge, _ := to.Read(ctx)
		from.Write(ctx, websocket.MessageBinary, challenge)
		_, hello, _ := from.Read(ctx)
		to.Write(ctx, websocket.MessageBinary, hello)
		_, _, err = to.Read(ctx)
		mu.Lock()
		stolen = err
		mu.Unlock()
	}))
	defer hostile.Close()
	_, err := Dial(t.Context(), "ws"+strings.TrimPrefix(hostile.URL, "http"), signaltest.NewMailbox())
	if err == nil {
		t.Error("the client went on")
	}
	mu.Lock()
	defer mu.Unlock()
	if websocket.CloseStatus(stolen) != statusUnauthorized {
		t.Errorf("the honest relay answered the hostile one: %v", stolen)
	}
}

// A challenge is of one connection, answered once and in time. It fails when the challenge is a constant, when read takes
// a second hello, and when the handshake has no deadline.
func TestAttackReplayedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		m := signaltest.NewMailbox()
		first := w.raw(t)
		hello := helloOf(m, m.Answer("wss://relay.example:443", first.challenge()))
		first.write(hello)
		first.read()
		second := w.raw(t)
		second.challenge()
		second.write(hello)
		second.wantClosed(statusUnauthorized, "an answer of another connection")
		first.write(hello)
		first.wantClosed(websocket.StatusProtocolError, "a second hello")

		slow := w.raw(t)
		challenge := slow.challenge()
		time.Sleep(10*time.Second + time.Millisecond)
		if err := writeFrame(t.Context(), slow.ws, helloOf(m, m.Answer("wss://relay.example:443", challenge)), time.Second); err == nil {
			if f, err := readFrame(t.Context(), slow.ws); err == nil {
				t.Errorf("%T after eleven seconds", f)
			}
		}
		slow.ws.CloseNow()
	})
}

// A mailbox is both keys: whoever has the Ed25519 key of another mailbox, or swaps the HPKE key, gets another address.
func TestAttackSwappedMailboxKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob := w.owner(t)
		defer bob.Close()
		_, hpke := bob.mailbox.PublicKeys()
		key := ed25519.NewKeyFromSeed(fill(32, 1))
		thief := w.raw(t)
		defer thief.ws.CloseNow()
		signature := ed25519.Sign(key, mailbox.AuthMessage("wss://relay.example:443", thief.challenge(), bob.to))
		thief.write(&helloFrame{Version: 1, Ed25519: key.Public().(ed25519.PublicKey), HPKE: hpke, Signature: signature, Reader: fill(16, 1)})
		thief.wantClosed(statusUnauthorized, "a signature for an address that is not of these keys")
	})
}

// The presence oracle: what a sender without rights sees on the wire, byte for byte, is the same whether the mailbox is
// unknown, the token wrong, the owner away, or the packet delivered. It fails when the relay answers a refusal.
func TestAttackPresenceOracle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob, absent := w.owner(t), w.owner(t)
		defer bob.Close()
		absent.Close()
		oracle := w.raw(t)
		defer oracle.ws.CloseNow()
		oracle.challenge()
		oracle.write(&helloFrame{Version: version})
		oracle.read()
		wrong := signaltest.NewToken()
		answers := map[string]string{}
		for name, to := range map[string]struct {
			address signal.Address
			token   signal.Token
		}{
			"stored":          {bob.to, bob.token},
			"wrong token":     {bob.to, wrong},
			"owner away":      {absent.to, absent.token},
			"away and wrong":  {absent.to, wrong},
			"unknown mailbox": {signaltest.NewMailbox().Address(), wrong},
		} {
			oracle.write(&sendFrame{N: 7, ID: fill(16, byte(len(answers))), To: to.address[:], Token: to.token[:], Body: fill(4096, 1)})
			_, b, err := oracle.ws.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			answers[name] = fmt.Sprintf("%x", b)
		}
		for name, b := range answers {
			if b != answers["stored"] {
				t.Errorf("%s is answered %s, a stored packet %s", name, b, answers["stored"])
			}
		}
		want(t, bob, string(fill(4096, 1)))
	})
}

// The work for a packet that is admitted and for one that is not is of one class. It fails when unknown mailboxes are
// answered before the token is hashed, or are searched for.
func BenchmarkPresenceOracle(b *testing.B) {
	r, err := NewRelay(RelayConfig{Origins: []string{origin}, Limits: Limits{TokenBurst: 1e12, MailboxLength: 1e9}})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	benchmarkPut(b, r)
}

// Pitfall 26: a reply matched by id alone. An answer counts for the request of this connection and number; what nobody
// asked for is ignored, and what only a client says ends the connection. It fails when answered takes any pending request.
func TestPitfall26AnswersAreMatched(t *testing.T) {
	o := newOutbox()
	first := o.ask(func(n uint64) frame { return &askFrame{N: n} })
	second := o.ask(func(n uint64) frame { return &askFrame{N: n} })
	o.answered(99, &resultFrame{N: 99})
	o.answered(second.n, &resultFrame{N: second.n})
	o.answered(second.n, &resultFrame{N: second.n, Code: codeFull}) // again: nobody waits
	if len(first.answer) != 0 || len(second.answer) != 1 {
		t.Errorf("%d and %d answers, want 0 and 1", len(first.answer), len(second.answer))
	}
}

// Pitfall 28: no secret, IP address or mailbox in logs and metrics. It fails when a log line takes an error, an address or
// the URL of a connection, or when http.Server's ErrorLog is left to its default.
func TestPitfall28LogsAndMetricsNameNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log safeBuffer
		l := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w := newWires()
		c := RelayConfig{Logger: l, MetricsToken: "the metrics token", ICE: ICE{TURN: []string{"turn:a"}, Secret: []byte("the shared secret of turn")}}
		relay := w.start(t, c)
		bob, alice := w.owner(t, WithLogger(l)), w.dial(t, nil, WithLogger(l))
		send(t, alice, bob.packet("the body"))
		want(t, bob, "the body")
		servers, err := bob.ICEServers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		liar := w.raw(t)
		liar.challenge()
		liar.write(helloOf(bob.mailbox, fill(64, 1)))
		liar.wantClosed(statusUnauthorized, "a wrong signature")
		_, err = Dial(t.Context(), origin, liarMailbox{bob.mailbox}, WithHTTPClient(w.client()))
		fmt.Fprintln(&log, err)
		q := httptest.NewRequest("GET", "/metrics", nil)
		q.Header.Set("Authorization", "Bearer the metrics token")
		rec := httptest.NewRecorder()
		relay.ServeHTTP(rec, q)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), "sotto_relay_envelopes_total 1\n") || !strings.Contains(rec.Body.String(), "sotto_relay_auth_rejected_total 2\n") {
			t.Errorf("metrics: %d %s", rec.Code, rec.Body)
		}
		w.set(false)
		relay.Close()
		time.Sleep(time.Minute)
		alice.Close()
		bob.Close()
		out := log.String() + rec.Body.String() + fmt.Sprintf("%v %+v %#v %v", c, c, c, &c)
		l.Info("config", "c", c)
		out += log.String()
		if !strings.Contains(out, "trying again") {
			t.Error("nothing was logged; the test proves nothing")
		}
		for _, secret := range []string{"192.0.2", fmt.Sprintf("%x", bob.to[:4]), fmt.Sprintf("%x", bob.token[:]), "the body",
			"the metrics", "the shared", servers[0].Credential, servers[0].Username} {
			if strings.Contains(out, secret) {
				t.Errorf("%q is printed", secret)
			}
		}
	})
}

type liarMailbox struct{ signal.Mailbox }

func (liarMailbox) Answer(string, [32]byte) []byte { return make([]byte, 64) }

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A wrong proof is an error of its own, apart from a relay that cannot be reached.
func TestRejectedAndUnavailableAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		if _, err := Dial(t.Context(), origin, liarMailbox{signaltest.NewMailbox()}, WithHTTPClient(w.client())); !errors.Is(err, signal.ErrRejected) {
			t.Errorf("wrong signature: %v", err)
		}
		w.set(false)
		if _, err := Dial(t.Context(), origin, nil, WithHTTPClient(w.client())); !errors.Is(err, signal.ErrUnavailable) {
			t.Errorf("no relay: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Dial(ctx, origin, nil, WithHTTPClient(w.client())); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if _, err := Dial(t.Context(), "ws://relay.example", nil); !errors.Is(err, ErrInsecure) {
			t.Errorf("ws to another machine: %v", err)
		}
	})
}
