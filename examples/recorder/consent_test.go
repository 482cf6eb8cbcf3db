package main

import (
	"strings"
	"testing"
	"time"
)

func TestWhoMayBeRecorded(t *testing.T) {
	now := time.Unix(1e9, 0)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	free := policy{grace: 3 * time.Second, patience: time.Minute}
	strict := policy{grace: 3 * time.Second, patience: time.Minute, consent: true}
	for _, c := range []struct {
		name   string
		policy policy
		stance stance
		want   verdict
		again  time.Duration
	}{
		{"not told", free, stance{}, keepWaiting, 0},
		{"not told, though they agree", free, stance{agreed: true}, keepWaiting, 0},
		{"just told", free, stance{noticed: before(time.Second)}, keepWaiting, 2 * time.Second},
		{"told and still there", free, stance{noticed: before(3 * time.Second)}, mayRecord, 0},
		{"told and agreed", free, stance{noticed: now, agreed: true}, mayRecord, 0},
		{"without a grace", policy{}, stance{noticed: now}, mayRecord, 0},
		{"refused", free, stance{noticed: before(time.Hour), refused: true}, mustLeave, 0},
		{"refused before they were told", free, stance{refused: true}, mustLeave, 0},
		{"silent", strict, stance{noticed: before(10 * time.Second)}, keepWaiting, 50 * time.Second},
		{"silent for too long", strict, stance{noticed: before(time.Minute)}, mustLeave, 0},
		{"agreed late", strict, stance{noticed: before(time.Hour), agreed: true}, mayRecord, 0},
		{"agreed and not told", strict, stance{agreed: true}, keepWaiting, 0},
		{"refused", strict, stance{noticed: now, refused: true}, mustLeave, 0},
	} {
		if got, again := c.policy.judge(c.stance, now); got != c.want || again != c.again {
			t.Errorf("%s: %v, again after %v; want %v, %v", c.name, got, again, c.want, c.again)
		}
	}
}

func TestParseConsent(t *testing.T) {
	for text, want := range map[string][2]bool{
		consentText:                          {true, true},
		`{"sotto":"consent","record":false}`: {false, true},
		`{"sotto":"consent","record":true,"note":"hello"}`: {true, true},
		`{"sotto":"consent"}`:                              {},
		`{"sotto":"consent","record":"true"}`:              {},
		`{"sotto":"transcript","record":true}`:             {},
		`{"record":true}`:                                  {},
		`yes`:                                              {},
		`null`:                                             {},
		``:                                                 {},
		consentText + strings.Repeat(" ", 2000):            {},
		consentText + consentText:                          {},
		`[{"sotto":"consent","record":true}]`:              {},
		`{"sotto":"consent","record":true,"record":false}`: {false, true},
	} {
		if record, ok := parseConsent([]byte(text)); record != want[0] || ok != want[1] {
			t.Errorf("%.60q: %t, %t", text, record, ok)
		}
	}
}

func FuzzParseConsent(f *testing.F) {
	f.Add([]byte(consentText))
	f.Fuzz(func(t *testing.T, b []byte) {
		if record, ok := parseConsent(b); record && (!ok || !strings.Contains(strings.ToLower(string(b)), "consent") && !strings.Contains(string(b), `\u`)) {
			t.Errorf("%q agrees", b)
		}
	})
}

// Programs that call themselves something else do not record.
func TestHonest(t *testing.T) {
	for name, want := range map[string]bool{"Recorder": true, "Office (recorder)": true, "RECORDER 2": true, "Bob": false, "": false} {
		if honest(name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}
