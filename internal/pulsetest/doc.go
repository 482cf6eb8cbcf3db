// Package pulsetest runs a PulseAudio server of its own for a test, with null sinks in place of speakers and microphones.
//
//	server := pulsetest.Start(t, "mic", "speaker")
//
// What is played into the sink "mic" is heard by who records its monitor, "mic.monitor": so a null sink is a cable, and
// its monitor serves as a microphone; Play speaks into it. PULSE_SERVER names the server for the rest of the test, so clients find it without
// being told. Sinks and other modules come and go during the test as devices do. The first sink and its monitor are the
// server's defaults.
//
// Each test has its own server, directory and socket: any number may run at once, but not within one process in parallel,
// since the environment belongs to the process. It needs pulseaudio, pactl and pacat; without them a test is skipped with the
// reason, or fails if SOTTO_REQUIRE=1. The server ends with the test, also with one that crashed. No goroutine outlives
// the test.
package pulsetest
