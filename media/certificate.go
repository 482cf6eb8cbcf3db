package media

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pion/webrtc/v4"
)

// A Certificate is the one DTLS certificate of a call: self-signed, ECDSA P-256. Nobody trusts it for what it says; its
// fingerprint is what the signed messages of the call carry.
type Certificate struct {
	cert        *webrtc.Certificate
	fingerprint [32]byte
}

// NewCertificate makes a fresh certificate. One serves one call.
func NewCertificate() (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("media: certificate key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	prints, err := cert.GetFingerprints()
	if err != nil || len(prints) != 1 {
		return nil, fmt.Errorf("media: certificate fingerprint: %w", errors.Join(err, errNoFingerprint))
	}
	sum, err := parseFingerprint(prints[0].Algorithm + " " + prints[0].Value)
	if err != nil {
		return nil, err
	}
	return &Certificate{cert: cert, fingerprint: sum}, nil
}

// Fingerprint is the SHA-256 of the certificate in DER.
func (c *Certificate) Fingerprint() [32]byte { return c.fingerprint }

// Format prints the fingerprint alone, whatever the verb: the private key never appears.
func (c *Certificate) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Certificate(%x)", c.fingerprint[:4])
}

// LogValue keeps the private key out of logs.
func (c *Certificate) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
