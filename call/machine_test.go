package call

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden runs anew")

var (
	hI  = hash{0: 0x11}
	hA  = hash{0: 0xaa}
	hA2 = hash{0: 0xab}
	hW  = hash{0: 0x77}
	a1  = hash{0: 1}
	a2  = hash{0: 2}
)

// words are the inputs that a golden run can name.
var words = map[string]input{
	"start":            inStart{},
	"answer":           inAnswer{},
	"answer-late":      inAnswer{Late: true},
	"refuse-busy":      inRefuse{DeclineBusy},
	"hangup":           inHangup{Left},
	"close":            inHangup{Closed},
	"roam":             inRoam{},
	"renew":            inRenew{},
	"invite-again":     inInvite{},
	"ringing":          inRinging{hI},
	"ringing-other":    inRinging{hA},
	"accept":           inAccept{hI, hA, false},
	"accept-late":      inAccept{hI, hA, true},
	"accept-second":    inAccept{hI, hA2, false},
	"accept-other-ref": inAccept{hA, hA2, false},
	"decline":          inDecline{hI, hW, DeclineCall},
	"decline-busy":     inDecline{hI, hW, DeclineBusy},
	"decline-skew":     inDecline{hI, hW, declineClockSkew},
	"cancel":           inCancel{Ref: hI, Reason: Cancelled},
	"cancel-lost-race": inCancel{Ref: hI, Reason: AnsweredElsewhere, Winner: hA2},
	"cancel-won-race":  inCancel{Ref: hI, Reason: AnsweredElsewhere, Winner: hA},
	"welcome":          inWelcome{hA, hW},
	"welcome-other":    inWelcome{hA2, hW},
	"ack":              inAck{hA, 1, a1, false},
	"ack-got":          inAck{hA, 1, a1, true},
	"ack-forked":       inAck{hA, 1, a2, false},
	"ack2":             inAck{hA, 2, a2, true},
	"bye":              inByed{hA, Left},
	"bye-other":        inByed{hA2, Left},
	"sealed-accept":    inSealed{msgAccept, hA},
	"group":            inGroup{1, a1},
	"group2":           inGroup{2, a2},
	"up":               inTransport{pathUp},
	"down":             inTransport{pathDown},
	"dead":             inTransport{pathDead},
	"frame":            inFrame{},
	"restarted":        inRestarted{},
	"fault-auth":       inFault{AuthFailed, errAuth},
	"fault-media":      inFault{MediaFailed, errors.New("bad SDP")},
}

func show(fx []effect) string {
	var b strings.Builder
	for _, f := range fx {
		s := fmt.Sprintf("%T%+v", f, f)
		s = strings.TrimPrefix(s, "call.fx")
		for h, n := range map[hash]string{hI: "I", hA: "A", hA2: "A2", hW: "W", a1: "a1", a2: "a2", {}: "0"} {
			s = strings.ReplaceAll(s, fmt.Sprint(h), n)
		}
		fmt.Fprintf(&b, "    %s\n", s)
	}
	return b.String()
}

// TestGolden plays testdata/*.txt: each line is an input or "wait D"; the effects follow, indented.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("golden runs: %d, %v", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(f, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(want) {
				t.Errorf("%s differs; got:\n%s", f, got)
			}
		})
	}
}

func play(t *testing.T, script string) string {
	now := time.Unix(0, 0)
	var m *machine
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch word, arg, _ := strings.Cut(line, " "); {
		case line == "" || line[0] == '#':
			fmt.Fprintln(&out, line)
		case line[0] == ' ':
		case word == "caller":
			m = newMachine(caller, hI, ringTime)
			fmt.Fprintln(&out, line)
		case word == "callee":
			m = newMachine(callee, hI, ringTime)
			fmt.Fprintln(&out, line)
		case word == "wait":
			d, err := time.ParseDuration(arg)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, line)
			for end := now.Add(d); ; {
				next := m.deadline()
				if next.IsZero() || next.After(end) {
					now = end
					break
				}
				now = next
				fmt.Fprintf(&out, "  at %v\n%s", now.Sub(time.Unix(0, 0)), show(m.step(now, nil)))
			}
		default:
			in, ok := words[word]
			if !ok {
				t.Fatalf("unknown input %q", word)
			}
			fmt.Fprintf(&out, "%s\n%s", line, show(m.step(now, in)))
		}
	}
	return out.String()
}

// reach brings a new machine into a state by the shortest way.
func reach(r role, s State) *machine {
	ways := map[role]map[State]string{
		caller: {0: "", StateDialing: "start", StateRinging: "start ringing", StateConnecting: "start ringing accept group",
			StateConnected:    "start ringing accept group ack-got up",
			StateReconnecting: "start ringing accept group ack-got up down", StateEnded: "start hangup"},
		callee: {0: "", StateRinging: "start", StateConnecting: "start answer sealed-accept welcome group",
			StateConnected:    "start answer sealed-accept welcome group ack-got up",
			StateReconnecting: "start answer sealed-accept welcome group ack-got up down", StateEnded: "start hangup"},
	}
	way, ok := ways[r][s]
	if !ok {
		return nil
	}
	m := newMachine(r, hI, ringTime)
	for _, w := range strings.Fields(way) {
		m.step(time.Unix(0, 0), words[w])
	}
	return m
}

