package calltest

import (
	"context"
	"fmt"
	"time"
)

// An Attack is one thing that whoever runs a relay may try.
type Attack struct {
	Name  string
	Tries string // what is done, in a sentence

	// prepare sets the hostile relay up before Alice rings. Nil: nothing.
	prepare func(*Scene) error
	// during replaces the call that Alice places to Bob. Nil: a plain call.
	during func(context.Context, *Scene)
	// after is done when the call is over. Nil: nothing.
	after func(context.Context, *Scene)
	// stops says that the call need not come about: nobody can keep a relay from carrying nothing.
	stops bool
	// verdict replaces the usual one.
	verdict func(*Scene)
}

// An Attempt is what became of an attack: a row of examples/eavesdrop. All of it is from the programs that ran.
type Attempt struct {
	Attack    string   `json:"attack"`
	Tried     string   `json:"tried"`
	Acts      int      `json:"acts"`      // how often the relay did something; 0: the attack was not made, and proves nothing
	Happened  []string `json:"happened"`  // what Alice and Bob saw
	Why       []string `json:"why"`       // errors, counters and end reasons that speak against the attack
	Connected bool     `json:"connected"` // there was a call; if not, the relay has prevented it, which it always can
	Succeeded bool     `json:"succeeded"` // what the attacker wanted has happened
	Broken    []string `json:"broken"`    // how we know; empty unless Succeeded
	ByPeople  bool     `json:"by_people"` // no program can notice this one: only people do, who compare emoji or safety numbers
}

// Harmless says whether the attack was made and failed.
func (a Attempt) Harmless() bool { return a.Acts > 0 && !a.Succeeded }

// A Scene is an attack under way.
type Scene struct {
	*Cast
	Talk    *Talk
	attempt Attempt
	calls   uint64 // that Bob's program may have rung for
	mallory *mallory
	stopped bool // the call need not come about
}

// Limit is how long one attack may take.
const Limit = 6 * time.Minute

// Run tries the attack on two new people on the stage, whose call it lets run its course. An error says that it could not
// be tried.
func (a Attack) Run(ctx context.Context, s Stage) (Attempt, error) {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	c, err := s.Cast(ctx)
	if err != nil {
		return Attempt{}, err
	}
	defer c.Close()
	scene := &Scene{Cast: c, calls: 1, mallory: newMallory(c), stopped: a.stops}
	scene.attempt = Attempt{Attack: a.Name, Tried: a.Tries, Happened: []string{}, Why: []string{}, Broken: []string{}}
	if a.prepare != nil {
		if err := a.prepare(scene); err != nil {
			return Attempt{}, fmt.Errorf("calltest: %s: %w", a.Name, err)
		}
	}
	if a.during != nil {
		a.during(ctx, scene)
	} else {
		scene.Talk = c.Talk(ctx, c.Alice.Contact(c.Bob.Identity.Public()))
	}
	if a.after != nil {
		a.after(ctx, scene)
	}
	if err := ctx.Err(); err != nil {
		return Attempt{}, err
	}
	scene.testify()
	if a.verdict != nil {
		a.verdict(scene)
	} else {
		scene.judge()
	}
	scene.attempt.Connected = scene.Talk != nil && scene.Talk.Alice.Connected() && scene.Talk.Bob.Connected()
	scene.attempt.Succeeded = len(scene.attempt.Broken) > 0
	scene.attempt.Acts += c.Evil.Acts()
	return scene.attempt, nil
}

func (s *Scene) happened(format string, args ...any) {
	s.attempt.Happened = append(s.attempt.Happened, fmt.Sprintf(format, args...))
}

func (s *Scene) why(format string, args ...any) {
	s.attempt.Why = append(s.attempt.Why, fmt.Sprintf(format, args...))
}

func (s *Scene) broken(format string, args ...any) {
	s.attempt.Broken = append(s.attempt.Broken, fmt.Sprintf(format, args...))
}

// settle waits until what was delivered has been read.
func (s *Scene) settle(ctx context.Context) {
	select {
	case <-time.After(200 * time.Millisecond):
	case <-ctx.Done():
	}
}
