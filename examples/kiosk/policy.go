package main

import (
	"errors"
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

// A line says what goes on at the one line of a kiosk.
type line uint8

const (
	lineFree  line = iota + 1
	lineBell       // somebody rings the bell, whom nobody has answered
	lineTaken      // it rings somebody, or is in a call
)

// judge decides on a caller, and says why. who is the contact as the store has it now, known whether it has it; listed says
// that -auto-answer names it. Whoever only rings the bell does not keep out who is answered at once.
func judge(who e2ee.Contact, known, listed bool, l line, others verdict) (verdict, string) {
	switch {
	case l == lineTaken:
		return verdictBusy, "one call at a time"
	case !known || who.Blocked || !who.Revoked.IsZero():
		return verdictBusy, "no contact any more, or blocked"
	case listed && !who.Verified.IsZero():
		return verdictAnswer, "on the list, and verified"
	case l == lineBell:
		return verdictBusy, "somebody rings the bell already"
	case listed:
		return others, "on the list, but not verified: compare safety numbers (contact show), then contact verify"
	}
	return others, "not on the list of -auto-answer"
}

var (
	errNobody  = errors.New("no confirmed contact has this name (contact list)")
	errSeveral = errors.New("several contacts have this name: use the text form, sotto1…, of one (contact show)")
)

// find gives the confirmed contact of this name or ID. Others do not count, unlike with Contacts.Find: who only asks to be a
// contact may call itself what it likes, and would make the name of a real one ambiguous.
func find(contacts *e2ee.Contacts, name string) (found e2ee.Contact, err error) {
	card, err := e2ee.ParseCard(name)
	byID := err == nil
	err = errNobody
	for _, c := range contacts.All() {
		if c.State != e2ee.Confirmed || byID && c.ID != card.ID || !byID && !e2ee.SameName(c.Name, name) {
			continue
		}
		if err == nil {
			return e2ee.Contact{}, errSeveral
		}
		found, err = c, nil
	}
	return found, err
}

// resolve finds the contacts that the user named. A name that fits none, or several, is reported and left out: a program does
// not guess between keys.
func resolve(contacts *e2ee.Contacts, names []string, report func(name string, err error)) (found []e2ee.Contact) {
	for _, name := range names {
		c, err := find(contacts, name)
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
