// Package media carries encoded frames between the two devices of a call, sealed on the way.
//
// # Use
//
// A Conn is the one owner of a WebRTC PeerConnection. The caller makes an Offer, the callee an Answer to it, the caller
// takes it with Accept; candidates go both ways by CandidateFound and AddCandidate; Start lets the sources be read.
//
//	a, err := media.NewConn(config)                       b, err := media.NewConn(config) // Callee: true
//	offer, err := a.Offer(sources, receive)
//	                                                      answer, err := b.Answer(offer, fingerprintOfA, sources, receive)
//	err = a.Accept(answer, fingerprintOfB)
//	a.Start()                                             b.Start()
//
// Later: Describe and Apply renegotiate (AddTrack, RemoveTrack, Hold) and restart ICE; SetMuted and ReplaceTrack need no
// negotiation. Drain before Close brings the last frames across. How the texts travel is not decided here: they must come
// from whom they say, unread and unchanged, which package e2ee sees to.
//
// # Frames
//
// Sending: Source, Sealer, packets. Receiving: packets, reorder buffer, Opener, Sink. There is no other way: a frame that
// does not open is dropped and counted, and a key frame is asked for. What of a frame stays readable for packetisers is
// decided for each codec, byte by byte, in docs/design/06-codec-layouts.md: nothing but an SFrame (RFC 9605) for Opus, G.711
// and VP9, one byte before it for VP8 and AV1 (whose key frames may have a fixed sequence header before that), the
// parameter sets and the first bytes of a slice for H264. Whether a frame is a key frame is said by the source and read
// from these bytes or from RTP's payload descriptor, never from what is sealed. Codecs without such a rule are refused at
// negotiation.
//
// Both sides know Opus and VP8; G.711 is for devices that cannot encode Opus. A source may be in any codec of [Settings.VideoCodecs]; if the peer does not have it, the
// source ends with ErrCodec. A section sends one codec for life, so a source in another one gets a section of its own.
// What the peer sends is its choice among what was negotiated: TrackAdded names the likely codec, the Sink's TrackInfo
// the real one, and a peer that changes it gets another Sink. Pictures in several spatial layers are received, each as
// one Frame, and not sent. Opus in redundant blocks (audio/red, RFC 2198) is received, lost frames are restored from
// it, and it is sent where [Settings.RED] wishes so.
//
// On a path that loses nothing, every frame comes out, in order, byte for byte. What is lost is asked for again (NACK, RTX
// for video) for up to 0.8 s, unless the peer does not send sound again (browsers); what stays away is declared in Frame.Missing. Frame.Time counts from the start of the
// peer's first track, for all its tracks alike. A PromptSink, which has a jitter buffer of its own, gets sound as it comes.
//
// # Goroutines
//
// One per source, which alone calls Read; one per received track, which alone calls its Sink; two per section for
// reports; one for reports of ours; one for each source that is being closed; those of the layer below. Events come from
// several of them, one at a time. A Source or Sink that blocks holds up its own track only. The contexts of Drain and Close
// end those calls, never the connection.
// Close ends all goroutines and sockets.
//
// # Security
//
// Every description holds exactly one SHA-256 fingerprint, the expected one, or it is refused with ErrFingerprint. It
// fixes the peer's DTLS certificate; the callee is the DTLS client, always. DTLS packets are taken only from a pair that
// ICE has validated. Candidates and descriptions that leave are rewritten: no related address, no origin, no connection
// address, no host address (an mDNS name instead), and in a RelayOnly call nothing but relay candidates. What the peer
// sends is bounded before it is looked at: 16 KiB of description, 16 sections, 32 candidates, none on loopback, multicast,
// unspecified or link-local addresses unless Settings say so, 1024 packets and 4 MiB held per track, 512 streams. A track that
// nobody agreed to reaches no Sink. Nothing is gathered before Accept or Answer.
//
// Limits: the peer of a direct call sees our public address, and a TURN server sees both. Sizes and times of packets show
// that something is said, and a variable bitrate shows more than that. RTP headers are readable to whoever ends DTLS.
// There is no congestion control yet: a Source must not send more than the path takes.
//
// Standards: RFC 8829 (JSEP), RFC 8839 and 8445 (ICE), RFC 8827 (WebRTC security), RFC 3550 (RTP), RFC 4585 (NACK, PLI),
// RFC 4588 (RTX), RFC 7587 (Opus), RFC 2198 (RED), RFC 7741 (VP8), RFC 9628 (VP9), RFC 6184 (H264), the AV1 RTP
// specification of AOMedia, RFC 8832 (data channel).
package media
