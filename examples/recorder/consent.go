package main

import (
	"encoding/json"
	"time"
)

// A policy says when somebody who was told may be recorded.
type policy struct {
	consent  bool          // they must agree
	grace    time.Duration // between the notice and the first frame that is kept, to hang up in
	patience time.Duration // for an answer
}

// A stance is what somebody knows and has said.
type stance struct {
	noticed time.Time // when the notice was on its way to them; zero: it is not
	agreed  bool
	refused bool
}

// A verdict is what follows from a stance.
type verdict uint8

const (
	keepWaiting verdict = iota
	mayRecord
	mustLeave
)

// judge decides, and says after which time it is to be asked again if nothing changes; 0: never.
func (p policy) judge(s stance, now time.Time) (verdict, time.Duration) {
	left := func(d time.Duration) time.Duration { return s.noticed.Add(d).Sub(now) }
	switch {
	case s.refused:
		return mustLeave, 0
	case s.noticed.IsZero():
		return keepWaiting, 0
	case s.agreed:
		return mayRecord, 0
	case p.consent && left(p.patience) > 0:
		return keepWaiting, left(p.patience)
	case p.consent:
		return mustLeave, 0
	case left(p.grace) > 0:
		return keepWaiting, left(p.grace)
	}
	return mayRecord, 0
}

// An answer is the message by which somebody agrees or refuses: {"sotto":"consent","record":true}.
type answer struct {
	Sotto  string `json:"sotto"`
	Record *bool  `json:"record"`
}

// consentText is the answer that agrees.
const consentText = `{"sotto":"consent","record":true}`

// parseConsent reads a message of the call; ok is false for any other than an answer.
func parseConsent(b []byte) (record, ok bool) {
	var a answer
	if len(b) > 1024 || json.Unmarshal(b, &a) != nil || a.Sotto != "consent" || a.Record == nil {
		return false, false
	}
	return *a.Record, true
}
