package call

import (
	"crypto/rand"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/e2ee/sframe"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// keys are the secrets of one side of one call, and what it knows of the other side's. They belong to the loop's
// goroutine; frames alone are shared with the connection. Nothing of them outlives the call.
type keys struct {
	identity    *e2ee.Identity
	peer        e2ee.ID
	call        [32]byte
	role        role
	generation  uint64 // of the call's connection
	certificate *media.Certificate

	own        *e2ee.Mailbox // of this call
	theirs     e2ee.Box      // zero until it is known
	dtlsTheirs hash          // the other side's fingerprint, as its leaf says
	expected   binding       // the other side's leaf extension: constant for the call
	bound      bool          // expected is set
	nonce      [nonceSize]byte
	seq        uint64 // of the next envelope
	window     e2ee.ReplayWindow
	sealed     map[messageType]signal.Packet // of set-up, to be repeated

	invite    inviteBody // the one that was sent or received
	hInvite   hash
	hAccept   hash
	secrets   *mls.KeyPackageSecrets // callee, until it has joined
	group     *mls.Group
	welcome   []byte
	committed []byte // the last Commit, for repetition
	inCallSeq uint64
	frames    *e2ee.Frames
}

// The suites of calls: one each, named by the Invite, taken or refused.
const (
	callMLS    = mls.X25519ChaCha
	callSFrame = sframe.ChaCha20Poly1305SHA256
)

var (
	mlsSuites    = []uint16{uint16(callMLS)}
	sframeSuites = []uint16{uint16(callSFrame)}
)

func supported(b inviteBody) bool {
	return b.Version == protocolVersion && b.MLSSuite == uint16(callMLS) && b.SFrameSuite == uint16(callSFrame) &&
		len(b.Box.HPKE) == 32
}

// generations numbers the connections of a process.
var generations atomic.Uint64

func newKeys(c *Call, r role) (*keys, error) {
	cert, err := media.NewCertificate()
	if err != nil {
		return nil, err
	}
	k := &keys{identity: c.client.config.Identity, peer: c.peer, call: c.ID(), role: r, generation: generations.Add(1),
		certificate: cert, own: e2ee.NewMailbox(), sealed: make(map[messageType]signal.Packet),
		frames: e2ee.NewFrames(callSFrame, time.Now)}
	rand.Read(k.nonce[:])
	return k, nil
}

// inviteBody is the caller's Invite.
func (k *keys) inviteBody(name string, w wanted, offer string) inviteBody {
	commitment, dtls := e2ee.SASCommit(k.call, k.nonce), k.certificate.Fingerprint()
	return inviteBody{Version: protocolVersion, MLSSuite: uint16(callMLS), SFrameSuite: uint16(callSFrame),
		Box: boxOf(k.own.Card()), Commitment: commitment[:], DTLS: dtls[:], Media: w, Name: name, Offer: []byte(offer)}
}

// invited takes what an Invite says: where answers go, and what the caller's leaf will have to say.
func (k *keys) invited(inv invitation) error {
	box, err := e2ee.NewBox(inv.body.Box.Ed25519, inv.body.Box.HPKE, inv.body.Box.Token)
	if err != nil {
		return err
	}
	k.invite, k.hInvite = inv.body, inv.hash
	k.theirs, k.dtlsTheirs = box, hash(inv.body.DTLS)
	k.expect(binding{dtls: k.dtlsTheirs, box: box})
	return nil
}

func (k *keys) expect(b binding) { k.expected, k.bound = b, true }

func (k *keys) ownLeaf() uint32 {
	if k.role == caller {
		return 0
	}
	return 1
}

func (k *keys) theirLeaf() uint32 { return 1 - k.ownLeaf() }

// seal makes the envelope of one message. Set-up refers to the Invite, what follows the Accept to the Accept.
func (k *keys) seal(to e2ee.Box, t messageType, body []byte) (signal.Packet, hash, error) {
	m := e2ee.Message{To: k.peer, Call: k.call, Seq: k.seq, Time: time.Now(), Type: uint64(t), Body: body, Ref: k.refOf(t)}
	box, h, err := k.identity.Seal(to, m)
	if err != nil {
		return signal.Packet{}, h, err
	}
	k.seq++
	return packet(to, box), h, nil
}

func (k *keys) refOf(t messageType) []byte {
	switch t {
	case msgInvite:
		return nil
	case msgRinging, msgAccept, msgDecline, msgCancel:
		return k.hInvite[:]
	}
	return k.hAccept[:]
}

func (k *keys) destroy() {
	k.own.Destroy()
	k.frames.Destroy()
	if k.group != nil {
		k.group.Destroy()
	}
	if k.secrets != nil {
		k.secrets.Destroy()
	}
	clear(k.nonce[:])
	clear(k.welcome)
	k.sealed = nil
}
