package calltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// Markers of the frames that people of a Cast send each other. A relay that holds one has listened in.
const (
	AliceMarker = "frame-of-Alice:"
	BobMarker   = "frame-of-Bob:"
)

// A Talk is one call of a Cast, as both sides have it.
type Talk struct {
	Alice, Bob *End // Bob's Call is nil if his program never rang
	Rings      []call.Caller
	Failed     error // Dial's

	until <-chan time.Time
}

// An End is one side of a Talk.
type End struct {
	Call    *call.Call
	Emoji   [7]e2ee.Emoji
	Matched bool // there are emoji
	Roster  []call.Participant
	Heard   TallyCounts
	Stats   call.Stats // from before the hang-up, if both had heard enough; Dropped from the end
	Events  []string
	Ended   call.Ended

	tally *Tally
	loses bool          // packets on the way to it are lost
	over  chan struct{} // events have ended
}

// enough is how many frames of each kind either side waits for; patience, how many pictures if nothing that was lost comes
// again.
const (
	enough   = 5
	patience = 250
)

// Talk lets Alice ring to, and Bob answer; when both have heard each other for a moment Alice hangs up. It returns when
// both calls have ended, or ctx has.
func (c *Cast) Talk(ctx context.Context, to e2ee.Contact) *Talk {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &Talk{Alice: newEnd(BobMarker), Bob: newEnd(AliceMarker), until: time.After(c.For)}
	t.Alice.loses, t.Bob.loses = c.loses, c.loses
	c.mu.Lock()
	c.talking = t
	c.mu.Unlock()
	var answering sync.WaitGroup
	answering.Add(1)
	answered := make(chan struct{})
	go func() {
		defer answering.Done()
		c.answer(ctx, t, answered)
	}()
	t.Alice.Call, t.Failed = c.Alice.Client.Dial(ctx, to, call.Media{Send: sources(AliceMarker), Receive: t.Alice.tally.Track})
	if t.Failed == nil {
		go t.Alice.follow(t.Alice.Call)
		t.wait(ctx, answered)
		hangUp(t.Alice)
	}
	cancel()
	answering.Wait()
	t.Alice.collect()
	t.Bob.collect()
	return t
}

// Heard is what either side has heard so far in the newest Talk.
func (c *Cast) Heard() (alice, bob TallyCounts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.talking != nil {
		alice, bob = c.talking.Alice.tally.Counts(), c.talking.Bob.tally.Counts()
	}
	return alice, bob
}

func newEnd(marker string) *End {
	return &End{tally: NewTally(marker), over: make(chan struct{})}
}

func sources(marker string) []media.Source {
	return []media.Source{NewMarked(media.Audio, marker), NewMarked(media.Video, marker)}
}

// answer is Bob's program: it takes the first call, counts all, and ends its own when ctx does.
func (c *Cast) answer(ctx context.Context, t *Talk, answered chan<- struct{}) {
	for in := range c.Bob.Client.Incoming(ctx) {
		t.Rings = append(t.Rings, in.Caller())
		if t.Bob.Call != nil {
			continue
		}
		k, err := in.Answer(ctx, call.Media{Send: sources(BobMarker), Receive: t.Bob.tally.Track})
		if err != nil {
			continue
		}
		t.Bob.Call = k
		go t.Bob.follow(k)
		close(answered)
	}
	if t.Bob.Call != nil {
		hangUp(t.Bob)
	}
}

// wait ends when both have heard enough, or a call is over.
func (t *Talk) wait(ctx context.Context, answered <-chan struct{}) {
	var over <-chan struct{} // Bob's, from his answer on
	until := t.until
	for over == nil || until != nil || !t.Alice.satisfied() || !t.Bob.satisfied() {
		select {
		case <-until:
			until = nil
		case <-answered:
			answered, over = nil, t.Bob.over
		case <-t.Alice.tally.change:
		case <-t.Bob.tally.change:
		case <-t.Alice.over:
			return
		case <-over:
			return
		case <-ctx.Done():
			return
		}
	}
	t.Alice.Stats, t.Bob.Stats = t.Alice.Call.Stats(), t.Bob.Call.Stats()
}

func (e *End) satisfied() bool {
	n := e.tally.Counts()
	return n.Sound >= enough && n.Pictures >= enough && (!e.loses || n.Pictures >= patience || e.recovered())
}

// recovered says whether a packet that was lost came again.
func (e *End) recovered() bool {
	return slices.ContainsFunc(e.Call.Stats().Media.Received, func(r media.ReceivedStats) bool { return r.Recovered > 0 })
}

// follow takes the events of a call until it ends.
func (e *End) follow(k *call.Call) {
	defer close(e.over)
	for ev := range k.Events(context.Background()) {
		e.Events = append(e.Events, eventName(ev))
		if ev, ok := ev.(call.Ended); ok {
			e.Ended = ev
		}
	}
}

// collect is called when the call is over.
func (e *End) collect() {
	e.Heard = e.tally.Counts()
	if e.Call == nil {
		return
	}
	e.Emoji, e.Matched = e.Call.Emoji()
	e.Roster, e.Stats.Dropped = e.Call.Roster(), e.Call.Stats().Dropped
}

// Connected says whether the side was connected.
func (e *End) Connected() bool { return slices.Contains(e.Events, "Connected") }

func hangUp(e *End) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if e.Call.Hangup(ctx, call.Left) != nil {
		e.Call.Close()
	}
	<-e.over
}

// eventName is the event's name, with what it says.
func eventName(ev call.Event) string {
	if e, ok := ev.(call.Ended); ok {
		return e.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", ev), "call.")
}
