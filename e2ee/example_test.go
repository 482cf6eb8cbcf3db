package e2ee_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// Two identities become contacts by passing three texts.
func Example() {
	alice, _ := e2ee.OpenContacts("", e2ee.Generate()) // in memory; a path keeps it in a file
	bob, _ := e2ee.OpenContacts("", e2ee.Generate())

	invitation, _ := alice.Invite(24*time.Hour, "Bob") // Alice hands invitation.URI() to Bob, in private

	got, _ := e2ee.ParseInvitation(invitation.URI())
	request, _ := bob.Use(got, "Alice") // Bob sends request.Sealed through a relay, or hands request.Text() back

	guest, _ := alice.ReceiveText(request.Text())
	fmt.Println(guest.Name, guest.State)
	confirm, _ := alice.Confirm(guest.ID, "") // Alice's user said yes

	host, _ := bob.ReceiveText(confirm.Text())
	fmt.Println(host.Name, host.State)
	fmt.Println(e2ee.SafetyNumber(alice.Identity(), bob.Identity()) == e2ee.SafetyNumber(host.ID, guest.ID))
	// Output:
	// Bob pending
	// Alice confirmed
	// true
}

func ExampleIdentity_Save() {
	dir, err := os.MkdirTemp("", "sotto")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "identity")

	id := e2ee.Generate()
	if err := id.Save(path, []byte("nine otters mend a kayak")); err != nil {
		fmt.Println(err)
		return
	}
	_, err = e2ee.LoadIdentity(path, []byte("nine otters mend a canoe"))
	fmt.Println(errors.Is(err, keystore.ErrPassphrase))
	again, err := e2ee.LoadIdentity(path, []byte("nine otters mend a kayak"))
	fmt.Println(err, again.Public() == id.Public())
	// Output:
	// true
	// <nil> true
}

func ExampleIdentity_Seal() {
	alice, bob := e2ee.Generate(), e2ee.Generate()
	mailbox := e2ee.NewMailbox() // of this call, Bob's

	box, hash, err := alice.Seal(mailbox.Card(), e2ee.Message{To: bob.Public(), Time: time.Now(), Type: 1, Body: []byte("hello")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(box), "bytes, whatever is said")

	m, got, err := mailbox.Open(box, bob.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %v %v\n", m.Body, m.From == alice.Public(), got == hash)
	// Output:
	// 4145 bytes, whatever is said
	// hello true true
}

func ExampleEmojiOf() {
	var nonceA, nonceB, hInvite, hAccept [32]byte
	for _, e := range e2ee.EmojiOf(e2ee.SAS(nonceA, nonceB, hInvite, hAccept)) {
		fmt.Println(e.Name)
	}
	// Output:
	// Heart
	// Key
	// Key
	// Pig
	// Bell
	// Lion
	// Flower
}
