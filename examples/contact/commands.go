package main

import (
	"flag"
	"strings"
	"time"
)

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}

func commands() []command {
	var name, label, by, via, newFile string
	var relays list
	var ttl time.Duration
	var self, undo, forget, card bool
	return []command{
		{"new", "", func(p *program, args []string) error { return p.create(name, relays) },
			func(f *flag.FlagSet) {
				f.StringVar(&name, "name", "", "what we call ourselves in invitations")
				f.Var(&relays, "relay", "`URL` of the relay where our mailbox is; may be repeated")
			}},
		{"show", "[CONTACT]", func(p *program, args []string) error { return p.show(args, card) },
			func(f *flag.FlagSet) {
				f.BoolVar(&card, "card", false, "for a CONTACT: also print our own URI with a token for it alone (a secret)")
			}},
		{"invite", "", func(p *program, args []string) error { return p.invite(ttl, label) },
			func(f *flag.FlagSet) {
				f.DurationVar(&ttl, "ttl", 24*time.Hour, "how long the invitation is good")
				f.StringVar(&label, "name", "", "whom it is for: becomes the contact's name")
			}},
		{"add", "TEXT | -", func(p *program, args []string) error { return p.add(args, label) },
			func(f *flag.FlagSet) {
				f.StringVar(&label, "name", "", "our own name for the contact (default: what it calls itself)")
			}},
		{"verify", "CONTACT", func(p *program, args []string) error { return p.verify(args, forget) },
			func(f *flag.FlagSet) { f.BoolVar(&forget, "forget", false, "mark it as not verified") }},
		{"revoke", "CONTACT", func(p *program, args []string) error {
			if self {
				return p.revokeSelf(by, via, args)
			}
			return p.revoke(args, undo)
		}, func(f *flag.FlagSet) {
			f.BoolVar(&self, "self", false, "print a statement that our own identity is not to be trusted any more")
			f.StringVar(&by, "replaced-by", "", "with -self: the identity `file` that takes its place")
			f.StringVar(&via, "relay", "", "with -self: also send it to each contact, by the relay at `URL`, which is ours, and theirs")
			f.BoolVar(&undo, "undo", false, "let the contact ring again")
		}},
		{"list", "", func(p *program, args []string) error { return p.list() }, nil},
		{"passphrase", "", func(p *program, args []string) error { return p.changePassphrase(newFile) },
			func(f *flag.FlagSet) {
				f.StringVar(&newFile, "new-passphrase-file", "", "read the new passphrase from `file`")
			}},
		{"export", "FILE", func(p *program, args []string) error { return p.export(args, newFile) },
			func(f *flag.FlagSet) {
				f.StringVar(&newFile, "new-passphrase-file", "", "read the export's passphrase from `file`")
			}},
		{"import", "FILE", func(p *program, args []string) error { return p.importFrom(args, newFile) },
			func(f *flag.FlagSet) {
				f.StringVar(&newFile, "new-passphrase-file", "", "read the passphrase under which it is kept here from `file`")
			}},
	}
}
