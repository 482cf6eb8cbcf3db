package call

import (
	"bytes"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// read takes a letter: a message that is authentic and of this call. What is malformed, repeated or out of place is
// dropped and counted, and not answered.
//
// Sequence numbers are checked for what follows the Accept. What comes before it is decided by state and hash alone:
// several devices of the callee count apart.
func (l *loop) read(m letter) {
	var ref hash
	if len(m.message.Ref) == len(ref) {
		ref = hash(m.message.Ref)
	}
	if ref != (hash{}) && ref == l.keys.hAccept && !l.keys.window.Accept(m.message.Seq) {
		l.drop()
		return
	}
	in, err := l.decode(messageType(m.message.Type), m, ref)
	if err != nil {
		l.drop()
		return
	}
	if in != nil {
		l.step(in)
	}
}

// decode reads the body into the machine's input, and keeps what effects will need of it. No input: it was dealt with.
func (l *loop) decode(t messageType, m letter, ref hash) (input, error) {
	body := m.message.Body
	switch t {
	case msgRinging:
		_, err := decode[ringingBody](body, maxBody)
		return inRinging{ref}, err
	case msgAccept:
		b, err := decode[acceptBody](body, maxBody)
		if err == nil && l.keys.group == nil {
			l.accept = &accepted{m.hash, b}
		}
		return inAccept{ref, m.hash, b.Late}, err
	case msgDecline:
		b, err := decode[declineBody](body, maxBody)
		return inDecline{ref, m.hash, DeclineReason(b.Reason)}, err
	case msgCancel:
		b, err := decode[cancelBody](body, maxBody)
		in := inCancel{Ref: ref, Reason: EndReason(b.Reason)}
		copy(in.Winner[:], b.Winner)
		return in, err
	case msgWelcome:
		b, err := decode[welcomeBody](body, maxBody)
		if err == nil && l.keys.group == nil {
			l.welcome = &welcomed{m.hash, b}
		}
		return inWelcome{ref, m.hash}, err
	case msgAck:
		b, err := decode[ackBody](body, maxBody)
		if err != nil {
			return nil, err
		}
		return inAck{ref, b.Epoch, hash(b.Authenticator), b.Got}, nil
	case msgBye:
		b, err := decode[byeBody](body, maxBody)
		l.byed = l.byed || err == nil && ref == l.keys.hAccept
		return inByed{ref, EndReason(b.Reason)}, err
	case msgInCall:
		if ref != l.keys.hAccept {
			return nil, errBadMessage
		}
		l.mlsMessage(body)
		return nil, nil
	}
	return nil, errBadMessage
}

// boxVersion is the first byte of an envelope; an MLS message begins with another (RFC 9420 section 6, mls10 is 0x0001).
const boxVersion = 0x01

// arrived takes a message of the data channel: an envelope or an MLS message.
func (l *loop) arrived(b []byte) {
	if !bytes.HasPrefix(b, []byte{boxVersion}) {
		l.mlsMessage(b)
		return
	}
	m, h, err := l.keys.own.Open(b, l.client.config.Identity.Public())
	if err != nil || m.From != l.call.peer || m.Call != l.keys.call {
		l.drop()
		return
	}
	l.read(letter{m, h})
}

// maxEarly bounds what waits for the Welcome.
const maxEarly = maxCandidates

// mlsMessage takes a message of the group, or keeps it until there is one.
func (l *loop) mlsMessage(b []byte) {
	switch {
	case l.keys.group != nil:
		l.groupMessage(b)
	case len(l.early) < maxEarly:
		l.early = append(l.early, b)
	default:
		l.drop()
	}
}

// verifiedAt is when we verified this identity; zero: never.
func (c *Client) verifiedAt(id e2ee.ID) (label string, verified time.Time) {
	if c.config.Contacts == nil {
		return "", time.Time{}
	}
	k, _ := c.config.Contacts.Lookup(id)
	return k.Name, k.Verified
}
