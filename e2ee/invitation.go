package e2ee

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// Limits of an invitation's life.
const (
	MaxInvitationTTL = 30 * 24 * time.Hour
	MinInvitationTTL = time.Minute
)

// invitationSecretSize is the length of what proves that one holds an invitation.
const invitationSecretSize = 16

// Invitation lets one other identity ask to become a contact. It is a secret until it is used: the first identity that
// uses it is the only one, and whoever saw it on the way could be that one. So hand it over in private, and compare
// safety numbers after.
type Invitation struct {
	From    ID
	Name    string   // what the inviter calls itself; nobody has checked it
	Relays  []string // where its mailbox is
	Expires time.Time

	secret hidden[invitationSecret]
}

// invitationSecret is what the URI has in its fragment.
type invitationSecret struct {
	token  Token                      // lets one write to the inviter
	secret [invitationSecretSize]byte // proves that one was invited
}

// URI is the invitation as text: sotto:invite/sotto1…?name=…&relay=…#secret.
func (i Invitation) URI() string {
	s := i.secret.get()
	b := slices.Concat(s.token[:], s.secret[:])
	b = binary.BigEndian.AppendUint64(b, uint64(i.Expires.Unix()))
	return formatURI(inviteScheme, i.From, i.Name, i.Relays, b)
}

// ParseInvitation reads a URI. Its errors hold nothing of it.
func ParseInvitation(s string) (Invitation, error) {
	u, err := parseURI(inviteScheme, s)
	if err != nil {
		return Invitation{}, err
	}
	if len(u.secret) != TokenSize+invitationSecretSize+8 {
		return Invitation{}, fmt.Errorf("%w: fragment of an invitation", ErrMalformed)
	}
	expires := binary.BigEndian.Uint64(u.secret[TokenSize+invitationSecretSize:])
	if expires > maxTime/1000 {
		return Invitation{}, fmt.Errorf("%w: time of an invitation", ErrMalformed)
	}
	secret := invitationSecret{token: Token(u.secret[:TokenSize]), secret: [invitationSecretSize]byte(u.secret[TokenSize:])}
	return Invitation{From: u.id, Name: u.name, Relays: u.relays, Expires: time.Unix(int64(expires), 0), secret: hide(secret)}, nil
}

// Format leaves the secret out.
func (i Invitation) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.short()) }

// LogValue leaves the secret out.
func (i Invitation) LogValue() slog.Value { return slog.StringValue(i.short()) }

func (i Invitation) short() string { return fmt.Sprintf("e2ee.Invitation(%v %q)", i.From, i.Name) }

// invitationRecord is an invitation of ours until it expires.
type invitationRecord struct {
	Token   []byte `cbor:"1,keyasint"`
	Secret  []byte `cbor:"2,keyasint"`
	Expires uint64 `cbor:"3,keyasint"`
	Label   string `cbor:"4,keyasint,omitempty"` // whom we meant it for
	UsedBy  []byte `cbor:"5,keyasint,omitempty"`
	Closed  bool   `cbor:"6,keyasint,omitempty"` // not even for who used it
}

func (i *invitationRecord) check() error {
	if len(i.Token) != TokenSize || len(i.Secret) != invitationSecretSize || i.Expires > maxTime || !optional(i.UsedBy, IDSize) {
		return fmt.Errorf("%w: invitation", ErrMalformed)
	}
	return checkProfile(i.Label, nil)
}

func (i *invitationRecord) expired(now time.Time) bool { return toMillis(now) >= i.Expires }

// Invite makes an invitation for one identity, good for ttl (1 minute to 30 days). label is whom it is meant for: it
// becomes the contact's name; it may be empty. It says where our mailbox is as the profile does, so call
// [Contacts.SetProfile] before: one without relays can be answered only by who uses the same relay.
func (c *Contacts) Invite(ttl time.Duration, label string) (Invitation, error) {
	if ttl < MinInvitationTTL || ttl > MaxInvitationTTL {
		return Invitation{}, fmt.Errorf("e2ee: invitation for %v, allowed are %v to %v", ttl, MinInvitationTTL, MaxInvitationTTL)
	}
	if err := checkProfile(label, nil); err != nil {
		return Invitation{}, err
	}
	secret := invitationSecret{token: GenerateToken()}
	_, _ = rand.Read(secret.secret[:])
	inv := Invitation{From: c.id.id, secret: hide(secret)}
	err := c.update(func(s *contactState, now time.Time) error {
		if len(s.invitations) >= MaxInvitations {
			return fmt.Errorf("%w: more than %d open invitations", ErrTooLarge, MaxInvitations)
		}
		inv.Name, inv.Relays = s.profile.Name, slices.Clone(s.profile.Relays)
		inv.Expires = now.Add(ttl).Truncate(time.Second) // as the URI has it
		s.invitations = append(s.invitations, &invitationRecord{
			Token: slices.Clone(secret.token[:]), Secret: slices.Clone(secret.secret[:]), Expires: toMillis(inv.Expires), Label: label,
		})
		return nil
	})
	if err != nil {
		return Invitation{}, err
	}
	return inv, nil
}

func (s *contactState) closeInvitationsOf(id ID) {
	for _, i := range s.invitations {
		if string(i.UsedBy) == string(id[:]) {
			i.Closed = true
		}
	}
}
