package main

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// What somebody here may want: on stdin, by the control socket, or by a signal.
const (
	verbRing    = "ring"
	verbHangup  = "hangup"
	verbAnswer  = "answer"
	verbTalkOn  = "talk on"
	verbTalkOff = "talk off"
)

// command does what somebody here wants.
func (k *kiosk) command(verb string) reply {
	switch verb {
	case verbRing:
		return k.ringOut()
	case verbHangup:
		return k.hangUp()
	case verbAnswer:
		return k.answerBell()
	case verbTalkOn, verbTalkOff:
		return k.pushToTalk(verb == verbTalkOn)
	}
	return reply{false, "not understood: ring (or an empty line), hangup, answer, talk on, talk off"}
}

// pushToTalk opens the microphone, or closes it.
func (k *kiosk) pushToTalk(on bool) reply {
	switch {
	case k.gear.talk != talkPush:
		return reply{false, "the microphone is open anyway: -talk ptt makes it push-to-talk"}
	case k.talk == nil:
		return reply{false, "there is no call"}
	}
	k.talk.media.push(on)
	if on {
		return reply{true, "talk"}
	}
	return reply{true, "listen"}
}

// want gives the loop a command and waits for its reply, which comes at once unless the loop hangs.
func (k *kiosk) want(ctx context.Context, verb string) (reply, bool) {
	answer := make(chan reply, 1)
	select {
	case k.inputs <- command{verb, answer}:
		return <-answer, true
	case <-ctx.Done():
	case <-k.gone:
	}
	return reply{}, false
}

// listen takes a command for each line; an empty one is the button. It returns at the end of in.
func (k *kiosk) listen(ctx context.Context, in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		verb := strings.Join(strings.Fields(strings.ToLower(lines.Text())), " ")
		if verb == "" {
			verb = verbRing
		}
		r, ok := k.want(ctx, verb)
		if !ok {
			return
		}
		k.log.Print(r.text)
	}
}

// press is the button as a signal.
func (k *kiosk) press(ctx context.Context) {
	if r, ok := k.want(ctx, verbRing); ok {
		k.log.Print(r.text)
	}
}
