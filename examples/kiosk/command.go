package main

import "context"

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

// want gives the loop a command and waits for its reply, which comes at once unless the loop hangs: then it gives errHangs.
func (k *kiosk) want(ctx context.Context, verb string) (reply, error) {
	answer := make(chan reply, 1)
	select {
	case k.inputs <- command{verb, answer}:
		return <-answer, nil
	case <-ctx.Done():
	case <-k.gone:
	}
	return reply{}, errHangs
}
