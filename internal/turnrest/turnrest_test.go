package turnrest

import (
	"errors"
	"testing"
	"time"
)

func TestPassword(t *testing.T) {
	// printf %s 1700000000:abc | openssl dgst -sha1 -hmac "a shared secret!" -binary | base64
	const want = "is/I5nSDbsj/GJbiQMs4wu39Vio="
	if got := Password([]byte("a shared secret!"), "1700000000:abc"); got != want {
		t.Fatalf("password %q, want %q", got, want)
	}
}

func TestNew(t *testing.T) {
	expires := time.Unix(1700000000, 0)
	user, pass := New([]byte("secret"), expires)
	other, _ := New([]byte("secret"), expires)
	if user == other {
		t.Error("two credentials with one name")
	}
	if pass != Password([]byte("secret"), user) {
		t.Error("password does not belong to the name")
	}
	if got, ok := Expires(user); !ok || !got.Equal(expires) {
		t.Errorf("expires %v, %t", got, ok)
	}
}

func TestExpiresRefuses(t *testing.T) {
	for _, name := range []string{"", ":", "1700000000", "x:y", "-5:a", "0:a", "99999999999999999999:a",
		"1700000000:0123456789012345678901234567890123456789012345678901234567890"} {
		if _, ok := Expires(name); ok {
			t.Errorf("%q accepted", name)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Check(make([]byte, 15)); !errors.Is(err, ErrSecret) {
		t.Errorf("15 bytes: %v", err)
	}
	if err := Check(make([]byte, 16)); err != nil {
		t.Errorf("16 bytes: %v", err)
	}
}
