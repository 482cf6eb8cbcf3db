package call

import (
	"fmt"
	"log/slog"
)

// What holds keys, credentials or people's words says little when it is printed or logged. A struct that keeps one of
// these in an unexported field is printed by fmt without asking it: such a struct must redact itself too.

// Format names the client by its identity alone.
func (c *Client) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.text()) }

// LogValue is the same for slog.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c *Client) text() string { return fmt.Sprintf("client of %v", c.config.Identity.Public()) }

// Format names the call by the first bytes of its id, and says where it stands.
func (c *Call) Format(s fmt.State, _ rune) { fmt.Fprint(s, c.text()) }

// LogValue is the same for slog.
func (c *Call) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c *Call) text() string {
	v := c.look()
	return fmt.Sprintf("call %x, %v", v.id[:4], v.state)
}

// Format leaves everything out: there may be credentials of TURN servers in it.
func (c Config) Format(s fmt.State, _ rune) { fmt.Fprint(s, "call.Config") }

// LogValue is the same for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue("call.Config") }

// Format keeps what people say out of logs.
func (m Message) Format(s fmt.State, _ rune) { fmt.Fprint(s, m.text()) }

// LogValue is the same for slog.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.text()) }

func (m Message) text() string { return fmt.Sprintf("message of %d bytes", len(m.Data)) }
