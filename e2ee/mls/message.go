package mls

// wireFormat says what an MLSMessage holds (section 6).
type wireFormat uint16

const (
	wirePublic     wireFormat = 1
	wirePrivate    wireFormat = 2
	wireWelcome    wireFormat = 3
	wireGroupInfo  wireFormat = 4
	wireKeyPackage wireFormat = 5
)

// marshalMessage wraps a body in an MLSMessage.
func marshalMessage(format wireFormat, body encoder) []byte {
	w := &writer{}
	w.u16(ProtocolVersion10)
	w.u16(uint16(format))
	body.encode(w)
	return w.b
}

// unmarshalMessage unwraps an MLSMessage that must hold that format.
func unmarshalMessage(data []byte, format wireFormat, body decoder) error {
	r := &reader{b: data}
	if got := readFormat(r); r.err == nil && got != format {
		r.fail("wire format %d, not %d", got, format)
	}
	body.decode(r)
	return r.end()
}

func readFormat(r *reader) wireFormat {
	if v := r.u16(); v != ProtocolVersion10 {
		r.fail("protocol version %d", v)
	}
	return wireFormat(r.u16())
}

// contentType says what a framed message carries.
type contentType uint8

const (
	contentApplication contentType = 1
	contentProposal    contentType = 2
	contentCommit      contentType = 3
)

// SenderType says who a Sender is.
type SenderType uint8

// The sender types of section 6.
const (
	SenderMember            SenderType = 1
	SenderExternal          SenderType = 2 // pre-arranged in the external_senders extension
	SenderNewMemberProposal SenderType = 3 // proposes to be added
	SenderNewMemberCommit   SenderType = 4 // adds itself
)

// Sender is who sent a message.
type Sender struct {
	Type  SenderType
	Index uint32 // the leaf of a member, or the place in external_senders
}

func memberSender(leaf uint32) Sender { return Sender{SenderMember, leaf} }

func (s *Sender) encode(w *writer) {
	w.u8(uint8(s.Type))
	if s.Type == SenderMember || s.Type == SenderExternal {
		w.u32(s.Index)
	}
}

func (s *Sender) decode(r *reader) {
	s.Type = SenderType(r.u8())
	switch s.Type {
	case SenderMember, SenderExternal:
		s.Index = r.u32()
	case SenderNewMemberProposal, SenderNewMemberCommit:
	default:
		r.fail("sender type %d", s.Type)
	}
}

// framedContent is FramedContent: what a message says, before any protection.
type framedContent struct {
	groupID           []byte
	epoch             uint64
	sender            Sender
	authenticatedData []byte
	contentType       contentType
	application       []byte
	proposal          *Proposal
	commit            *commit
}

func (c *framedContent) encode(w *writer) {
	w.opaque(c.groupID)
	w.u64(c.epoch)
	c.sender.encode(w)
	w.opaque(c.authenticatedData)
	w.u8(uint8(c.contentType))
	c.encodeBody(w)
}

func (c *framedContent) encodeBody(w *writer) {
	switch c.contentType {
	case contentApplication:
		w.opaque(c.application)
	case contentProposal:
		c.proposal.encode(w)
	case contentCommit:
		c.commit.encode(w)
	}
}

func (c *framedContent) decode(r *reader) {
	c.groupID = r.opaque()
	c.epoch = r.u64()
	c.sender.decode(r)
	c.authenticatedData = r.opaque()
	c.contentType = contentType(r.u8())
	c.decodeBody(r)
}

func (c *framedContent) decodeBody(r *reader) {
	switch c.contentType {
	case contentApplication:
		c.application = r.opaque()
	case contentProposal:
		c.proposal = &Proposal{}
		c.proposal.decode(r)
	case contentCommit:
		c.commit = &commit{}
		c.commit.decode(r)
	default:
		r.fail("content type %d", c.contentType)
	}
}

// contentAuth is FramedContentAuthData.
type contentAuth struct {
	signature       []byte
	confirmationTag []byte // of a commit
}

func (a *contentAuth) encode(w *writer, t contentType) {
	w.opaque(a.signature)
	if t == contentCommit {
		w.opaque(a.confirmationTag)
	}
}

func (a *contentAuth) decode(r *reader, t contentType) {
	a.signature = r.opaque()
	if t == contentCommit {
		a.confirmationTag = r.opaque()
	}
}

// authenticatedContent is AuthenticatedContent: a message with its proof, as proposal references and transcript hashes
// see it.
type authenticatedContent struct {
	format  wireFormat
	content framedContent
	auth    contentAuth
}

func (a *authenticatedContent) encode(w *writer) {
	w.u16(uint16(a.format))
	a.content.encode(w)
	a.auth.encode(w, a.content.contentType)
}

func (a *authenticatedContent) decode(r *reader) {
	a.format = wireFormat(r.u16())
	a.content.decode(r)
	a.auth.decode(r, a.content.contentType)
}

// proposalRef is the ProposalRef by which a commit names this proposal.
func (a *authenticatedContent) proposalRef() []byte {
	return refHash("MLS 1.0 Proposal Reference", marshal(a))
}
