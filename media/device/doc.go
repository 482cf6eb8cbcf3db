// Package device is the machine's own camera, screen, microphone and speaker. It needs cgo.
//
// # Use
//
// OpenCamera and OpenScreen return a Video, which is a media.Source like any other; Microphone and Speaker return what
// package media/pcm opens a device with, once and again after it was away or muted:
//
//	camera, err := device.OpenCamera(device.VideoConfig{})                                // the default camera, 640x360, H264
//	mic, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: device.Microphone("")})      // the default microphone
//	speaker, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: device.Speaker("")})
//
// List says what there is. A device is named by its id, its name or part of its name; the id is the one to store. What is
// wrong with a device is a *media.DeviceError, which says what to do next; faults of a VideoConfig are joined.
//
// # Build
//
// CGO_ENABLED=1, gcc and g++ are enough: OpenH264 comes with pion/mediadevices as a static library, miniaudio with malgo as
// source, the X server is spoken to in Go. The tag vpx adds VP8, and needs libvpx with its headers and pkg-config. Without
// cgo the package builds, and every function that opens or lists returns media.DeviceNotBuilt; media/ffmpeg and media/pulse
// do the same work without cgo. Nothing is opened, started or loaded by importing the package.
//
// # When devices go
//
// Muted, a device is let go, lamp and all, and opened again afterwards. A device that is pulled is told through Notify: at
// once for a camera or a screen, after 1.5 s for a microphone or speaker of PulseAudio, which says nothing about it itself.
// A Video then tries the device again every 0.2 to 2 s; for sound package media/pcm does. A camera is found again by its id
// in whatever node it gets. Where udev gives no id (/dev/v4l), the id is the node, and another camera may take its place. Two of
// one model without serial numbers have one name in udev: both go by their ports, and one that came while the other was in use is
// not taken for it. One that came while the other was muted, and was pulled then, may be.
// A microphone or speaker that was named is likewise found again by its id alone, and no monitor takes its place. From
// PulseAudio the default microphone is the one that is the default when it is opened: a server that moved it later might
// move it to a monitor. The default speaker follows the system's.
//
// # Goroutines
//
// A Video has one, from the first Read until Close: it holds the device, takes pictures, scales them and calls Notify. The
// picture is encoded by the goroutine that calls Read; one that is late gets the newest picture, and none twice. A
// microphone or speaker has miniaudio's thread and one goroutine that watches over it. The context of an open ends that
// call: what comes open too late is closed. Close returns when the goroutines have ended, in two cases after a wait: a sound
// system that does not answer is waited for two seconds, an X server that does not answer as long as it takes.
//
// # Limits
//
// Tested on Linux, x86-64: PulseAudio with null sinks, Xvfb, and the kernel's own test camera vivid in a virtual machine.
// Microphone and speaker should work on Windows, for which it was built and where it never ran, and on macOS, for which it
// was not even built. Cameras are Linux's alone (V4L2), screens X11's, at a depth of 24; elsewhere, and for the screen of a
// Wayland session, there is media/ffmpeg. A display is taken as a whole, all monitors beside each other, without the
// pointer.
//
// OpenH264 is constrained baseline, with key frames only where they are asked for or the scene changes. Beyond 1280x720 at
// 30 its level is above the 3.1 that is offered in a call; Chromium plays it all the same. It writes one line of its own to
// stderr when an encoder is made. Both encoders skip pictures rather than overshoot their bitrate. Of noise at a high bitrate
// OpenH264 makes more than its buffer holds, and ends: the picture is left out, and an encoder at half the bitrate goes on.
//
// Sound is 48 kHz and mono. The delay that is told is what waits here and in one period; the sound system's own is not
// known to miniaudio. ALSA's library writes to stderr what it does not find; it is tried where there is a card and no
// PulseAudio. macOS gives silence to a program that may not use the microphone, and no error.
//
// # Why not more of mediadevices
//
// Its driver for microphones opens the sound system at import and panics without one, its camera driver opens every camera
// at import and forgets all other video drivers when asked to look again, and neither tells of devices that come and go. So
// cameras are read by V4L2 directly (blackjack/webcam, beneath mediadevices, gives neither the size that a camera chose nor
// the length of its rows nor the time of a picture), and sound goes through malgo, on which mediadevices is built too. Its
// wrapper of libvpx cannot set the speed, which makes a picture cost ten times as much. Its OpenH264, and its decoder of
// Motion JPEG, are used.
//
// Standards: V4L2 (https://docs.kernel.org/userspace-api/media/v4l/), MIT-SHM of X11, ITU-T H.264, RFC 6386 (VP8),
// ITU-R BT.601 for colours.
package device
