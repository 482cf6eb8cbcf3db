package mls

import (
	"fmt"
	"log/slog"
)

// Whatever holds a key prints as its name alone, under every fmt verb and in slog. The receivers are values, so that
// neither a copy nor a pointer prints more. Keys also sit behind two pointers: fmt follows one, where a verb does not
// fit, and calls no method of an unexported field.

func redact(f fmt.State, name string) { _, _ = fmt.Fprint(f, "mls."+name+"(redacted)") }
func redacted(name string) slog.Value { return slog.StringValue("mls." + name + "(redacted)") }

// Format keeps keys out of every fmt verb.
func (g Group) Format(f fmt.State, _ rune) { redact(f, "Group") }

// LogValue keeps keys out of slog.
func (g Group) LogValue() slog.Value { return redacted("Group") }

// Format keeps keys out of every fmt verb.
func (s KeyPackageSecrets) Format(f fmt.State, _ rune) { redact(f, "KeyPackageSecrets") }

// LogValue keeps keys out of slog.
func (s KeyPackageSecrets) LogValue() slog.Value { return redacted("KeyPackageSecrets") }

// Format keeps the signer's key out of every fmt verb.
func (cfg Config) Format(f fmt.State, _ rune) { redact(f, "Config") }

// LogValue keeps the signer's key out of slog.
func (cfg Config) LogValue() slog.Value { return redacted("Config") }

// Format keeps the signer's key out of every fmt verb.
func (l LeafChange) Format(f fmt.State, _ rune) { redact(f, "LeafChange") }

// LogValue keeps the signer's key out of slog.
func (l LeafChange) LogValue() slog.Value { return redacted("LeafChange") }

// Format keeps the signer's key out of every fmt verb.
func (o Outsider) Format(f fmt.State, _ rune) { redact(f, "Outsider") }

// LogValue keeps the signer's key out of slog.
func (o Outsider) LogValue() slog.Value { return redacted("Outsider") }
