package call

import (
	"bytes"
	"errors"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// bindingType is the leaf extension that ties the transport, the Invite and the call's mailbox to the member, and so to
// every secret of the group. Private use, RFC 9420 section 17.3.
const bindingType mls.ExtensionType = 0xF5A1

// A binding is the content of that extension:
// version(1)=1 || dtls(32) || invite(32) || box_sig(32) || box_hpke<V> || token(16).
type binding struct {
	dtls   hash // SHA-256 of the one DTLS certificate
	invite hash // H of the Invite that this member answers; zero for the creator
	box    e2ee.Box
}

var errBinding = errors.New("call: leaf extension is malformed")

func (b binding) extension() mls.Extension {
	d := append([]byte{1}, b.dtls[:]...)
	d = append(d, b.invite[:]...)
	d = append(d, b.box.Ed25519[:]...)
	if n := len(b.box.HPKE); n < 64 { // <V> is a variable-length vector, RFC 9420 section 2.1.2
		d = append(d, byte(n))
	} else {
		d = append(d, byte(n>>8)|0x40, byte(n))
	}
	d = append(d, b.box.HPKE...)
	return mls.Extension{Type: bindingType, Data: append(d, b.box.Token[:]...)}
}

// parseBinding reads the extension of a leaf.
func parseBinding(l *mls.LeafNode) (binding, error) {
	d, ok := l.Extension(bindingType)
	const head = 1 + 32 + 32 + 32
	if !ok || len(d) < head+1 || d[0] != 1 {
		return binding{}, errBinding
	}
	b := binding{dtls: hash(d[1:33]), invite: hash(d[33:65])}
	sig, rest := d[65:97], d[97:]
	n, size := int(rest[0]), 1
	if n >= 0x40 {
		if len(rest) < 2 || n >= 0x80 {
			return binding{}, errBinding
		}
		n, size = n&0x3f<<8|int(rest[1]), 2
	}
	if rest = rest[size:]; len(rest) != n+16 || size == 2 && n < 64 {
		return binding{}, errBinding
	}
	box, err := e2ee.NewBox(sig, rest[:n], rest[n:])
	b.box = box
	return b, err
}

func sameBox(a, b e2ee.Box) bool {
	return a.Ed25519 == b.Ed25519 && bytes.Equal(a.HPKE, b.HPKE) && a.Token.Equal(b.Token)
}
