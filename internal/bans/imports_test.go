package bans

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/sotto-calls/sotto/"

// A rule bans imports with a prefix from the packages below a folder.
type rule struct {
	from   string   // folder below the module, "" for all
	except []string // folders below it to which the rule does not apply
	ban    string   // prefix of an import path
	tests  bool     // holds in tests too
	why    string
}

// rivals are what tests in browsers compare the SDK with: a call on the stack alone, and the lossy network that both are
// put on. Nothing but tests runs them.
var rivals = []string{"examples/browsercall/internal/bare", "examples/browsercall/internal/lossy"}

// linked are the packages that have C below them where cgo is on, and build without it.
var linked = []string{"media/device", "media/internal/opus"}

var rules = []rule{
	{from: "signal", ban: module + "e2ee", tests: false, why: "a transport carries opaque bytes: it can be written by anyone and trusted by no one"},
	{from: "signal", ban: module + "media", why: "a transport does not know what a call is"},
	{from: "signal", ban: module + "call", why: "imports point one way"},
	{from: "e2ee", ban: module + "signal", why: "keys do not depend on how they travel"},
	{from: "e2ee", ban: module + "media", why: "keys do not depend on what they protect"},
	{from: "e2ee", ban: module + "call", why: "imports point one way"},
	{from: "media", ban: module + "signal", why: "media knows its peer by fingerprint alone"},
	{from: "media", ban: module + "e2ee", why: "media sees Sealer and Opener, never a key"},
	{from: "media", ban: module + "call", why: "imports point one way"},
	{from: "internal", except: []string{"internal/bans"}, ban: module + "call", why: "imports point one way"},
	{from: "", except: append([]string{"media", "internal/sim"}, rivals...), ban: "github.com/pion/", why: "one package owns the PeerConnection; the rest could be moved to another stack"},
	{from: "", except: []string{"internal/wire"}, ban: "github.com/fxamacker/cbor", tests: true, why: "one strict decoder for every byte that a peer sends"},
	{from: "", except: linked, ban: "github.com/pion/mediadevices", tests: true, why: "what has cgo below it is a leaf that is chosen by who builds"},
	{from: "", except: []string{"media/device"}, ban: "github.com/gen2brain/malgo", tests: true, why: "the default build needs no cgo"},
	{from: "", except: []string{"media/internal/opus"}, ban: "github.com/tetratelabs/wazero", tests: true, why: "one package runs WebAssembly, and only what is embedded in it"},
	{from: "", except: []string{"media/internal/opus"}, ban: "github.com/pion/opus", tests: true, why: "one package decodes Opus"},
	{from: "", except: append([]string{"signal/websocket"}, rivals...), ban: "github.com/coder/websocket", why: "one transport speaks WebSocket"},
	{from: "", except: []string{"e2ee"}, ban: "golang.org/x/crypto", why: "one package owns cryptography"},
	{from: "", ban: "math/rand", except: append([]string{"signal", "internal/sim", "media"}, rivals...), why: "keys, nonces and tokens come from crypto/rand; only jitter and emulated networks may be guessed"},
	{from: "", except: []string{"e2ee/sframe"}, ban: "unsafe", why: "memory safety is half of the defence against hostile bytes (sframe compares addresses, and dereferences none)"},
	{from: "examples/browsercall/internal/bare", ban: module + "call", why: "what the SDK is compared with has none of it"},
	{from: "examples/browsercall/internal/bare", ban: module + "e2ee", why: "what the SDK is compared with has none of it"},
	{from: "examples/browsercall/internal/bare", ban: module + "media", why: "what the SDK is compared with has none of it"},
	{from: "examples/browsercall/internal/bare", ban: module + "signal", why: "what the SDK is compared with has none of it"},
	{from: "", except: linked, ban: "C", tests: true, why: "the default build needs no cgo"},
}

// pure lists what the file that holds the call machine may import: it reads no clock, does no I/O and draws no randomness.
var pure = map[string]bool{"fmt": true, "slices": true, "time": true}

func TestImports(t *testing.T) {
	checked := 0
	each(t, func(dir string, p *build.Package) {
		checked++
		for _, r := range rules {
			if !applies(r, dir) {
				continue
			}
			imports := p.Imports
			if r.tests {
				imports = append(append(imports, p.TestImports...), p.XTestImports...)
			}
			for _, i := range imports {
				if i == strings.TrimSuffix(r.ban, "/") || strings.HasPrefix(i, r.ban) && (strings.HasSuffix(r.ban, "/") || under(i, r.ban)) {
					t.Errorf("%s imports %s: %s", dir, i, r.why)
				}
			}
		}
		external(t, dir, p)
	})
	if checked < 12 {
		t.Errorf("%d packages checked; the walk misses some", checked)
	}
}

// external holds e2ee to the standard library, x/crypto and internal: what guards the keys is small enough to be read.
func external(t *testing.T, dir string, p *build.Package) {
	if !under(dir, "e2ee") {
		return
	}
	for _, i := range p.Imports {
		first, _, _ := strings.Cut(i, "/")
		if strings.Contains(first, ".") && !strings.HasPrefix(i, "golang.org/x/crypto/") && !strings.HasPrefix(i, module) {
			t.Errorf("%s imports %s: e2ee has the standard library, x/crypto and internal alone", dir, i)
		}
	}
}

func TestTheMachineIsPure(t *testing.T) {
	files, err := filepath.Glob("../../call/machine*.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range append(files, "../../call/timer.go", "../../call/input.go", "../../call/effect.go") {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		checked++
		for _, i := range fileImports(t, f) {
			if !pure[i] {
				t.Errorf("%s imports %s: the machine is a function of its inputs", f, i)
			}
		}
	}
	if checked < 6 {
		t.Errorf("%d files checked", checked)
	}
}

func applies(r rule, dir string) bool {
	if !under(dir, r.from) {
		return false
	}
	for _, e := range r.except {
		if under(dir, e) {
			return false
		}
	}
	return true
}

func under(path, folder string) bool {
	return folder == "" || path == folder || strings.HasPrefix(path, folder+"/")
}

// each calls f with every package of the module.
func each(t *testing.T, f func(dir string, p *build.Package)) {
	t.Helper()
	root := "../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if n := d.Name(); n == "testdata" || path != root && strings.HasPrefix(n, ".") || n == "tools" {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(path, 0)
		if _, none := err.(*build.NoGoError); none {
			return nil
		}
		if err != nil {
			return err
		}
		dir, _ := filepath.Rel(root, path)
		f(filepath.ToSlash(dir), p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
