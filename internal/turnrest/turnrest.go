// Package turnrest makes and checks the short-lived credentials by which a TURN server and whoever hands out access to it
// agree without talking to each other: they share a secret. The form is the one of coturn's use-auth-secret and of
// draft-uberti-behave-turn-rest-00: username = expiry:random, password = base64(HMAC-SHA1(secret, username)).
//
// HMAC with SHA-1 is sound although SHA-1 no longer resists collisions; other servers accept nothing else.
package turnrest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// MinSecret is the smallest secret in bytes that Check accepts.
const MinSecret = 16

// ErrSecret: the secret is too short to be one.
var ErrSecret = errors.New("turnrest: secret is shorter than 16 bytes")

// Check refuses a secret that is too short.
func Check(secret []byte) error {
	if len(secret) < MinSecret {
		return ErrSecret
	}
	return nil
}

// New returns credentials that open an allocation until expires. The name says nothing about who has them.
func New(secret []byte, expires time.Time) (username, password string) {
	var r [8]byte
	rand.Read(r[:])
	username = strconv.FormatInt(expires.Unix(), 10) + ":" + hex.EncodeToString(r[:])
	return username, Password(secret, username)
}

// Password is the password that belongs to a username.
func Password(secret []byte, username string) string {
	h := hmac.New(sha1.New, secret)
	h.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Expires reads the expiry out of a username; it is false for what is not of the form, and for names over 64 bytes.
func Expires(username string) (time.Time, bool) {
	stamp, _, ok := strings.Cut(username, ":")
	n, err := strconv.ParseInt(stamp, 10, 64)
	if !ok || err != nil || n <= 0 || len(username) > 64 {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}
