package main

import "github.com/sotto-calls/sotto/call"

// What the loop takes.
type (
	command struct { // somebody here wants something
		verb  string // one of verbs
		reply chan<- reply
	}
	incoming struct{ call *call.Incoming }
	bellOver struct{ call *call.Incoming } // it rings no more
	legBegun struct {                      // the relay has the Invite
		leg  *leg
		call *call.Call
	}
	legEvent struct {
		leg   *leg
		event call.Event
	}
	legEnded struct { // nothing of the call is left, or it could not be begun
		leg *leg
		err error
	}
	doorDone struct { // the door's command has ended
		leg *leg
		err error
	}
	probed struct{ err error }             // the relay answered, or did not
	ask    struct{ reply chan<- snapshot } // how are you?
)

// A reply to a command.
type reply struct {
	ok   bool
	text string // one line, for people
}
