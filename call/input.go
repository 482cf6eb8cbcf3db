package call

// An input is one thing that happened to a call. Inputs from the other side have been opened, verified and decoded: they
// are signed by the peer's identity and belong to this call. Whether they are expected now, the machine decides.
type input interface{ isInput() }

type (
	// From the application.
	inStart  struct{}                       // the call begins
	inAnswer struct{ Late bool }            // the callee accepts; whether the caller loses media that comes before its Ack
	inRefuse struct{ Reason DeclineReason } // the callee declines
	inHangup struct{ Reason EndReason }     // either side ends the call
	inRoam   struct{}                       // the network changed
	inRenew  struct{}                       // new keys are wanted

	// From the other side.
	inInvite  struct{} // a byte-identical repetition of the Invite
	inRinging struct{ Ref hash }
	inAccept  struct {
		Ref, Hash hash
		Late      bool // the callee loses media that comes before its Ack
	}
	inDecline struct {
		Ref, Hash hash
		Reason    DeclineReason
	}
	inCancel struct {
		Ref    hash
		Reason EndReason
		Winner hash // zero: none
	}
	inWelcome struct{ Ref, Hash hash }
	inAck     struct {
		Ref   hash
		Epoch uint64
		Auth  hash
		Got   bool
	}
	inByed struct {
		Ref    hash
		Reason EndReason
	}

	// From those who carry out effects.
	inSealed struct { // a message that later ones refer to was sealed
		Type messageType
		Hash hash
	}
	inGroup struct { // the group is at this epoch; its receive keys are installed
		Epoch uint64
		Auth  hash
	}
	inTransport struct{ Path path }
	inFrame     struct{} // a frame of the other side was opened
	inRestarted struct{} // the other side starts ICE anew
	inFault     struct { // an effect could not be carried out: the call cannot go on
		Reason EndReason
		Err    error
	}
)

// A path is what the transport reports of itself.
type path uint8

const (
	pathUp   path = 1 // ICE and DTLS are done
	pathDown path = 2 // nothing comes through just now
	pathDead path = 3 // ICE gave up
)

func (inStart) isInput()     {}
func (inAnswer) isInput()    {}
func (inRefuse) isInput()    {}
func (inHangup) isInput()    {}
func (inRoam) isInput()      {}
func (inRenew) isInput()     {}
func (inInvite) isInput()    {}
func (inRinging) isInput()   {}
func (inAccept) isInput()    {}
func (inDecline) isInput()   {}
func (inCancel) isInput()    {}
func (inWelcome) isInput()   {}
func (inAck) isInput()       {}
func (inByed) isInput()      {}
func (inSealed) isInput()    {}
func (inGroup) isInput()     {}
func (inTransport) isInput() {}
func (inFrame) isInput()     {}
func (inRestarted) isInput() {}
func (inFault) isInput()     {}
