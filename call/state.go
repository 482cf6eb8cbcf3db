package call

import "fmt"

// A State is where a call stands. The zero value is invalid: a call always has one of these.
type State uint8

const (
	// StateDialing: the Invite is on its way; nobody has said that it arrived. Caller only. It is entered by Client.Dial and
	// left for StateRinging, StateConnecting or StateEnded. Timers: 20 s to the first sign of the other side, 60 s of ringing in all.
	StateDialing State = iota + 1
	// StateRinging: a person is being asked. The callee enters it when Admit says ring, the caller when it is told so. It is
	// left for StateConnecting (accepted) or StateEnded. Timer: 60 s, on each side its own.
	StateRinging
	// StateConnecting: accepted; keys and transport are being set up, and at its end media may flow. Left for StateConnected
	// or StateEnded. Timer: 15 s.
	StateConnecting
	// StateConnected: ICE, DTLS and the group are up and the other side has proved that it holds the same keys. Media flows.
	// Left for StateReconnecting or StateEnded.
	StateConnected
	// StateReconnecting: the path is lost and is being sought anew. Left for StateConnected or StateEnded. Timer: 20 s.
	StateReconnecting
	// StateEnded: over; the keys are destroyed. Nothing follows.
	StateEnded
)

var stateNames = [...]string{StateDialing: "dialing", StateRinging: "ringing", StateConnecting: "connecting", StateConnected: "connected",
	StateReconnecting: "reconnecting", StateEnded: "ended"}

func (s State) String() string {
	if s >= StateDialing && s <= StateEnded {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// successors lists the legal changes of state; the machine panics on any other, which no input may bring about.
var successors = map[State][]State{
	0:                 {StateDialing, StateRinging},
	StateDialing:      {StateRinging, StateConnecting, StateEnded},
	StateRinging:      {StateConnecting, StateEnded},
	StateConnecting:   {StateConnected, StateEnded},
	StateConnected:    {StateReconnecting, StateEnded},
	StateReconnecting: {StateConnected, StateEnded},
}
