package ffmpeg

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// An Input is something that ffmpeg can read. It is made by [File], [RTSP], [Camera], [Screen] or [Format]; what is wrong
// with their arguments is told by whoever opens it. The zero Input is invalid.
type Input struct {
	name    string // for people: no credentials
	format  string // ffmpeg's name of it; "": found out
	url     string
	options map[string]string
	secrets []string // never to be shown

	file     string // a path, instead of url
	live     bool   // it paces itself, does not end, and is taken up again
	rush     bool   // live, but it would run as fast as it can: ffmpeg is told to pace it
	media    known
	protocol string // what ffmpeg may open; "": anything
	err      error
}

// known says what is in an input without asking.
type known uint8

const (
	unknownMedia known = iota
	onlyVideo
	onlyAudio
)

// containers are the kinds of files that [File] reads: those that hold media, not those that name other files.
const containers = "3gp,aac,ac3,aiff,amr,ape,asf,au,av1,avi,caf,dts,dv,eac3,flac,flv,gif,h261,h263,h264,hevc,image2," +
	"bmp_pipe,gif_pipe,jpeg_pipe,pam_pipe,pgm_pipe,png_pipe,ppm_pipe,tiff_pipe,webp_pipe," +
	"ivf,m4v,matroska,mjpeg,mov,mp3,mp4,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,tta,vob,voc,w64,wav,webm,wv,yuv4mpegpipe"

// File is the media file of that name, whatever the name looks like to ffmpeg: "http://a" or "a|b" or "-y" is a file here.
// It ends with io.EOF unless Config.Loop is set. A list of other files (HLS, concat, SDP) is refused, since who made it
// would choose what is read and sent: use [Format] for lists of your own.
func File(path string) Input {
	in := Input{name: filepath.Base(path), file: path, protocol: "file"}
	if path == "" {
		in.err = errors.New("ffmpeg: the path is empty")
	} else if strings.ContainsRune(path, 0) {
		in.err = errNUL
	}
	return in
}

// Camera is a camera of this machine: on Linux a V4L2 device ("/dev/video0", which is the default), on macOS the name or
// number that ffmpeg -f avfoundation -list_devices true -i "" shows (default "0"), on Windows the name that
// ffmpeg -f dshow -list_devices true -i dummy shows (no default).
func Camera(device string) Input {
	in := Input{name: device, live: true, media: onlyVideo, options: map[string]string{}}
	switch runtime.GOOS {
	case "linux":
		in.format, in.url = "v4l2", orDefault(device, "/dev/video0")
	case "darwin":
		in.format, in.url = "avfoundation", orDefault(device, "0")+":none"
		in.options["framerate"] = "30" // the format's default, 29.97, is refused by most cameras
	case "windows":
		in.format, in.url = "dshow", "video="+device
		if device == "" {
			in.err = errors.New("ffmpeg: Camera needs a name on Windows: ffmpeg -f dshow -list_devices true -i dummy lists them")
		}
	default:
		in.err = errors.New("ffmpeg: Camera does not know the cameras of " + runtime.GOOS + ": use Format")
	}
	return in.asDevice(device, "camera")
}

// Screen is what a screen shows: on Linux an X11 display (":0.0+10,20" begins at a point; default $DISPLAY), on macOS the
// number of an avfoundation screen (default "0"), on Windows the whole desktop or "title=" and the title of a window.
// ffmpeg cannot read a Wayland screen.
func Screen(display string) Input {
	in := Input{name: display, live: true, media: onlyVideo, options: map[string]string{}}
	switch runtime.GOOS {
	case "linux":
		in.format, in.url = "x11grab", orDefault(display, os.Getenv("DISPLAY"))
		if in.url == "" {
			in.err = errors.New("ffmpeg: Screen: no display is named and DISPLAY is not set")
		}
	case "darwin":
		in.format, in.url = "avfoundation", "Capture screen "+orDefault(display, "0")+":none"
		in.options["framerate"] = "30"
	case "windows":
		in.format, in.url = "gdigrab", orDefault(display, "desktop")
	default:
		in.err = errors.New("ffmpeg: Screen does not know the screens of " + runtime.GOOS + ": use Format")
	}
	if runtime.GOOS == "linux" { // a display has colons
		return in.named(display, "screen")
	}
	return in.asDevice(display, "screen")
}

