// Package device is the machine's own camera, screen, microphone and speaker.
package device
