package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

const (
	certificateLife = 90 * 24 * time.Hour
	renewBefore     = 7 * 24 * time.Hour
)

// certificate makes one for these hosts, or takes the one in file if it fits: who told a browser to accept it need not do
// so again. An empty file keeps nothing.
func certificate(file string, hosts []string) (tls.Certificate, error) {
	if file == "" {
		c, _, err := selfSigned(hosts)
		return c, err
	}
	c, err := tls.LoadX509KeyPair(file, file)
	switch {
	case err == nil && fits(c, hosts):
		return c, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return c, fmt.Errorf("%s: %w (remove it, and another is made)", file, err)
	}
	c, text, err := selfSigned(hosts)
	if err != nil {
		return c, err
	}
	return c, os.WriteFile(file, text, 0o600)
}

func fits(c tls.Certificate, hosts []string) bool {
	if time.Until(c.Leaf.NotAfter) < renewBefore {
		return false
	}
	for _, h := range hosts {
		if c.Leaf.VerifyHostname(h) != nil {
			return false
		}
	}
	return true
}

// selfSigned makes a certificate, which can sign no other, and its text with the key.
func selfSigned(hosts []string) (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "browsercall"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	c, err := tls.X509KeyPair(text, text)
	return c, text, err
}

// fingerprintOf is SHA-256 of a certificate as browsers show it.
func fingerprintOf(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}
