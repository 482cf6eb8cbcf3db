//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
)

// saveWAV writes a second of tone.
func saveWAV(t *testing.T) string {
	t.Helper()
	b, err := encode(tone(heard.Rate, 500, heard.Rate), false)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tone.wav")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newMind makes commands of lines of sh; empty: none.
func newMind(t *testing.T, listen, think, speak string) (m mind) {
	t.Helper()
	m.speakRate = heard.Rate
	for _, c := range []struct {
		role, body string
		to         **command
	}{{"-listen", listen, &m.listen}, {"-think", think, &m.think}, {"-speak", speak, &m.speak}} {
		if c.body == "" {
			continue
		}
		var err error
		if *c.to, err = newCommand(c.role, script(t, c.body), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// What is heard goes through three programs, and comes back as sound. In virtual time, which stands still while one runs.
func TestAgentWithCommands(t *testing.T) {
	dir := t.TempDir()
	wav := saveWAV(t)
	var file bytes.Buffer
	b := &bot{journal: &journal{w: &file}, mind: newMind(t,
		"cat >"+dir+"/heard.wav; echo; echo 'what is  <the> time?'",
		"tr a-z A-Z",
		"cat >"+dir+"/said.txt; cat "+wav)}
	synctest.Test(t, func(t *testing.T) {
		alice, said, stop := startAgent(t, b, calltest.Options{})
		a := ring(t, alice)
		a.say(buzz(time.Second))
		e := a.awaitEntries(2)
		if err := a.waitHops(30); err != nil {
			t.Fatal(err)
		}
		a.hangUp()
		stop()
		if e[0].Who != "caller" || e[0].Text != "what is <the> time?" || math.Abs(e[0].Seconds-1.05) > 0.1 || e[0].Note != "" {
			t.Errorf("heard: %+v", e[0])
		}
		if e[1].Who != "agent" || e[1].Text != "WHAT IS <THE> TIME?" || e[1].Seconds != 1 || e[1].Note != "" {
			t.Errorf("said: %+v", e[1])
		}
		checkWAV(t, dir+"/heard.wav", e[0].Seconds)
		first, last := a.loud(0)
		if n := last - first; n < 95 || n > 110 {
			t.Errorf("the caller hears %d hops of sound, want 100", n)
		}
		checkJournal(t, &file, e)
		for _, want := range []string{`"Alice" said `, "in 1 turns", "in 1 answers, of which 0 were interrupted", "ms for an answer", "jitter buffer"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("no line with %q", want)
			}
		}
	})
	if b, _ := os.ReadFile(filepath.Join(dir, "said.txt")); string(b) != "WHAT IS <THE> TIME?\n" {
		t.Errorf("-speak got %q", b)
	}
}

// checkWAV compares the length of what -listen got.
func checkWAV(t *testing.T, path string, seconds float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := spoken.Duration(len(collect(t, f, 0))).Seconds(); math.Abs(got-seconds) > 0.02 {
		t.Errorf("-listen got %.2f s, want %.2f", got, seconds)
	}
}

// checkJournal compares the file with what the caller was sent.
func checkJournal(t *testing.T, file *bytes.Buffer, want []entry) {
	t.Helper()
	for i, l := range strings.Split(strings.TrimSpace(file.String()), "\n") {
		var r record
		if err := json.Unmarshal([]byte(l), &r); err != nil || i >= len(want) {
			t.Fatalf("line %q: %v", l, err)
		}
		if r.entry != want[i] || r.Name != "Alice" || len(r.Call) != 8 || time.Since(r.Time) > time.Minute {
			t.Errorf("line %q, want %+v", l, want[i])
		}
	}
}

// Faults of the programs are said in words, and the talk goes on.
func TestAgentWithBadCommands(t *testing.T) {
	dir := t.TempDir()
	b := &bot{mind: newMind(t, `if mkdir `+dir+`/once 2>/dev/null; then echo no model >&2; exit 2; fi; cat >/dev/null; echo words`, "", "head -c 20 /dev/zero; exit 7")}
	synctest.Test(t, func(t *testing.T) {
		alice, said, stop := startAgent(t, b, calltest.Options{})
		a := ring(t, alice)
		a.say(buzz(500 * time.Millisecond))
		if e := a.awaitEntries(1)[0]; e.Who != "caller" || e.Note != "speech-to-text failed" || e.Text != "" {
			t.Errorf("heard: %+v", e)
		}
		a.say(buzz(500 * time.Millisecond))
		if e := a.awaitEntries(3)[2]; e.Who != "agent" || e.Note != "the agent failed to answer" {
			t.Errorf("said: %+v", e)
		}
		a.hangUp()
		stop()
		for _, want := range []string{`is not understood: -listen sh: exit status 2; it said "no model\n"`, "gets no whole answer: -speak sh: exit status 7"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("no line with %q", want)
			}
		}
	})
}

// Sound is played before the program that makes it ends; a caller who speaks kills that program.
func TestBargeInKillsTheSpeaker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pids := dir + "/pids"
	b := &bot{turn: unhurried, mind: newMind(t, "cat >/dev/null; echo words", "",
		"cat "+saveWAV(t)+"; if mkdir "+dir+"/once 2>/dev/null; then sleep 60 & echo $$ $! >"+pids+"; wait; fi")}
	alice, _, stop := startAgent(t, b, onLoopback)
	a := ring(t, alice)
	a.sayUntil(500*time.Millisecond, "an answer begins", func() bool { return a.answers() && written(pids) })
	a.sayUntil(300*time.Millisecond, "it ends", a.has(func(e entry) bool { return e.Who == "agent" }))
	all := a.written()
	at := slices.IndexFunc(all, func(e entry) bool { return e.Who == "agent" })
	if e := all[at]; !e.Interrupted || e.Seconds <= 0 || e.Seconds > 1 || e.Text != "words" {
		t.Errorf("said: %+v", e)
	}
	awaitDeaths(t, pids)
	a.hangUp()
	stop()
}

// Nothing that an agent has started outlives the call.
func TestHangUpKills(t *testing.T) {
	for _, who := range []string{"the caller", "the agent"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			pids := filepath.Join(t.TempDir(), "pids")
			b := &bot{turn: patient, mind: newMind(t, "sleep 60 & echo $$ $! >"+pids+"; wait", "", "cat")}
			alice, _, stop := startAgent(t, b, onLoopback)
			a := ring(t, alice)
			a.sayUntil(500*time.Millisecond, "it is listened to", func() bool { return written(pids) })
			if who == "the caller" {
				a.hangUp()
			} else {
				stop()
			}
			awaitDeaths(t, pids)
			stop()
		})
	}
}

