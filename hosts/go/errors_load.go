package pointsman

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Kinds of a [LoadError].
var (
	// ErrRead: it cannot be read.
	ErrRead = errors.New("cannot be read")
	// ErrTooLarge: it is larger than [Limits.Component].
	ErrTooLarge = errors.New("is too large")
	// ErrNotWasm: it does not begin as WebAssembly does.
	ErrNotWasm = errors.New("is not WebAssembly")
	// ErrCoreModule: it is a core module, not a component.
	ErrCoreModule = errors.New("is a core WebAssembly module, not a component; link it with `wasm-component-ld`")
	// ErrTooComplex: it has more of a part than toolchains make, which is enough to crash a runtime; [LoadError.Part] says
	// of which.
	ErrTooComplex = errors.New("has more of a part than toolchains make")
	// ErrOverBudget: compiling it would cost more than it may; [LoadError.Budget] says of what it has too much, and
	// [Limits.Budgets] raises it.
	ErrOverBudget = errors.New("would cost too much to compile")
	// ErrInvalidComponent: it is damaged, or uses what this host does not allow.
	ErrInvalidComponent = errors.New("is not a valid component")
	// ErrImports: it wants something from the host. A strategy gets nothing.
	ErrImports = errors.New("must not import anything")
	// ErrNotAStrategy: it does not export the contract at all.
	ErrNotAStrategy = errors.New("is a component but not a strategy")
	// ErrNotAGuard: it is a component but not the guard.
	ErrNotAGuard = errors.New("is a component but not the guard")
	// ErrUnsupportedContract: it exports the contract in versions that this host does not know.
	ErrUnsupportedContract = errors.New("has another contract version")
	// ErrMissingExport: it exports only a part of the contract.
	ErrMissingExport = errors.New("does not export the whole contract")
	// ErrWrongType: it exports a function of another type than the contract's.
	ErrWrongType = errors.New("exports a function of another type")
	// ErrCoreModules: it has another number of core modules than one.
	ErrCoreModules = errors.New("has not exactly one core module")
	// ErrTooMuchMemory: it starts with more memory than it may have.
	ErrTooMuchMemory = errors.New("needs too much memory to start")
	// ErrLoader: the loader failed on it, which is the loader's bug, or the file is large and has more in it than the
	// loader has memory for.
	ErrLoader = errors.New("made the loader fail, a bug in it or too little memory for it")
	// ErrPanicked: the runtime, or this host, panicked on it, in loading or in a call. That is their bug, which the plugin
	// need not share; whatever else is loaded or evaluated goes on.
	ErrPanicked = errors.New("made the runtime panic, a bug in it or in this host")
	// ErrStart: it cannot be started. The error is also the [CallError].
	ErrStart = errors.New("does not start")
)

// LoadError is a file that is not a plugin.
type LoadError struct {
	// Name is the name under which it was to be loaded, or the file's path where it cannot be read.
	Name string
	// Kind is one of the errors above.
	Kind error
	// Detail is a sentence without its subject; empty where the kind says it all.
	Detail string
	// Part is the part that there is too much of, where the kind is [ErrTooComplex]; otherwise empty.
	Part Part
	// Budget is the budget that is exceeded, where the kind is [ErrOverBudget]; otherwise empty.
	Budget string
	// Found is how much of it there is, as far as the file was read, and Most how much there may be.
	Found, Most uint64
	// Cause is the error behind it; may be nil.
	Cause error
}

func (e *LoadError) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Kind.Error()
	}
	text = fmt.Sprintf("`%s` %s", e.Name, text)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return shown(text)
}

// Unwrap gives the kind, and the cause if there is one.
func (e *LoadError) Unwrap() []error {
	return withCause(e.Kind, e.Cause)
}

// Part is a part of a component that there may be too much of. The limits are not settings: beyond them parsers and
// compilers overflow the stack, panic, or take memory that grows by the square.
type Part string

const (
	// PartNesting: components, component types and instance types written inside each other.
	PartNesting Part = "nesting"
	// PartTypeDepth: types, instances and components that refer to each other.
	PartTypeDepth Part = "type-depth"
	// PartBlocks: blocks, loops and branches inside each other in one function.
	PartBlocks Part = "blocks"
	// PartCoreModules: core modules, those of nested components included.
	PartCoreModules Part = "core-modules"
	// PartCoreInstances: instances of core modules.
	PartCoreInstances Part = "core-instances"
	// PartMemories: linear memories of all instances together.
	PartMemories Part = "memories"
	// PartInstances: instances of nested components.
	PartInstances Part = "instances"
	// PartOpaqueInstances: instances of components that are imported or taken from another instance.
	PartOpaqueInstances Part = "opaque-instances"
	// PartDeclarations: types, imports, exports, aliases and instances of components.
	PartDeclarations Part = "declarations"
)

// kinds are the loader's words for the kinds of a [LoadError]. What it says of a contract depends on which one.
var kinds = map[string]error{
	"not-wasm": ErrNotWasm, "core-module": ErrCoreModule, "too-complex": ErrTooComplex, "over-budget": ErrOverBudget,
	"malformed": ErrInvalidComponent, "imports": ErrImports, "core-imports": ErrImports,
	"unsupported-contract": ErrUnsupportedContract, "missing-export": ErrMissingExport, "wrong-type": ErrWrongType,
	"core-modules": ErrCoreModules, "memory": ErrTooMuchMemory,
}

// longestDetail is the longest detail of a [LoadError], in bytes. The loader's may have names from the file in it.
const longestDetail = 1024

// loadError makes an error of a refusal.
func (r *loaderRefusal) loadError(name string, contract *contract) *LoadError {
	made := &LoadError{Name: name, Kind: kinds[r.Kind], Detail: tidied(r.Message, longestDetail)}
	switch r.Kind {
	case "not-the-contract":
		made.Kind = contract.isNone
	case "too-complex":
		made.Part = r.Part
	case "over-budget":
		made.Budget, made.Most = r.Budget, r.Most
		if json.Unmarshal(r.Found, &made.Found) != nil {
			made.Found = r.Most + 1
		}
	}
	if made.Kind == nil {
		// A kind that a later loader has.
		made.Kind = ErrInvalidComponent
	}
	return made
}

func isSupported(version string) bool {
	return slices.Contains(supportedContracts, version)
}
