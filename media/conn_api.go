package media

import "context"

// MaxMessage is the most bytes of one SendMessage.
const MaxMessage = 32 << 10

// Conn is the one owner of a PeerConnection.
type Conn struct{}

// NewConn makes a connection. It touches no network.
func NewConn(cfg ConnConfig) (*Conn, error) { return nil, ErrState }

// Offer is the caller's first description: send are the sources in the order of their importance, receive what the peer
// may send. Nothing is gathered and no candidate exists before Accept. The Conn owns the sources from now on and closes
// them when it is closed or they are removed.
func (c *Conn) Offer(send []Source, receive Kinds) (sdp string, err error) { return "", ErrState }

// Accept is the caller's second step: the peer's answer, whose one fingerprint must be want. Gathering starts.
func (c *Conn) Accept(answer string, want [32]byte) error { return ErrState }

// Answer is the callee's first and only step; gathering starts. Tracks of the peer whose kind is not in receive are
// refused.
func (c *Conn) Answer(offer string, want [32]byte, send []Source, receive Kinds) (answer string, err error) {
	return "", ErrState
}

// AddCandidate takes a candidate of the peer, before or after the description that it belongs to. At most 32 count.
// An error means that this one was refused; the connection is none the worse.
func (c *Conn) AddCandidate(Candidate) error { return ErrState }

// Streams lists what we send, in the order of the sources; known after Offer or Answer.
func (c *Conn) Streams() []StreamInfo { return nil }

// Tracks lists what the peer was allowed to send.
func (c *Conn) Tracks() []TrackInfo { return nil }

// Start lets the sources be read and their frames sent as soon as the path is up. Nothing is sent before. Idempotent.
func (c *Conn) Start() {}

// Describe makes a description that tells the peer what changed: tracks added, replaced or removed, Hold; with restart
// ICE starts anew. The peer's answer goes to Described. ErrState while another one is under way.
func (c *Conn) Describe(restart bool) (sdp string, err error) { return "", ErrState }

// Described takes the peer's answer to Describe.
func (c *Conn) Described(answer string, want [32]byte) error { return ErrState }

// Propose reads a description of the peer and changes nothing: what would Apply do?
func (c *Conn) Propose(offer string, want [32]byte) (Proposal, error) { return Proposal{}, ErrState }

// Apply takes a description of the peer and makes the answer. accept decides on each track that is new; nil refuses them
// all. On a collision the callee drops its own Describe (make it again after), the caller returns ErrGlare.
func (c *Conn) Apply(offer string, want [32]byte, accept func(TrackInfo) bool) (answer string, err error) {
	return "", ErrState
}

// AddTrack adds a source; it is sent after the next Describe.
func (c *Conn) AddTrack(s Source) (StreamInfo, error) { return StreamInfo{}, ErrState }

// ReplaceTrack swaps the source of a stream for another of the same codec, without a Describe. The old one is closed.
func (c *Conn) ReplaceTrack(ctx uint16, s Source) error { return ErrState }

// RemoveTrack ends a stream at once and closes its source; the next Describe tells the peer.
func (c *Conn) RemoveTrack(ctx uint16) error { return ErrState }

// SetMuted stops reading the source of a stream, which stays open, or goes on with it.
func (c *Conn) SetMuted(ctx uint16, muted bool) error { return ErrState }

// Hold stops everything in both directions, or goes on; the next Describe tells the peer.
func (c *Conn) Hold(on bool) error { return ErrState }

// ForceKeyFrames asks our own video sources for a key frame, as after a change of the send key.
func (c *Conn) ForceKeyFrames() {}

// RequestKeyFrames asks the peer for a key frame of every video track, at a limited rate.
func (c *Conn) RequestKeyFrames() {}

// SetICEServers replaces the servers, as when their credentials were renewed; used from the next ICE restart on.
func (c *Conn) SetICEServers(servers []ICEServer) error { return ErrState }

// SendMessage sends one message of at most MaxMessage bytes to the peer, in order. It never blocks.
func (c *Conn) SendMessage(b []byte) error { return ErrNotOpen }

// Drain waits until every source has ended or is muted and the peer has reported that it received what was sent. Call it
// before Close when the last frames matter.
func (c *Conn) Drain(ctx context.Context) error { return ErrState }

// State is where the connection stands now.
func (c *Conn) State() ConnState { return ConnNew }

// Stats is a snapshot.
func (c *Conn) Stats() Stats { return Stats{} }

// Close ends everything: sources and sinks are closed, sockets too, and every goroutine of the connection has ended when
// it returns nil. When ctx ends first, Close returns its error and the rest ends in the background. Idempotent, legal in
// every state and from any goroutine except Notify's.
func (c *Conn) Close(ctx context.Context) error { return nil }