func (in Input) named(device, kind string) Input {
	in.name = orDefault(device, kind)
	if strings.ContainsRune(in.url, 0) {
		in.err = errNUL
	}
	return in
}

// asDevice refuses names that the format would take apart.
func (in Input) asDevice(device, kind string) Input {
	if in.err == nil && in.format != "v4l2" && strings.ContainsRune(device, ':') {
		in.err = fmt.Errorf("ffmpeg: %s %q: ffmpeg takes the colon for the end of the name: use the number, or the name with _ for it", kind, device)
	}
	return in.named(device, kind)
}

// formats that hold one kind of media only, and pace themselves.
var formats = map[string]known{
	"v4l2": onlyVideo, "video4linux2": onlyVideo, "x11grab": onlyVideo, "gdigrab": onlyVideo, "fbdev": onlyVideo,
	"kmsgrab": onlyVideo, "pulse": onlyAudio, "alsa": onlyAudio, "jack": onlyAudio, "oss": onlyAudio,
	"sndio": onlyAudio, "openal": onlyAudio,
}

// Format is anything else that ffmpeg knows: ("pulse", "default"), ("alsa", "hw:1"), ("lavfi", "testsrc2=size=640x360"),
// ("mpegts", "udp://239.0.0.1:1234"). It counts as live: when it ends it is begun again. format and the keys of options are
// of a to z, 0 to 9 and _; options are those of the format, as ffmpeg -h demuxer=… lists them. url means what it means to
// that format, which may be a command to ffmpeg (a filter graph, another protocol): it is for the program's author, not
// for text from elsewhere.
func Format(format, url string, options map[string]string) Input {
	in := Input{
		name: format + " " + redact(url, nil), format: format, url: url, options: maps.Clone(options),
		live: true, rush: format == "lavfi", media: formats[format],
	}
	if !formatName.MatchString(format) {
		in.err = fmt.Errorf("ffmpeg: format %q: its name must be of a to z, 0 to 9 and _", format)
	}
	if strings.ContainsRune(url, 0) {
		in.err = errNUL
	}
	in.err = errors.Join(in.err, checkOptions(options))
	return in
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// check says what is wrong with an input before anything is started.
func (in Input) check() error {
	if in.err == nil && in.url == "" && in.file == "" && in.format == "" {
		return errors.New("ffmpeg: the zero Input: make one by File, RTSP, Camera, Screen or Format")
	}
	return in.err
}

// source is an input as arguments, for ffmpeg and ffprobe alike. A file whose name ffmpeg could take for a pattern is opened
// here and inherited as descriptor fd, instead of named; the caller closes it.
func (in Input) source(fd int) (args []string, inherit *os.File, err error) {
	if in.protocol != "" {
		args = append(args, "-protocol_whitelist", in.protocol)
	}
	if in.file != "" {
		name, inherit, err := fileName(in.file, fd)
		return append(args, "-format_whitelist", containers, "-i", name), inherit, err
	}
	args = append(args, "-fflags", "+nobuffer", "-f", in.format)
	args = append(args, optionArgs(in.options)...)
	return append(args, "-i", in.url), nil, nil
}

// fileName is how ffmpeg is told of a file so that it takes the name for nothing else. The protocol "file:" ends all that
// a name could mean but for one: % in the name of a picture stands for a number (image2).
func fileName(path string, fd int) (name string, inherit *os.File, err error) {
	if info, err := os.Stat(path); err != nil {
		return "", nil, fmt.Errorf("ffmpeg: %w", err)
	} else if info.IsDir() {
		return "", nil, fmt.Errorf("ffmpeg: %q is a directory", path)
	}
	if !strings.ContainsRune(path, '%') {
		return "file:" + path, nil, nil
	}
	if !inherits {
		return "", nil, fmt.Errorf("ffmpeg: %q: ffmpeg may take the %% for a pattern: rename the file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("ffmpeg: %w", err)
	}
	dir := "/dev/fd"
	if runtime.GOOS == "linux" {
		dir = "/proc/self/fd"
	}
	return fmt.Sprintf("file:%s/%d", dir, fd), f, nil
}