// What somebody says while the agent thinks is answered together with what they said before.
func TestTheCallerGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &bot{turn: unhurried, mind: newMind(t, "cat >/dev/null; if mkdir "+dir+"/once 2>/dev/null; then echo one; else echo two; fi",
		"(cat; echo --) >>"+dir+"/asked; if mkdir "+dir+"/thought 2>/dev/null; then echo >"+dir+"/thinks; sleep 60; fi; echo both",
		"cat >/dev/null; cat "+saveWAV(t))}
	alice, _, stop := startAgent(t, b, onLoopback)
	a := ring(t, alice)
	a.sayUntil(300*time.Millisecond, "the agent thinks", func() bool { return written(dir + "/thinks") })
	a.sayUntil(300*time.Millisecond, "it answers both", a.has(func(e entry) bool { return e.Text == "both" }))
	e := a.written()
	if e[0].Text != "one" || e[1].Who != "agent" || !e[1].Interrupted || e[1].Seconds != 0 || e[2].Text != "two" {
		t.Errorf("entries %+v", e)
	}
	if asked, _ := os.ReadFile(dir + "/asked"); !strings.HasPrefix(string(asked), "one\n--\none\ntwo\n") {
		t.Errorf("-think was asked %q", asked)
	}
	a.hangUp()
	stop()
}

// A noise without words before the answer has begun takes no question back.
func TestANoiseAfterTheQuestion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &bot{turn: unhurried, mind: newMind(t, "cat >/dev/null; if mkdir "+dir+"/once 2>/dev/null; then echo one; fi",
		"cat >>"+dir+"/asked; if mkdir "+dir+"/thought 2>/dev/null; then echo >"+dir+"/thinks; sleep 60; fi; echo answered", "cat >/dev/null; cat "+saveWAV(t))}
	alice, _, stop := startAgent(t, b, onLoopback)
	a := ring(t, alice)
	a.sayUntil(300*time.Millisecond, "the agent thinks", func() bool { return written(dir + "/thinks") })
	a.sayUntil(300*time.Millisecond, "it answers", a.has(func(e entry) bool { return e.Text == "answered" }))
	e := a.written()
	if e[0].Text != "one" || !e[1].Interrupted || e[2].Note != "no words in it" {
		t.Errorf("entries %+v", e)
	}
	if asked, _ := os.ReadFile(dir + "/asked"); len(asked) < 8 || strings.ReplaceAll(string(asked), "one\n", "") != "" {
		t.Errorf("-think was asked %q", asked)
	}
	a.hangUp()
	stop()
}

// has says whether the transcript has an entry that is like that. Needs mu.
func (a *caller) has(like func(entry) bool) func() bool {
	return func() bool { return slices.ContainsFunc(a.entries, like) }
}

// written says whether a script has written a whole line into a file.
func written(path string) bool {
	b, err := os.ReadFile(path)
	return err == nil && bytes.HasSuffix(b, []byte("\n"))
}
