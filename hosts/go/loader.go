package pointsman

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// The loader is a program, `loader.wasm`, that takes a component and gives the core module in it: checked, bounded in
// what it costs to compile, and metered, so that it can be stopped. It is one for hosts in all languages (hosts/loader
// in the repository), and its module documentation says how the metering works.
//
// It reads bytes that nobody has vouched for, so it runs in a sandbox as well: each file has an instance of its own,
// which reaches nothing, has a bounded memory, and is ended with the caller's context. wazero's own interrupt check is
// on for that, which costs it a third, and lets the garbage collector begin meanwhile. Its time is linear in a file's
// size.

// Names that the loader gives what it adds to a core module. One that has them already is no valid module any more.
const (
	meterModule   = "pointsman meter"
	meterTick     = "tick"
	refusedGlobal = "pointsman refused"
	eachExport    = "pointsman allocate each"
)

// slice is the fuel that a tick gives: how many instructions a plugin runs between two looks at the clock, some 100 µs.
// The loader's is the same.
const slice = 1 << 18

// loaderMemory is the memory that an instance of the loader may have, in bytes: what it needs by itself and for what a
// small file can make of many names, and eight times the largest file. The dearest file tried, 90,000 long names, takes
// seven times its size: each name is in the file, in the table of names, and in that of the types.
func loaderMemory(limits Limits) uint64 {
	return 64<<20 + 8*uint64(limits.Component)
}

// loader is the compiled program. It is never given back: hosts of one process share it.
type loader struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// loaderKey tells loaders apart.
type loaderKey struct {
	digest string
	pages  uint32
}

// loaders are those of the process, by their keys; each is a function that compiles it once.
var loaders sync.Map

// newLoader gives the loader in a file: compiling takes most of a second, and 20 ms where a cache folder has it.
func newLoader(program []byte, limits Limits, cacheFolder string, log *slog.Logger) (*loader, error) {
	key := loaderKey{newPluginID("", program).Digest, uint32(min(loaderMemory(limits)/page, 1<<16-1))}
	compile := sync.OnceValues(func() (*loader, error) { return compileLoader(program, key.pages, cacheFolder, log) })
	once, _ := loaders.LoadOrStore(key, compile)
	made, err := once.(func() (*loader, error))()
	if err != nil {
		// What was missing may be there the next time.
		loaders.Delete(key)
	}
	return made, err
}

func compileLoader(program []byte, pages uint32, cacheFolder string, log *slog.Logger) (*loader, error) {
	ctx := context.Background()
	config := runtimeConfig().WithMemoryLimitPages(pages).WithCloseOnContextDone(true)
	var cache *codeCache
	if cacheFolder != "" {
		var err error
		if cache, err = newCodeCache(cacheFolder, log); err != nil {
			return nil, err
		}
		config = config.WithCompilationCache(cache.wazero)
	}
	made := wazero.NewRuntimeWithConfig(ctx, config)
	compiled, err := cache.compile(ctx, made, program)
	if err != nil {
		return nil, errors.Join(err, made.Close(ctx))
	}
	return &loader{made, compiled}, nil
}

// loaderOptions are what the loader is told besides the component.
type loaderOptions struct {
	Contract string            `json:"contract"`
	Runtime  string            `json:"runtime"`
	Memory   int64             `json:"memory"`
	Budgets  map[string]uint64 `json:"budgets,omitempty"`
}

func optionsFor(contract *contract, limits Limits) loaderOptions {
	return loaderOptions{contract.name, "wazero", int64(limits.pages()) * page, limits.Budgets}
}

// admitted is the loader's answer about a component that may be compiled.
type admitted struct {
	Version string
	Exports []string
	// Globals are the export names of all that changes while it runs, besides memory. The last one says how many pages of
	// memory the plugin knows of.
	Globals []string
	// IsRewindable tells that with its memory and these globals put back an instance is as good as new. It is not where
	// the code changes its tables or drops segments.
	IsRewindable bool `json:"is_rewindable"`
	// core is the core module.
	core []byte
}

// refusal is the loader's answer that a component must not be loaded.
type loaderRefusal struct {
	Kind, Message string
	Part          Part
	Budget        string
	// Found is a number where the kind is over-budget, and a list of versions where it is unsupported-contract.
	Found json.RawMessage
	Most  uint64
}

// errNoAnswerOfLoader: the program is not the loader of this host's release.
var errNoAnswerOfLoader = errors.New("it does not answer as the loader does")

