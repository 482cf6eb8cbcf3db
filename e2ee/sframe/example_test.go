package sframe_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// One sender, one receiver, one key that both have from elsewhere.
func Example() {
	baseKey := []byte("32 secret bytes that both share.")
	const kid = 7
	sealer, err := sframe.NewSealer(sframe.ChaCha20Poly1305SHA256, kid, baseKey)
	if err != nil {
		log.Fatal(err)
	}
	opener, err := sframe.NewOpener(sframe.ChaCha20Poly1305SHA256, kid, baseKey)
	if err != nil {
		log.Fatal(err)
	}

	metadata := []byte("seen by servers, changed by none")
	sealed, err := sealer.Seal(nil, metadata, []byte("an encoded frame"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len("an encoded frame"), "bytes became", len(sealed))

	frame, err := opener.Open(nil, metadata, sealed)
	fmt.Printf("%s, %v\n", frame, err)

	_, err = opener.Open(nil, metadata, sealed)
	fmt.Println("again:", errors.Is(err, sframe.ErrReplay))
	// Output:
	// 16 bytes became 33
	// an encoded frame, <nil>
	// again: true
}

// The keys of an MLS group: every member exports the epoch's base key, and a KID names epoch, sender and stream.
func ExampleEpochs() {
	exported := []byte("32 bytes from the MLS exporter..") // MLS-Exporter("SFrame 1.0 Base Key", "", 32)
	roster := func(s sframe.Sender) bool { return s.Leaf < 3 && s.Context < 2 }

	alice, _ := sframe.NewEpochs(sframe.ChaCha20Poly1305SHA256, 4, roster)
	bob, _ := sframe.NewEpochs(sframe.ChaCha20Poly1305SHA256, 4, roster)
	fmt.Println(alice.Add(sframe.Epoch{Number: 9, HighestLeaf: 2, Own: 0, BaseKey: exported}))
	fmt.Println(bob.Add(sframe.Epoch{Number: 9, HighestLeaf: 2, Own: 2, BaseKey: exported}))

	camera, err := alice.Sealer(9, 1)
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := camera.Seal(nil, nil, []byte("picture"))
	if err != nil {
		log.Fatal(err)
	}
	frame, sender, err := bob.Open(nil, nil, sealed)
	fmt.Printf("%s from leaf %d, stream %d, %v\n", frame, sender.Leaf, sender.Context, err)
	// Output:
	// <nil>
	// <nil>
	// picture from leaf 0, stream 1, <nil>
}

// Sender keys: the sender moves its key forward, the receiver follows by the frames.
func ExampleRatchetSealer() {
	const r = 4 // bits of the KID for the ratchet step
	sender, err := sframe.NewRatchetSealer(sframe.AES128GCMSHA256, r, 0, []byte("16 random bytes."))
	if err != nil {
		log.Fatal(err)
	}
	generation, step, key := sender.State() // told over a secure channel
	receiver, err := sframe.NewRatchetOpener(sframe.AES128GCMSHA256, r, generation, step, key)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		sealed, _ := sender.Seal(nil, nil, []byte("frame"))
		frame, err := receiver.Open(nil, nil, sealed)
		fmt.Printf("step %d: %s, %v\n", receiver.Step(), frame, err)
		if err := sender.Ratchet(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// step 0: frame, <nil>
	// step 1: frame, <nil>
}
