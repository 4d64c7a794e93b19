package pointsman

import (
	"errors"
	"fmt"
)

// Why a file is not a plugin; the kinds of a [LoadError].
var (
	// ErrRead: it cannot be read.
	ErrRead = errors.New("cannot be read")
	// ErrTooLarge: it is larger than [Limits.Component].
	ErrTooLarge = errors.New("is too large")
	// ErrNotWasm: it does not begin as WebAssembly does.
	ErrNotWasm = errors.New("is not WebAssembly")
	// ErrCoreModule: it is a core module, not a component.
	ErrCoreModule = errors.New("is a core WebAssembly module, not a component; link it with `wasm-component-ld`")
	// ErrTooComplex: it has more of a part than toolchains make, which is enough to crash a runtime; [LoadError.Part] says of which.
	ErrTooComplex = errors.New("has more of a part than toolchains make")
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
	// ErrTooMuchMemory: it starts with more memory than it may have.
	ErrTooMuchMemory = errors.New("needs too much memory to start")
	// ErrPanicked: the runtime, or this host, panicked on it. That is their bug, which the plugin need not share; whatever else is
	// loaded or evaluated goes on.
	ErrPanicked = errors.New("made the runtime panic while it was loaded, a bug in it or in this host")
	// ErrStart: it cannot be started. The error is also the [CallError].
	ErrStart = errors.New("does not start")
)

// LoadError says why a file is not a plugin.
type LoadError struct {
	// Name is the name under which it was to be loaded, or the file's path where it cannot be read.
	Name string
	// Kind is one of the errors above.
	Kind error
	// Detail is what exactly, as a sentence without its subject; empty where the kind says it all.
	Detail string
	// Part is what there is too much of, where the kind is [ErrTooComplex]; otherwise 0.
	Part Part
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
	return text
}

// Unwrap gives the kind, and the cause if there is one.
func (e *LoadError) Unwrap() []error {
	return withCause(e.Kind, e.Cause)
}