// TestEveryStateTakesEveryInput is the table of all cells: no input panics in any state, the state after it is a legal
// successor, and the ones that matter are spelled out.
func TestEveryStateTakesEveryInput(t *testing.T) {
	cells := 0
	for _, r := range []role{caller, callee} {
		for s := State(0); s <= StateEnded; s++ {
			if reach(r, s) == nil {
				continue
			}
			for name, in := range words {
				m := reach(r, s)
				if m.state != s {
					t.Fatalf("role %d: reached %v, want %v", r, m.state, s)
				}
				fx := m.step(time.Unix(1, 0), in)
				cells++
				checkEffects(t, m, fx)
				if s == StateEnded && fx != nil {
					t.Errorf("role %d ended: %s has effects %s", r, name, show(fx))
				}
			}
		}
	}
	if want := (7 + 6) * len(words); cells != want {
		t.Errorf("%d cells, want %d", cells, want)
	}
}

// checkEffects asserts what must hold of any step: an end comes last and only in StateEnded.
func checkEffects(t *testing.T, m *machine, fx []effect) {
	t.Helper()
	for i, f := range fx {
		if _, ok := f.(fxEnd); ok && (i != len(fx)-1 || m.state != StateEnded) {
			t.Errorf("fxEnd at %d of %d in %v", i, len(fx), m.state)
		}
	}
}

// TestPitfall01NothingBeforeTheLocalAccept: whatever the other side sends, a callee that has not accepted prepares
// nothing, joins nothing and starts nothing (CVE-2019-6223 and its kin).
// Mutation: let takeAsCallee treat inWelcome or inAccept like inAnswer.
func TestPitfall01NothingBeforeTheLocalAccept(t *testing.T) {
	remote := []string{"ringing", "accept", "accept-second", "welcome", "welcome-other", "ack", "ack-got", "ack-forked", "bye",
		"invite-again", "decline", "group", "up", "frame", "cancel-won-race"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		m := reach(callee, StateRinging)
		for range 1 + rng.IntN(8) {
			for _, f := range m.step(time.Unix(1, 0), words[remote[rng.IntN(len(remote))]]) {
				switch f.(type) {
				case fxPrepare, fxJoin, fxGroup, fxApply, fxStart, fxOffer, fxSwitch, fxAck:
					t.Fatalf("%T before the local accept", f)
				}
			}
		}
	}
}

// FuzzMachine plays any sequence of inputs and waits, and checks the promises written at the machine.
func FuzzMachine(f *testing.F) {
	names := make([]string, 0, len(words))
	for n := range words {
		names = append(names, n)
	}
	slices.Sort(names)
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte{1, 30, 1, 20, 9, 14})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 2 || len(b) > 64 {
			return
		}
		m := newMachine(role(1+b[0]&1), hI, ringTime)
		var r record
		now := time.Unix(0, 0)
		for _, c := range b[1:] {
			if c >= 200 {
				now = now.Add(time.Duration(c-199) * 700 * time.Millisecond)
				r.take(t, m, nil, m.step(now, nil))
				continue
			}
			in := words[names[int(c)%len(names)]]
			r.take(t, m, in, m.step(now, in))
		}
	})
}

// A record watches a run.
type record struct {
	answered, ended, grouped, proved bool
	applied, joined, starts          int
}

func (r *record) take(t *testing.T, m *machine, in input, fx []effect) {
	if _, ok := in.(inAnswer); ok {
		r.answered = true
	}
	if _, ok := in.(inGroup); ok {
		r.grouped = true
	}
	r.proved = r.proved || m.acked || m.opened
	checkEffects(t, m, fx)
	for _, f := range fx {
		if r.ended {
			t.Fatalf("%T after the end", f)
		}
		switch f := f.(type) {
		case fxEnd:
			r.ended = true
		case fxPrepare:
			if !r.answered {
				t.Fatal("prepared before the accept")
			}
		case fxGroup:
			r.applied++
		case fxJoin:
			r.joined++
		case fxStart:
			r.starts++
			if !r.grouped || !m.up {
				t.Fatal("started without keys or path")
			}
			if m.late && !r.proved {
				t.Fatal("started before the Ack of one who needs that")
			}
		case fxState:
			if f.State == StateConnected && !r.proved {
				t.Fatal("connected without proof of the same keys")
			}
		}
	}
	if r.applied > 1 || r.joined > 1 || r.starts > 1 {
		t.Fatalf("%d Accepts answered, %d Welcomes taken, %d starts", r.applied, r.joined, r.starts)
	}
}