// run has the loader look at a component, and gives what it says: one of the two, or an error where it failed.
func (l *loader) run(ctx context.Context, options loaderOptions, component []byte) (*admitted, *loaderRefusal, error) {
	var linear *guestMemory
	allocate := experimental.MemoryAllocatorFunc(func(_, most uint64) experimental.LinearMemory {
		linear = newGuestMemory(most)
		return linear
	})
	// Also where it does not even start, or the runtime panics; to free it twice does nothing.
	defer func() {
		if linear != nil {
			linear.Free()
		}
	}()
	ctx = experimental.WithMemoryAllocator(ctx, allocate)
	module, err := l.runtime.InstantiateModule(ctx, l.compiled, moduleConfig)
	if err != nil {
		return nil, nil, err
	}
	defer module.Close(context.Background())
	told, err := json.Marshal(options)
	if err != nil {
		return nil, nil, err
	}
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(told)))
	at, err := callLoader(ctx, module, "allocate", uint64(len(length)+len(told)+len(component)))
	if err != nil {
		return nil, nil, err
	}
	memory := module.Memory()
	for _, part := range [][]byte{length, told, component} {
		if !memory.Write(at, part) {
			return nil, nil, errNoAnswerOfLoader
		}
		at += uint32(len(part))
	}
	if at, err = callLoader(ctx, module, "load"); err != nil {
		return nil, nil, err
	}
	return readAnswer(memory, at)
}

// callLoader calls a function of the loader, which returns an address.
func callLoader(ctx context.Context, module api.Module, name string, params ...uint64) (uint32, error) {
	function := module.ExportedFunction(name)
	if function == nil || module.Memory() == nil {
		return 0, errNoAnswerOfLoader
	}
	results, err := function.Call(ctx, params...)
	if err != nil {
		return 0, err
	}
	if len(results) != 1 {
		return 0, errNoAnswerOfLoader
	}
	return uint32(results[0]), nil
}

// readAnswer reads the answer at an address: a text and a core module, the length of each before it.
func readAnswer(memory api.Memory, at uint32) (*admitted, *loaderRefusal, error) {
	var parts [2][]byte
	for i := range parts {
		length, isThere := memory.ReadUint32Le(at)
		if isThere {
			parts[i], isThere = memory.Read(at+4, length)
		}
		if !isThere {
			return nil, nil, errNoAnswerOfLoader
		}
		at += 4 + length
	}
	var answer struct {
		Ok    *admitted
		Error *loaderRefusal
	}
	if err := json.Unmarshal(parts[0], &answer); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNoAnswerOfLoader, err)
	}
	switch {
	case answer.Error != nil:
		return nil, answer.Error, nil
	case answer.Ok == nil || len(answer.Ok.Globals) == 0:
		return nil, nil, errNoAnswerOfLoader
	}
	// The instance is about to be closed, and its memory with it.
	answer.Ok.core = bytes.Clone(parts[1])
	return answer.Ok, nil, nil
}

// checkBudgets finds budgets that the loader does not know. It says so before it looks at the file, of which there is
// none.
func (l *loader) checkBudgets(ctx context.Context, limits Limits) error {
	_, refusal, err := l.run(ctx, optionsFor(&strategyContract, limits), nil)
	switch {
	case err != nil:
		return err
	case refusal == nil:
		return errNoAnswerOfLoader
	case refusal.Kind == "invalid-options":
		return fmt.Errorf("%w: `budgets` %s", ErrInvalidLimits, refusal.Message)
	}
	return nil
}

// admit checks and meters a component. It fails with a [LoadError].
func (l *loader) admit(ctx context.Context, file componentFile, contract *contract, limits Limits) (*admitted, error) {
	name := file.id.Name
	if len(file.bytes) > limits.Component {
		detail := fmt.Sprintf("has %d bytes, the limit is %d", len(file.bytes), limits.Component)
		return nil, &LoadError{Name: name, Kind: ErrTooLarge, Detail: detail}
	}
	admitted, refusal, err := l.run(ctx, optionsFor(contract, limits), file.bytes)
	switch {
	case ctx.Err() != nil:
		return nil, &LoadError{Name: name, Kind: ErrStart, Cause: ctx.Err()}
	case err != nil:
		// Without the loader's stack.
		cause, _, _ := strings.Cut(err.Error(), "\n")
		return nil, &LoadError{Name: name, Kind: ErrLoader, Cause: errors.New(cause)}
	case refusal != nil:
		return nil, refusal.loadError(name, contract)
	case !isSupported(admitted.Version):
		// A loader of a later release than this host.
		detail := fmt.Sprintf("exports contract %s; this host supports %s: use a host of the loader's release",
			admitted.Version, strings.Join(supportedContracts, ", "))
		return nil, &LoadError{Name: name, Kind: ErrUnsupportedContract, Detail: detail}
	}
	return admitted, nil
}
