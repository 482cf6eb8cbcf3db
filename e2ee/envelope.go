package e2ee

import (
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"slices"
)

// format is one way in which a signed message is sealed: box = version || enc || ct, HPKE single shot in base mode
// under info, with the mailbox's address as additional data, over u32 length || signed || zeros up to the smallest of
// sizes that holds it. Another version byte is another info, so none is ever opened as another.
type format struct {
	version byte
	info    string
	sizes   []int
}

var (
	envelopeFormat = format{0x01, "sotto/v1 envelope", []int{4096, 16384, 61440}}
	noticeFormat   = format{0x02, "sotto/v1 notice", []int{NoticeSize - 1 - x25519EncSize - tagSize}}
	textFormat     = format{0x03, "sotto/v1 text", []int{512, 1024, 2048}}
)

// Sizes in bytes.
const (
	// NoticeSize is the length of every missed-call notice, as a relay stores it.
	NoticeSize = 1024
	// MaxBody is how long a message's Body may always be.
	MaxBody = maxSigned - 512

	lengthSize = 4 // u32 before the signed message
	tagSize    = 16
	maxSigned  = 61440 - lengthSize
	maxBox     = 1 + hybridEncSize + 61440 + tagSize
)

// Seal signs m and seals it to a mailbox. box is what a transport carries; hash = H(payload), which answers carry as
// Ref. m.From is set here. A message is sealed once: who must send it again sends the same box.
//
// ErrTooLarge: the Body is too long, which MaxBody never is. ErrWeakKey, ErrMalformed: to is no good mailbox.
func (id *Identity) Seal(to Box, m Message) (box []byte, hash [32]byte, err error) {
	return id.seal(envelopeFormat, to, m)
}

func (id *Identity) seal(f format, to Box, m Message) (box []byte, hash [32]byte, err error) {
	signed, hash, err := id.sign(m)
	if err != nil {
		return nil, hash, err
	}
	box, err = f.seal(to, signed)
	return box, hash, err
}

func (f format) seal(to Box, signed []byte) ([]byte, error) {
	padded, err := f.pad(signed)
	if err != nil {
		return nil, err
	}
	return f.sealPadded(to, padded)
}

func (f format) sealPadded(to Box, padded []byte) ([]byte, error) {
	key, err := to.key()
	if err != nil {
		return nil, err
	}
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(f.info))
	if err != nil {
		return nil, fmt.Errorf("%w: mailbox key", ErrWeakKey)
	}
	address := to.Address()
	ct, err := sender.Seal(address[:], padded)
	if err != nil {
		return nil, fmt.Errorf("e2ee: seal: %w", err)
	}
	box := make([]byte, 0, 1+len(enc)+len(ct))
	box = append(box, f.version)
	box = append(box, enc...)
	return append(box, ct...), nil
}

func (f format) pad(signed []byte) ([]byte, error) {
	size := f.smallest(lengthSize + uint64(len(signed)))
	if size == 0 {
		return nil, fmt.Errorf("%w: signed message of %d bytes", ErrTooLarge, len(signed))
	}
	padded := make([]byte, size)
	binary.BigEndian.PutUint32(padded, uint32(len(signed)))
	copy(padded[lengthSize:], signed)
	return padded, nil
}

// unpad refuses every padding but the one that pad makes.
func (f format) unpad(padded []byte) ([]byte, error) {
	if len(padded) < lengthSize {
		return nil, fmt.Errorf("%w: padding", ErrMalformed)
	}
	end := lengthSize + uint64(binary.BigEndian.Uint32(padded))
	if f.smallest(end) != len(padded) {
		return nil, fmt.Errorf("%w: padding", ErrMalformed)
	}
	for _, b := range padded[end:] {
		if b != 0 {
			return nil, fmt.Errorf("%w: padding", ErrMalformed)
		}
	}
	return padded[lengthSize:end], nil
}

// smallest is the size that n bytes are padded to; 0: they are too many.
func (f format) smallest(n uint64) int {
	for _, size := range f.sizes {
		if n <= uint64(size) {
			return size
		}
	}
	return 0
}

// Open opens an envelope, or a missed-call notice, that arrived in this mailbox for me, and verifies who sent it. It
// does, in this order: size, HPKE, padding, CBOR shape, recipient, signature. hash = H(payload received).
//
// It does not look at the time, at what came before, at the state of a call or at who may ring: the caller does, in
// this order, and opens Body last.
func (m *Mailbox) Open(box []byte, me ID) (Message, [32]byte, error) {
	f := envelopeFormat
	if len(box) == NoticeSize && box[0] == noticeFormat.version {
		f = noticeFormat
	}
	msg, hash, err := m.open(f, box, me)
	if err == nil && (f.version == noticeFormat.version) != (msg.Type == TypeMissedCall) {
		return Message{}, [32]byte{}, fmt.Errorf("%w: type of message in this kind of box", ErrMalformed)
	}
	return msg, hash, err
}

// fits says whether a box of n bytes can be of this format, whichever kind of mailbox it is for.
func (f format) fits(n int) bool {
	return slices.ContainsFunc(f.sizes, func(size int) bool {
		rest := n - 1 - size - tagSize
		return rest == x25519EncSize || rest == hybridEncSize
	})
}

func (m *Mailbox) open(f format, box []byte, me ID) (msg Message, hash [32]byte, err error) {
	if len(box) == 0 || box[0] != f.version || !f.fits(len(box)) { // before it costs anything
		return msg, hash, fmt.Errorf("%w: box of %d bytes", ErrMalformed, len(box))
	}
	recipient, ct, err := m.keys.recipient(box[1:], f.info)
	if err != nil {
		return msg, hash, err
	}
	if !slices.Contains(f.sizes, len(ct)-tagSize) {
		return msg, hash, fmt.Errorf("%w: box of %d bytes", ErrMalformed, len(box))
	}
	address := m.Address()
	padded, err := recipient.Open(address[:], ct)
	if err != nil {
		return msg, hash, ErrNotSealedToUs
	}
	signed, err := f.unpad(padded)
	if err != nil {
		return msg, hash, err
	}
	return parseSigned(signed, me)
}
