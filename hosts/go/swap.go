package pointsman

import "errors"

// Swap is the result of one.
type Swap struct {
	// Outcome is what it did.
	Outcome SwapOutcome
	// Plugin is the plugin from now on; where it is tried or quarantined, the plugin in the file.
	Plugin PluginID
	// From is the plugin until now, where it was replaced, and the current one, where another is tried.
	From PluginID
}

// SwapOutcome of a file.
type SwapOutcome string

const (
	// Loaded: there was no plugin of this name; now there is.
	Loaded SwapOutcome = "loaded"
	// Swapped: the current plugin was replaced.
	Swapped SwapOutcome = "swapped"
	// Shadowing: it is tried in the shadow of the current plugin, which is From.
	Shadowing SwapOutcome = "shadowing"
	// Unchanged: it is the current plugin already, or is tried already.
	Unchanged SwapOutcome = "unchanged"
	// Quarantined: it is a version that was reverted, found in a folder. Only [Registry.Swap] takes it back.
	Quarantined SwapOutcome = "quarantined"
)

// Kinds of a [SwapError].
var (
	// ErrSwapLoad: the file is no plugin. The error is also the [LoadError].
	ErrSwapLoad = errors.New("the new version cannot be loaded")
	// ErrSwapDescribe: the plugin does not say what it is. The error is also the [CallError].
	ErrSwapDescribe = errors.New("the new version does not describe itself")
	// ErrSwapDescription: what it says it is cannot be.
	ErrSwapDescription = errors.New("the new version describes itself wrongly")
	// ErrSwapName: it says that it is another strategy.
	ErrSwapName = errors.New("the new version is another strategy")
	// ErrSwapRival: another file in its folder has the same version of the strategy, or a newer one that runs.
	ErrSwapRival = errors.New("another file has this version of the strategy, or a newer one")
	// ErrSwapConfig: it does not take a configuration that is in use. The error is also that of [Plugin.CheckConfig].
	ErrSwapConfig = errors.New("the new version does not take a configuration in use")
	// ErrSwapVectorFailed: it does not answer at all where the answer is known. The error is also the [CallError].
	ErrSwapVectorFailed = errors.New("the new version fails on a vector")
	// ErrSwapVector: it answers otherwise than is known.
	ErrSwapVector = errors.New("the new version answers a vector otherwise")
)

// SwapError is a swap that failed. The version before is kept.
type SwapError struct {
	// Plugin is the new version; without a digest where it could not be read.
	Plugin PluginID
	// Kind is one of the errors above.
	Kind error
	// Detail says it with all that matters; empty where Kind and Cause do.
	Detail string
	// Cause is the error behind it; may be nil.
	Cause error
	// strategy is its strategy, where that was found out.
	strategy string
}

func (e *SwapError) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Kind.Error()
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return shown(text)
}

// Unwrap gives the kind, and the cause if there is one.
func (e *SwapError) Unwrap() []error {
	return withCause(e.Kind, e.Cause)
}
