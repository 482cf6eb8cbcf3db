package call

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// TestPitfall28ServersInsideOfOtherValues: the credential of a TURN server is in no log, though JSON asks a field for no
// LogValue and fmt, for a verb that does not fit, a pointer's fields for no Format. The mutations that make it fail:
// media.ICEServer or signal.ICEServer without MarshalText, media.Settings without Format.
func TestPitfall28ServersInsideOfOtherValues(t *testing.T) {
	const credential = "hunter2hunter2"
	ours := media.ICEServer{URLs: []string{"turn:1.2.3.9"}, Username: "u", Credential: credential}
	lent := signal.ICEServer{URLs: ours.URLs, Username: "u", Credential: credential}
	settings := media.Settings{ICEServers: []media.ICEServer{ours}}
	type outside struct{ Inside any }
	for _, v := range []any{ours, lent, settings, &settings, settings.ICEServers, []signal.ICEServer{lent}, Config{Media: settings}} {
		var out strings.Builder
		for _, x := range []any{v, []any{v}, outside{v}, &outside{v}, map[string]any{"k": v}} {
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", x, slog.Group("g", "v", x))
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", x, slog.Group("g", "v", x))
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%c", "%U", "%e"} {
				fmt.Fprintf(&out, verb+"\n", x)
			}
		}
		for _, needle := range []string{credential, fmt.Sprintf("%x", credential)} {
			if at := strings.Index(out.String(), needle); at >= 0 {
				t.Errorf("%T: %q", v, out.String()[max(0, at-100):at+20])
			}
		}
	}
}
