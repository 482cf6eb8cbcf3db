//go:build cgo

package device

import (
	"os"
	"path/filepath"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// cameraLinks is where udev names cameras.
const cameraLinks = "/dev/v4l"

// A place is what udev calls a camera: by its own name, which two of one model share if they have no serial numbers, and by its
// port. The link of a shared name goes to either, and to the other one when that is pulled.
type place struct{ id, port string }

// places are the names of all nodes. Without udev there are none.
func places(links string) map[string]place {
	all := make(map[string]place)
	for _, by := range []string{"by-path", "by-id"} {
		dir := filepath.Join(links, by)
		names, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			target, err := os.Readlink(filepath.Join(dir, name.Name()))
			if err != nil {
				continue
			}
			p := all[filepath.Base(target)]
			if by == "by-id" {
				p.id = name.Name()
			} else {
				p.port = name.Name()
			}
			all[filepath.Base(target)] = p
		}
	}
	return all
}

// cameraIDs are the ids of cameras, by node, of which names are what they call themselves: the name that udev has for it, or else
// that of the port. Where several call themselves alike and not each has a name of its own, it is the port for all of them.
func cameraIDs(links string, names map[string]string) map[string]string {
	all := places(links)
	count, own := make(map[string]int), make(map[string]int)
	for node, name := range names {
		count[name]++
		if all[node].id != "" {
			own[name]++
		}
	}
	ids := make(map[string]string)
	for node, name := range names {
		p := all[node]
		switch {
		case p.id != "" && (count[name] == own[name] || p.port == ""):
			ids[node] = p.id
		case p.port != "":
			ids[node] = p.port
		default:
			ids[node] = node
		}
	}
	return ids
}

// cameraNode is the node of an id that listCameras gave: now, for a camera that comes back may get another.
func cameraNode(links, id string) string {
	for node, p := range places(links) {
		if p.id == id || p.port == id {
			return node
		}
	}
	return id
}

// cameraWords are other words for the camera of this id: its node, and its port, which is its id as long as another one shares
// its name.
func cameraWords(links, id string) []string {
	node := cameraNode(links, id)
	return []string{"/dev/" + node, node, places(links)[node].port}
}

// A whereabouts finds a camera again.
type whereabouts struct {
	links    string
	id, name string
	port     string    // where it was last
	seen     time.Time // when its last picture came

	ask  func(node string) string    // what the camera there calls itself
	made func(node string) time.Time // since when the node has been there
}

// node is where the camera is now. One of the same model, for which udev may use the same name, is not taken for it where that
// can be told: it was there already while ours was, or ours is where it was.
func (w *whereabouts) node() (string, error) {
	all := places(w.links)
	node := cameraNode(w.links, w.id)
	if p := all[node]; p.id == w.id && p.port != w.port && w.port != "" {
		old := cameraNode(w.links, w.port)
		switch {
		case old != w.port && w.ask(old) == w.name:
			node = old
		case w.made(node).Before(w.seen):
			return "", &media.DeviceError{Device: w.name, Fault: media.DeviceGone,
				Advice: "plug it in again: the other camera of this name is not taken for it"}
		}
	}
	if p := all[node].port; p != "" { // else it is away, and may come back there
		w.port = p
	}
	return node, nil
}

// madeAt is when a node was made, as far as that is known.
func madeAt(node string) time.Time {
	info, err := os.Stat("/dev/" + node)
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}
