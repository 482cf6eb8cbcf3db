package call

// An effect is one thing that the machine wants done. Effects are carried out in the order given.
type effect interface{ isEffect() }

type (
	fxSend   struct{ Type messageType } // Invite, Ringing, Accept, Welcome; sealed once, repeated byte for byte
	fxCancel struct {
		Reason EndReason
		Winner hash
	}
	fxDecline struct{ Reason DeclineReason }
	fxAck     struct {
		Epoch uint64
		Auth  hash
		Got   bool
	}
	fxBye      struct{ Reason EndReason }
	fxState    struct{ State State }  // tell the application
	fxPrepare  struct{}               // callee: parse the offer, make KeyPackage, answer and tracks, then seal and send Accept
	fxGroup    struct{ Accept hash }  // caller: check this Accept, make the group, install its keys
	fxApply    struct{}               // caller: hand the answer to the transport, which gathers and connects
	fxJoin     struct{ Welcome hash } // callee: check this Welcome, join the group, install its keys
	fxSwitch   struct{ Epoch uint64 } // seal with the keys of this epoch from now on, ask for and force key frames
	fxStart    struct{}               // the sources begin
	fxOffer    struct{}               // callee: ask the caller to take what its offer had no place for
	fxCommit   struct{}               // caller: an empty Commit
	fxRecommit struct{}               // caller: the last Commit once more, it may have been lost
	fxUpdate   struct{}               // callee: ask the caller for new keys
	fxRestart  struct{}               // new ICE credentials and candidates
	fxEnd      struct {               // tear down; Wait: let the other side confirm the Bye first
		Reason EndReason
		Remote bool
		Wait   bool
		Cause  error
	}
)

func (fxSend) isEffect()     {}
func (fxCancel) isEffect()   {}
func (fxDecline) isEffect()  {}
func (fxAck) isEffect()      {}
func (fxBye) isEffect()      {}
func (fxState) isEffect()    {}
func (fxPrepare) isEffect()  {}
func (fxGroup) isEffect()    {}
func (fxApply) isEffect()    {}
func (fxJoin) isEffect()     {}
func (fxSwitch) isEffect()   {}
func (fxStart) isEffect()    {}
func (fxOffer) isEffect()    {}
func (fxCommit) isEffect()   {}
func (fxRecommit) isEffect() {}
func (fxUpdate) isEffect()   {}
func (fxRestart) isEffect()  {}
func (fxEnd) isEffect()      {}
