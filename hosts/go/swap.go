package pointsman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Checks must be passed by a new version of a strategy before a swap.
type Checks struct {
	// Configs are the configurations of rollouts under way: it must take each.
	Configs []ConfigInUse
	// Vectors are requests whose answers are known: it must give them.
	Vectors []Vector
}

// ConfigInUse is the configuration of a rollout under way: it is checked at its target and under the strategy's policy.
type ConfigInUse struct {
	// Config is one JSON object.
	Config string
	// TargetReplicas is the rollout's target.
	TargetReplicas uint32
}

// Vector is a request and the answer that a strategy must give.
type Vector struct {
	// Name is for messages.
	Name string
	// Request is a JSON request, as wit/strategy.wit says.
	Request string
	// Response is the answer, as wit/strategy.wit says.
	Response string
}

// Swap is the result of one.
type Swap struct {
	// Outcome is what it did.
	Outcome SwapOutcome
	// Plugin is the plugin from now on; where it is quarantined, the plugin in the file.
	Plugin PluginID
	// From is the plugin until now, where it was replaced.
	From PluginID
}

// SwapOutcome of a file.
type SwapOutcome string

const (
	// Loaded: there was no plugin of this name; now there is.
	Loaded SwapOutcome = "loaded"
	// Swapped: the current plugin was replaced.
	Swapped SwapOutcome = "swapped"
	// Unchanged: it is the current plugin already.
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
	return text
}

// Unwrap gives the kind, and the cause if there is one.
func (e *SwapError) Unwrap() []error {
	return withCause(e.Kind, e.Cause)
}

// swapRequest is a file, and what a swap may do with it.
type swapRequest struct {
	// name is the strategy that it must be; empty for the one that it says it is.
	name string
	// evenQuarantined tells whether a version is taken that is quarantined.
	evenQuarantined bool
}

// swap makes the plugin in a file the current one, and tells of it.
func (r *Registry) swap(ctx context.Context, request swapRequest, path string) (Swap, error) {
	file, err := r.host.read(path)
	if err != nil {
		err = &SwapError{Plugin: PluginID{Name: path}, Kind: ErrSwapLoad, Cause: err}
		r.report(request, path, Swap{}, err)
		return Swap{}, err
	}
	swap, err := r.changeTo(ctx, request, file)
	r.report(request, path, swap, err)
	return swap, err
}

// changeTo is swap for a file that was read: everything that can fail first, then the switch.
func (r *Registry) changeTo(ctx context.Context, request swapRequest, file componentFile) (_ Swap, err error) {
	fail := func(kind error, detail string, cause error) (Swap, error) {
		return Swap{}, &SwapError{Plugin: file.id, Kind: kind, Detail: detail, Cause: cause}
	}
	if r.closed() {
		return fail(ErrSwapLoad, "", ErrClosed)
	}
	// Before the work of loading it.
	if slot, err := r.slot(request.name); err == nil {
		slot.change.Lock()
		done, isDone := slot.nothingToDo(request, file.id)
		slot.change.Unlock()
		if isDone {
			return done, nil
		}
	}
	plugin, err := r.host.load(ctx, file, &strategyContract)
	if err != nil {
		return fail(ErrSwapLoad, "", err)
	}
	isKept := false
	defer func() {
		if !isKept {
			plugin.Close()
		}
	}()
	description, err := plugin.forBackground().Describe(ctx)
	if err != nil {
		return fail(ErrSwapDescribe, "", err)
	}
	if problem := checkDescription(&description); problem != "" {
		return fail(ErrSwapDescription, fmt.Sprintf("plugin %s describes itself wrongly: %s", file.id, problem), nil)
	}
	name := description.Name
	if request.name != "" && request.name != name {
		return fail(ErrSwapName, fmt.Sprintf("plugin %s is the strategy `%s`, not `%s`", file.id, name, request.name), nil)
	}
	version := &version{plugin: plugin.WithGuard(r.guard(name)), description: description}
	slot, isNew := r.slotFor(name, version)
	if slot == nil {
		return fail(ErrSwapLoad, "", ErrClosed)
	}
	if isNew {
		isKept = true
		return Swap{Outcome: Loaded, Plugin: file.id}, nil
	}
	slot.change.Lock()
	defer slot.change.Unlock()
	if r.closed() {
		return fail(ErrSwapLoad, "", ErrClosed)
	}
	if done, isDone := slot.nothingToDo(request, file.id); isDone {
		return done, nil
	}
	if err := slot.checks.pass(ctx, version.plugin); err != nil {
		err.strategy = name
		return Swap{}, err
	}
	isKept = true
	return slot.switchTo(version), nil
}

// slotFor gives the slot of a name; a new one with this version, where there is none; none where the registry
// is closed.
func (r *Registry) slotFor(name string, first *version) (*slot, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.isClosed {
		return nil, false
	}
	if slot, ok := r.slots[name]; ok {
		return slot, false
	}
	slot := newSlot(r, name, first)
	r.slots[name] = slot
	return slot, true
}

// nothingToDo tells whether a plugin need not be changed to, or must not. It is part of a change.
func (s *slot) nothingToDo(request swapRequest, id PluginID) (Swap, bool) {
	if current := s.versions.Load().current.plugin.ID(); current.Digest == id.Digest {
		return Swap{Outcome: Unchanged, Plugin: current}, true
	}
	if !request.evenQuarantined && s.quarantined[id.Digest] {
		return Swap{Outcome: Quarantined, Plugin: id}, true
	}
	return Swap{}, false
}

// pass finds out whether a plugin passes the checks.
func (c *Checks) pass(ctx context.Context, plugin *Plugin) *SwapError {
	fail := func(kind error, detail string, cause error) *SwapError {
		return &SwapError{Plugin: plugin.ID(), Kind: kind, Detail: detail, Cause: cause}
	}
	for _, use := range c.Configs {
		if _, err := plugin.forBackground().CheckConfig(ctx, use.Config, use.TargetReplicas); err != nil {
			return fail(ErrSwapConfig, fmt.Sprintf("%v, %s", ErrSwapConfig, use.Config), err)
		}
	}
	// What a vector expects is the plugin's own answer, before any policy.
	unlimited := plugin.forBackground().WithGuard(GuardIDsOnly())
	for _, vector := range c.Vectors {
		text, err := unlimited.EvaluateCyclesJSON(ctx, "["+vector.Request+"]")
		if err != nil {
			return fail(ErrSwapVectorFailed, fmt.Sprintf("the new version fails on vector `%s`", vector.Name), err)
		}
		var found []answer
		var expected answer
		isRead := json.Unmarshal([]byte(text), &found) == nil && json.Unmarshal([]byte(vector.Response), &expected) == nil
		if !isRead || !reflect.DeepEqual(found, []answer{expected}) {
			detail := fmt.Sprintf("the new version answers vector `%s` with %s instead of %s", vector.Name, text,
				vector.Response)
			return fail(ErrSwapVector, detail, nil)
		}
	}
	return nil
}
