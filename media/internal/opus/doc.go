// Package opus encodes and decodes Opus (RFC 6716, RFC 8251) for speech in calls.
package opus
