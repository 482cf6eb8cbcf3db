package main

import (
	"fmt"

	"github.com/sotto-calls/sotto/e2ee"
)

// What becomes of a call that rings here.
type verdict uint8

const (
	verdictBusy   verdict = iota + 1 // decline it as busy
	verdictBell                      // ring the bell, and wait until somebody answers
	verdictAnswer                    // answer it
)

// An otherPolicy says what happens to callers that are not answered by themselves.
type otherPolicy struct{ verdict }

func (p *otherPolicy) String() string {
	switch p.verdict {
	case verdictBusy:
		return "busy"
	case verdictBell:
		return "bell"
	}
	return ""
}

// Set reads a flag.
func (p *otherPolicy) Set(text string) error {
	switch text {
	case "busy":
		p.verdict = verdictBusy
	case "bell":
		p.verdict = verdictBell
	default:
		return fmt.Errorf("want busy or bell")
	}
	return nil
}

// judge decides on a caller, and says why. who is the contact as the store has it now, known whether it has it; listed says
// that -auto-answer names it, busy that the kiosk rings or is in a call.
func judge(who e2ee.Contact, known, listed, busy bool, others verdict) (verdict, string) {
	switch {
	case busy:
		return verdictBusy, "one call at a time"
	case !known || who.Blocked || !who.Revoked.IsZero():
		return verdictBusy, "no contact any more, or blocked"
	case listed && !who.Verified.IsZero():
		return verdictAnswer, "on the list, and verified"
	case listed:
		return others, "on the list, but not verified: compare safety numbers (contact show), then contact verify"
	}
	return others, "not on the list of -auto-answer"
}

// resolve finds the contacts that the user named. A name that fits none, or several, is reported and left out: a program does
// not guess between keys.
func resolve(contacts *e2ee.Contacts, names []string, report func(name string, err error)) (found []e2ee.Contact) {
	for _, name := range names {
		c, err := contacts.Find(name)
		if err != nil {
			report(name, err)
			continue
		}
		found = append(found, c)
	}
	return found
}

// unreachable says why a contact cannot be rung; empty: it can.
func unreachable(c e2ee.Contact) string {
	switch {
	case !c.Revoked.IsZero():
		return "their identity was revoked"
	case c.Blocked:
		return "they are blocked (contact revoke -undo)"
	case c.State != e2ee.Confirmed:
		return "they are no confirmed contact yet"
	case c.Token.IsZero():
		return "nothing lets us write to them: ask them for an invitation or a card"
	}
	return ""
}
