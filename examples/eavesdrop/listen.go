package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
)

// listen lets two people talk, and prints as it goes what they have and what the relay has.
func listen(ctx context.Context, o options, say io.Writer) (any, error) {
	stage, err := calltest.NewLoopback(0)
	if err != nil {
		return nil, err
	}
	defer stage.Close()
	started := time.Now()
	c, err := stage.Cast(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.For = o.duration
	fmt.Fprintf(say, "Alice rings Bob. The relay, %s, and the TURN server,\n%s, are hostile and keep all.\n\n", stage.Relay, stage.Media.Addr())
	row(say, "time", "WHAT THE TWO HAVE", "WHAT THE RELAY HAS")
	rule(say)
	done := make(chan *calltest.Talk, 1)
	go func() { done <- c.Talk(ctx, c.Alice.Contact(c.Bob.Identity.Public())) }()
	v := &view{w: say, cast: c, tap: stage.Media, started: started, packets: map[[32]byte]int{}}
	talk := v.follow(done)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r := newReport(c, talk, stage)
	if err := r.control(ctx, c, stage); err != nil {
		return nil, err
	}
	v.people(talk)
	r.print(say)
	if !r.good() {
		return r, errors.New("the relay has what it must not have, or there was no call: see above")
	}
	return r, nil
}

// A view prints the rows.
type view struct {
	w       io.Writer
	cast    *calltest.Cast
	tap     *calltest.MediaTap
	started time.Time
	seen    int              // sightings of the relay that were printed
	read    map[string]int   // packets that a person has read and that were printed
	packets map[[32]byte]int // sighting by SHA-256 of the packet
	frames  int              // datagrams that were looked at
}

// follow prints until the talk is over.
func (v *view) follow(done <-chan *calltest.Talk) *calltest.Talk {
	v.read = map[string]int{}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case t := <-done:
			v.media() // what came since it was last looked at, which may be all
			v.relay()
			v.readers()
			return t
		case <-tick.C:
		}
		v.relay()
		v.readers()
		if n%5 == 0 {
			v.media()
		}
	}
}

func (v *view) at(t time.Time) string {
	return fmt.Sprintf("%.2f s", t.Sub(v.started).Seconds())
}

// people is what the two compare.
func (v *view) people(t *calltest.Talk) {
	now := v.at(time.Now())
	for _, p := range []struct {
		name string
		end  *calltest.End
	}{{"Alice", t.Alice}, {"Bob", t.Bob}} {
		row(v.w, now, p.name+" sees "+symbols(p.end.Emoji), "nothing of that")
		for i, line := range wrap(p.name+" had: "+strings.Join(p.end.Events, ", "), leftWidth) {
			row(v.w, []string{now, ""}[min(i, 1)], line, "")
		}
	}
	rule(v.w)
}

func symbols(e [7]e2ee.Emoji) string {
	s := make([]string, len(e))
	for i, x := range e {
		s[i] = x.Symbol
	}
	return strings.Join(s, " ")
}
