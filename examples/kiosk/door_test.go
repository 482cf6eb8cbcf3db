package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

func TestParseDoor(t *testing.T) {
	for _, c := range []struct {
		data string
		want error
	}{
		{`{"sotto":"door","open":true}`, nil},
		{` {"open":true, "v":1, "sotto":"door"} `, nil},
		{`{"sotto":"door","v":0,"open":true}`, nil},
		{`hello`, errNoRequest},
		{``, errNoRequest},
		{`null`, errNoRequest},
		{`true`, errNoRequest},
		{`[{"sotto":"door","open":true}]`, errNoRequest},
		{`{"sotto":"light","open":true}`, errNoRequest},
		{`{"sotto":"door"}`, errNoRequest},
		{`{"sotto":"door","v":1,"opened":false,"why":"no"}`, errNoRequest}, // another kiosk's answer
		{`{"sotto":"door","open":true,"opened":true}`, errNoRequest},
		{`{"sotto":"door","open":true} {"sotto":"door","open":true}`, errNoRequest},
		{`{"sotto":"door","open":true,"why":"` + strings.Repeat("x", maxDoorMessage) + `"}`, errNoRequest},
		{`{"sotto":"door","open":false}`, errDoorSyntax},
		{`{"sotto":"door","open":"true"}`, errDoorSyntax},
		{`{"sotto":"door","open":1}`, errDoorSyntax},
		{`{"sotto":"door","open":null}`, errDoorSyntax},
		{`{"sotto":"door","open":true,"v":-1}`, errDoorSyntax},
		{`{"sotto":"door","open":true,"v":"1"}`, errDoorSyntax},
		{`{"sotto":"door","open":true,"which":"back"}`, errDoorSyntax}, // to open another one than was meant would be wrong
		{`{"sotto":"door","open":true,"v":2,"which":"back"}`, errDoorNewer},
	} {
		if err := parseDoor([]byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.data, err, c.want)
		}
	}
}

// What is a request opens in one way only, and what we answer is never taken for a request: two doors that call each other
// stay quiet.
func FuzzParseDoor(f *testing.F) {
	f.Add([]byte(`{"sotto":"door","open":true}`))
	f.Add([]byte(`{"sotto":"door","v":2,"open":{"a":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		switch err := parseDoor(data); err {
		case nil:
			var m map[string]any
			if json.Unmarshal(data, &m) != nil {
				t.Errorf("%q is no JSON object", data)
			}
		case errNoRequest:
		default:
			if err := parseDoor(doorAnswer(err.Error())); err != errNoRequest {
				t.Errorf("our answer is answered: %v", err)
			}
		}
		if err := parseDoor(doorAnswer(string(data))); err != errNoRequest {
			t.Errorf("an answer with %q is a request: %v", data, err)
		}
	})
}

func TestDoorAnswer(t *testing.T) {
	if got, want := string(doorAnswer("")), `{"sotto":"door","v":1,"opened":true}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := string(doorAnswer("no")), `{"sotto":"door","v":1,"opened":false,"why":"no"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDoorPolicy(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	verified := e2ee.Contact{Name: "alice", State: e2ee.Confirmed, Verified: now}
	with := func(change func(*e2ee.Contact)) e2ee.Contact {
		c := verified
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		policy doorPolicy
		who    e2ee.Contact
		known  bool
		want   string // part of the reason
	}{
		{"verified", doorPolicy{fitted: true}, verified, true, ""},
		{"no command", doorPolicy{}, verified, true, "no door"},
		{"not a contact", doorPolicy{fitted: true}, verified, false, "no contact"},
		{"only asks to be one", doorPolicy{fitted: true}, with(func(c *e2ee.Contact) { c.State = e2ee.Requested }), true, "no contact"},
		{"not verified", doorPolicy{fitted: true}, with(func(c *e2ee.Contact) { c.Verified = time.Time{} }), true, "not verified"},
		{"blocked", doorPolicy{fitted: true}, with(func(c *e2ee.Contact) { c.Blocked = true }), true, "blocked"},
		{"revoked", doorPolicy{fitted: true}, with(func(c *e2ee.Contact) { c.Revoked = now }), true, "blocked"},
		{"too soon", doorPolicy{fitted: true, every: time.Minute, last: now.Add(-59 * time.Second)}, verified, true, "moment ago"},
		{"soon enough", doorPolicy{fitted: true, every: time.Minute, last: now.Add(-time.Minute)}, verified, true, ""},
		{"failed just now", doorPolicy{fitted: true, every: time.Minute, last: now.Add(-time.Second), failed: true}, verified, true, "did not work"},
		{"failed a moment ago", doorPolicy{fitted: true, every: time.Minute, last: now.Add(-afterFailure), failed: true}, verified, true, ""},
		{"failed, and no pause is wanted", doorPolicy{fitted: true, last: now, failed: true}, verified, true, ""},
		{"being opened", doorPolicy{fitted: true, busy: true}, verified, true, "being opened"},
		{"the clock went back", doorPolicy{fitted: true, every: time.Minute, last: now.Add(time.Hour)}, verified, true, "moment ago"},
	} {
		p := c.policy
		why := p.refuse(c.who, c.known, now)
		if (why == "") != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%s: %q, want %q", c.name, why, c.want)
		}
		if why != "" && p != c.policy {
			t.Errorf("%s: refused, but noted", c.name)
		}
		if why == "" && (!p.busy || p.last != now) {
			t.Errorf("%s: not noted", c.name)
		}
	}
}

// A door that failed may be tried again sooner, but not without end.
func TestDoorFailed(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	who := e2ee.Contact{Name: "alice", State: e2ee.Confirmed, Verified: now}
	p := doorPolicy{fitted: true, every: 10 * time.Second}
	for _, step := range []struct {
		after time.Duration
		err   error // of the command, if it is run
		want  string
	}{
		{0, errors.New("stuck"), ""},
		{time.Second, nil, "did not work"},
		{time.Second, nil, ""},
		{3 * time.Second, nil, "it was opened"},
		{7 * time.Second, nil, ""},
	} {
		now = now.Add(step.after)
		why := p.refuse(who, true, now)
		if (why == "") != (step.want == "") || !strings.Contains(why, step.want) {
			t.Errorf("%q, want %q", why, step.want)
		}
		if why == "" {
			p.opened(step.err, now)
		}
	}
}
