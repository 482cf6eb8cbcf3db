package e2ee_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// Two members of a call: media has its sealer and opener at once, the keys come when the group is up.
func ExampleFrames() {
	alice := e2ee.NewFrames(sframe.ChaCha20Poly1305SHA256, nil)
	bob := e2ee.NewFrames(sframe.ChaCha20Poly1305SHA256, nil)
	defer alice.Destroy()
	defer bob.Destroy()

	camera := alice.Sealer(1)     // ctx 1, the camera
	picture := bob.Opener(0, "1") // what leaf 0 sends in media section 1
	_, err := camera.Seal(nil, nil, []byte("too early"))
	fmt.Println(errors.Is(err, e2ee.ErrNoKey))

	exported := []byte("32 bytes from the MLS exporter..")
	epoch := e2ee.FrameEpoch{Number: 1, BaseKey: exported, Own: 0, Leaves: []uint32{0, 1}}
	if err := errors.Join(alice.Install(epoch), alice.SwitchSend(1)); err != nil {
		log.Fatal(err)
	}
	epoch.Own = 1
	streams := []e2ee.Stream{{Ctx: 1, MID: "1", Kind: e2ee.StreamVideo, Codec: "VP8"}}
	if err := errors.Join(bob.Install(epoch), bob.Declare(0, streams)); err != nil {
		log.Fatal(err)
	}

	clear := []byte{0} // VP8: one byte says key frame or not
	sealed, err := camera.Seal(nil, clear, []byte("a picture"))
	if err != nil {
		log.Fatal(err)
	}
	frame, err := picture.Open(nil, clear, sealed)
	fmt.Printf("%s, %v\n", frame, err)
	_, err = picture.Open(nil, clear, sealed)
	fmt.Println(errors.Is(err, e2ee.ErrReplay), bob.Stats().Replayed)
	// Output:
	// true
	// a picture, <nil>
	// true 1
}
