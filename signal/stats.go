package signal

// Stats is what a relay has stored since it started, whoever sent it.
type Stats struct {
	Envelopes uint64 // packets
	Bytes     uint64 // of their bodies
}
