//go:build (amd64 || arm64) && (linux || darwin || windows || freebsd)

package opus

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// library is libopus as wasm/build.sh makes it.
//
//go:embed wasm/opus.wasm
var library []byte

// A sandbox is libopus compiled to machine code, of which every encoder and decoder is an instance with a memory of its own.
type sandbox struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// compiled compiles once a process, when it is first needed, and stays for its life.
var compiled = sync.OnceValues(compile)

// Prepare compiles what decoders need, unless that was done: 0.2 s, once a process. Who is called before a call begins calls
// it, so that the first frame does not wait. What is wrong with this machine, NewDecoder says.
func Prepare() { _, _ = compiled() }

// compile turns a panic into an error: wazero panics where the machine lacks what its compiler emits (SSE 4.1), or forbids
// memory that is executable.
func compile() (s *sandbox, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("opus: the sandbox does not run on this machine: %v: %w", r, ErrUnsupported)
		}
	}()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	m, err := r.CompileModule(ctx, library)
	if err != nil {
		_ = r.Close(ctx)
		return nil, fmt.Errorf("opus: the sandbox does not run on this machine: %w: %w", err, ErrUnsupported)
	}
	return &sandbox{runtime: r, module: m}, nil
}

// An instance is one libopus. Its memory has one size for ever, so views of it stay valid.
type instance struct {
	m       api.Module
	samples []byte // room for 120 ms of two channels
	packet  []byte // room for the longest packet
	stack   [5]uint64
}

func newInstance() (*instance, error) {
	s, err := compiled()
	if err != nil {
		return nil, err
	}
	m, err := s.runtime.InstantiateModule(context.Background(), s.module, wazero.NewModuleConfig())
	if err != nil {
		return nil, fmt.Errorf("opus: %w", err)
	}
	i := &instance{m: m}
	if i.samples, err = i.view("samples_at", 4*5760); err == nil {
		i.packet, err = i.view("packet_at", maxPacket)
	}
	if err != nil {
		_ = i.close()
		return nil, err
	}
	return i, nil
}

// view returns the bytes of the instance's memory that an exported function points to.
func (i *instance) view(name string, size uint32) ([]byte, error) {
	at, err := i.call(i.m.ExportedFunction(name))
	if err != nil {
		return nil, err
	}
	b, ok := i.m.Memory().Read(uint32(at), size)
	if !ok {
		return nil, fmt.Errorf("opus: %s is outside of the memory", name)
	}
	return b, nil
}

// call calls f with at most five arguments. An error means that the instance trapped and is of no more use.
func (i *instance) call(f api.Function, args ...int) (int, error) {
	for k, a := range args {
		i.stack[k] = api.EncodeI32(int32(a))
	}
	if err := f.CallWithStack(context.Background(), i.stack[:]); err != nil {
		return 0, fmt.Errorf("%w: %w", errTrap, err)
	}
	return int(api.DecodeI32(i.stack[0])), nil
}

func (i *instance) put(pcm []int16) {
	for k, v := range pcm {
		binary.LittleEndian.PutUint16(i.samples[2*k:], uint16(v))
	}
}

func (i *instance) get(pcm []int16) {
	for k := range pcm {
		pcm[k] = int16(binary.LittleEndian.Uint16(i.samples[2*k:]))
	}
}

func (i *instance) close() error { return i.m.Close(context.Background()) }
