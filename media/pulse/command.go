package pulse

import "strconv"

// The commands in use, numbered as in PulseAudio's src/pulsecore/native-common.h.
const (
	cmdError                       = 0
	cmdReply                       = 2
	cmdCreatePlaybackStream        = 3
	cmdCreateRecordStream          = 5
	cmdAuth                        = 8
	cmdSetClientName               = 9
	cmdGetPlaybackLatency          = 14
	cmdGetServerInfo               = 20
	cmdGetSinkInfoList             = 22
	cmdGetSourceInfoList           = 24
	cmdGetModuleInfoList           = 26
	cmdSubscribe                   = 35
	cmdGetRecordLatency            = 57
	cmdSetPlaybackStreamBufferAttr = 72

	// From the server alone.
	cmdRequest                 = 61
	cmdUnderflow               = 63
	cmdPlaybackStreamKilled    = 64
	cmdRecordStreamKilled      = 65
	cmdSubscribeEvent          = 66
	cmdPlaybackStreamSuspended = 76
	cmdRecordStreamSuspended   = 77
	cmdPlaybackStreamMoved     = 78
	cmdRecordStreamMoved       = 79
	cmdStarted                 = 86
)

// Versions of the protocol. Every server since 2012 (PulseAudio 2.0) speaks at least the older, PipeWire's too. The upper
// bits of a version are offers of shared memory, which we neither make nor take.
const (
	oldest      = 26
	newest      = 32
	versionMask = 0xFFFF
)

// A serverError is a code that the server answers a request with.
type serverError uint32

const (
	errAccess  serverError = 1
	errNoSuch  serverError = 5
	errBadAuth serverError = 9
	errState   serverError = 15
	errBusy    serverError = 26
)

var serverErrors = map[serverError]string{
	errAccess: "access denied", 2: "unknown command", 3: "invalid argument", 4: "entity exists", errNoSuch: "no such entity",
	6: "connection refused", 7: "protocol error", 8: "timeout", errBadAuth: "no authentication key", 10: "internal error",
	11: "connection terminated", 12: "entity killed", 13: "invalid server", 14: "module initialisation failed",
	errState: "bad state", 16: "no data", 17: "incompatible protocol version", 18: "too large", 19: "not supported",
	20: "unknown error", 21: "no such extension", 22: "obsolete", 23: "missing implementation", 24: "client forked",
	25: "input/output error", errBusy: "device or resource busy",
}

func (e serverError) Error() string {
	if s, ok := serverErrors[e]; ok {
		return "the server says: " + s
	}
	return "the server says: error " + strconv.FormatUint(uint64(e), 10)
}
