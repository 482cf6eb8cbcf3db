package keystore_test

import (
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

func ExampleSeal() {
	file, err := keystore.Seal([]byte("nine otters mend a kayak"), keystore.IdentityKind, keystore.Params{}, []byte("a secret"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = keystore.Open([]byte("nine otters mend a canoe"), keystore.IdentityKind, file)
	fmt.Println(errors.Is(err, keystore.ErrPassphrase))
	_, err = keystore.Open([]byte("nine otters mend a kayak"), keystore.IdentityKind, file[:len(file)-1])
	fmt.Println(errors.Is(err, keystore.ErrCorrupted))
	secret, err := keystore.Open([]byte("nine otters mend a kayak"), keystore.IdentityKind, file)
	fmt.Printf("%s %v\n", secret, err)
	// Output:
	// true
	// true
	// a secret <nil>
}

func ExampleCheckPassphrase() {
	fmt.Println(keystore.CheckPassphrase([]byte("P@ssw0rd2024")))
	fmt.Println(keystore.CheckPassphrase([]byte("nine otters mend a kayak")))
	// Output:
	// keystore: passphrase refused: it is among the common ones: popular words, numbers and keys side by side are guessed first
	// <nil>
}
