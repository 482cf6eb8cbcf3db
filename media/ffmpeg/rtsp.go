package ffmpeg

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// RTSPOptions say how a network camera is asked. The zero value is right for most.
type RTSPOptions struct {
	UDP     bool          // media in UDP packets of their own, not inside the RTSP connection: less delay, and losses
	Timeout time.Duration // how long the camera may be silent; 0: 5 s
}

// RTSP is a network camera by its URL, rtsp:// or rtsps://, which may hold a user name and a password. Errors, events and names
// show its host and port only, as many cameras take a password in the path. But ffmpeg takes the URL as an argument: whoever can
// list this machine's processes sees it. ffmpeg does not check the certificate of rtsps://.
func RTSP(address string, o RTSPOptions) Input {
	in := Input{name: "rtsp", format: "rtsp", live: true, protocol: "rtsp,rtp,tcp,udp,tls,srtp,crypto"}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		in.err = errors.New("ffmpeg: RTSP: that is not a URL: write odd characters of a password as %XX") // err holds it
		return in
	case u.Scheme != "rtsp" && u.Scheme != "rtsps":
		in.err = errors.New("ffmpeg: RTSP: the URL must begin with rtsp:// or rtsps://")
		return in
	case u.Hostname() == "" || u.Opaque != "":
		in.err = errors.New("ffmpeg: RTSP: the URL names no host")
		return in
	}
	u.Fragment = ""
	in.url, in.secrets = u.String(), secretsOf(u)
	in.name = u.Scheme + "://" + u.Host
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = 5 * time.Second
	}
	in.options = map[string]string{"rtsp_transport": "tcp", "timeout": fmt.Sprint(timeout.Microseconds())}
	if o.UDP {
		in.options["rtsp_transport"] = "udp"
	}
	return in
}

// secretsOf are the texts of a URL that ffmpeg may repeat and nobody shall read. What is shorter than four bytes is taken
// out as part of a URL only: every such text would be full of holes.
func secretsOf(u *url.URL) []string {
	password, _ := u.User.Password()
	var out []string
	candidates := []string{u.User.String(), password, url.QueryEscape(password), url.PathEscape(password), u.RawQuery, u.EscapedPath(), u.Path}
	if _, escaped, ok := strings.Cut(u.User.String(), ":"); ok {
		candidates = append(candidates, escaped)
	}
	for _, s := range candidates {
		if len(s) >= 4 {
			out = append(out, s)
		}
	}
	return out
}

// forVersion gives the timeout the name that it has in this version: before 5 "timeout" made ffmpeg wait for a camera to
// call.
func (in Input) forVersion(p program) Input {
	if in.format != "rtsp" || p.major >= 5 || in.options["timeout"] == "" {
		return in
	}
	options := map[string]string{"stimeout": in.options["timeout"]}
	for key, value := range in.options {
		if key != "timeout" {
			options[key] = value
		}
	}
	in.options = options
	return in
}
