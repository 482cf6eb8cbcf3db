package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// counts are what the loop counts.
type counts struct {
	hunts, rung, answered, incoming, declined uint64

	connected map[string]uint64 // by direction: in, out
	ended     map[string]uint64 // by reason
	door      map[string]uint64 // by result: opened, refused, failed
}

func newCounts() counts {
	return counts{connected: map[string]uint64{"in": 0, "out": 0}, ended: make(map[string]uint64),
		door: map[string]uint64{"opened": 0, "refused": 0, "failed": 0}}
}

// A snapshot is how the kiosk is.
type snapshot struct {
	counts
	fit    bool
	reach  bool
	lost   uint64
	inCall bool
	uptime time.Duration
	words  string
	faults map[string]uint64 // of devices: how often each kind went away
}

func (k *kiosk) snapshot(now time.Time) snapshot {
	c := k.counts
	c.connected, c.ended, c.door = maps.Clone(c.connected), maps.Clone(c.ended), maps.Clone(c.door)
	return snapshot{counts: c, fit: k.fit(now), reach: k.relay.ok, lost: k.relay.lost, inCall: k.talk != nil,
		uptime: now.Sub(k.began), words: k.words(), faults: k.gear.lost()}
}

// look asks the loop how it is. It gives errHangs if the loop does not answer before ctx ends.
func (k *kiosk) look(ctx context.Context) (snapshot, error) {
	answer := make(chan snapshot, 1)
	select {
	case k.inputs <- ask{answer}:
		return <-answer, nil
	case <-ctx.Done():
	case <-k.gone:
	}
	return snapshot{}, errHangs
}

// writeMetrics writes the Prometheus text format, version 0.0.4. Nothing in it names anybody.
func (s snapshot) writeMetrics(w io.Writer) {
	m := metrics{w}
	m.gauge("sotto_kiosk_healthy", "Whether the kiosk can be rung, or is in a call.", number(s.fit))
	m.gauge("sotto_kiosk_relay_up", "Whether the relay answered the last probe.", number(s.reach))
	m.counter("sotto_kiosk_relay_lost_total", "How often the relay went away.", s.lost)
	m.gauge("sotto_kiosk_in_call", "Whether a call is up.", number(s.inCall))
	m.gauge("sotto_kiosk_uptime_seconds", "Since the program went online.", s.uptime.Seconds())
	m.counter("sotto_kiosk_button_total", "How often the contacts began to be rung.", s.hunts)
	m.counter("sotto_kiosk_rung_total", "Contacts that were rung.", s.rung)
	m.counter("sotto_kiosk_answered_total", "How often one of them took the call.", s.answered)
	m.counter("sotto_kiosk_incoming_total", "Calls that rang here.", s.incoming)
	m.counter("sotto_kiosk_declined_total", "Of these, declined as busy.", s.declined)
	m.counters("sotto_kiosk_connected_total", "Calls that were connected.", "direction", s.connected)
	m.counters("sotto_kiosk_ended_total", "Calls that ended, and why.", "reason", s.ended)
	m.counters("sotto_kiosk_door_total", "Requests to open the door.", "result", s.door)
	m.counters("sotto_kiosk_device_lost_total", "Devices that went away in a call, or did not open.", "device", s.faults)
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// metrics writes families of the text format.
type metrics struct{ io.Writer }

func (m metrics) gauge(name, help string, v float64) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s gauge\n%s %g\n", name, help, name, name, v)
}

func (m metrics) counter(name, help string, v uint64) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s counter\n%s %d\n", name, help, name, name, v)
}

func (m metrics) counters(name, help, label string, by map[string]uint64) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s counter\n", name, help, name)
	for _, value := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(m, "%s{%s=\"%s\"} %d\n", name, label, labelValue.Replace(value), by[value])
	}
}

var labelValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
