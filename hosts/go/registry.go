package pointsman

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Registry is strategies by name, which change while they are in use. It is safe for use by several goroutines at once.
//
// A swap does all that can fail off to the side, then switches atomically; evaluations under way end on the old
// version, and each result names the plugin that gave it. A version that fails [RegistryOptions.RevertAfter] times in a
// row, by a trap, a timeout, a limit, a malformed response or a rejected plan, is quarantined and reverted to the
// version before it, once: it is not loaded from a folder again. With none to revert to, its circuit opens: calls are
// answered with a [CircuitOpenError] for a while that doubles, and the next one after it decides. That a plugin refuses
// its input is no failure. The host's logger is told of all of it.
type Registry struct {
	host    *Host
	options RegistryOptions

	mutex    sync.RWMutex
	slots    map[string]*slot
	isClosed bool
}

// RegistryOptions say how a registry treats its plugins. A field that is zero has its default.
type RegistryOptions struct {
	// Guard is that of every plugin that has none of its own in Guards.
	Guard Guard
	// Guards are those of single strategies, by name. A deployment may have a policy of its own besides: [Request.Policy].
	Guards map[string]Guard
	// RevertAfter is the number of failures in a row after which a version is reverted, or where there is none before it
	// its circuit opens; default 3.
	RevertAfter int
	// FirstBackOff is the time for which a circuit is open at first; default 1 s. It doubles with every further failure.
	FirstBackOff time.Duration
	// LongestBackOff is the longest that it becomes; default 1 minute.
	LongestBackOff time.Duration
	// Clock is the clock for circuits; default [time.Now].
	Clock func() time.Time
}

// NewRegistry makes an empty registry on a host, which must not be nil.
func NewRegistry(host *Host, options RegistryOptions) *Registry {
	if options.RevertAfter <= 0 {
		options.RevertAfter = 3
	}
	if options.FirstBackOff <= 0 {
		options.FirstBackOff = time.Second
	}
	if options.LongestBackOff <= 0 {
		options.LongestBackOff = time.Minute
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	options.Guards = maps.Clone(options.Guards)
	return &Registry{host: host, options: options, slots: map[string]*slot{}}
}

// FileResult is the result of loading one file.
type FileResult struct {
	// Path is the file.
	Path string
	// Swap is the result, where there is no error.
	Swap Swap
	// Err is a [SwapError].
	Err error
}

// LoadDir loads every `*.wasm` file of a folder that is not hidden, in the order of their names, each under the name
// that it says it has. What cannot be loaded keeps nothing else from being loaded.
//
// It fails only where the folder cannot be read; what came of each file is in the list.
func (r *Registry) LoadDir(ctx context.Context, folder string) ([]FileResult, error) {
	paths, err := pluginsIn(folder)
	if err != nil {
		return nil, err
	}
	var results []FileResult
	for _, path := range paths {
		swap, err := r.swap(ctx, swapRequest{}, path)
		results = append(results, FileResult{path, swap, err})
	}
	return results, nil
}

// Swap makes the plugin in a file the current one for a name. What must hold for that, besides loading, are the checks
// that were set for the name with [Registry.SetChecks]. The same file again changes nothing.
//
// It fails with a [SwapError]; the version before goes on.
func (r *Registry) Swap(ctx context.Context, name, path string) (Swap, error) {
	return r.swap(ctx, swapRequest{name: name, evenQuarantined: true}, path)
}

// SetChecks sets what every later version of a strategy must pass before it is switched to. It fails with an
// [UnknownStrategyError].
func (r *Registry) SetChecks(name string, checks Checks) error {
	slot, err := r.slot(name)
	if err != nil {
		return err
	}
	slot.change.Lock()
	defer slot.change.Unlock()
	slot.checks = Checks{Configs: slices.Clone(checks.Configs), Vectors: slices.Clone(checks.Vectors)}
	return nil
}

// Status gives the status of every strategy, in the order of their names.
func (r *Registry) Status() []StrategyStatus {
	now := r.options.Clock()
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	var statuses []StrategyStatus
	for _, name := range slices.Sorted(maps.Keys(r.slots)) {
		statuses = append(statuses, r.slots[name].status(now))
	}
	return statuses
}

// Close gives back the plugins, once the calls under way have ended. Calls and swaps after it fail with [ErrClosed]. It
// waits for a swap that is being checked; calls do not wait.
func (r *Registry) Close() {
	r.mutex.Lock()
	r.isClosed = true
	// From now on there are no new ones.
	slots := slices.Collect(maps.Values(r.slots))
	r.mutex.Unlock()
	for _, slot := range slots {
		slot.close()
	}
}

func (r *Registry) slot(name string) (*slot, error) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	if slot, ok := r.slots[name]; ok {
		return slot, nil
	}
	return nil, &UnknownStrategyError{Name: name, Known: slices.Sorted(maps.Keys(r.slots))}
}

func (r *Registry) closed() bool {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	return r.isClosed
}

// guard is that of a strategy.
func (r *Registry) guard(name string) Guard {
	if guard, ok := r.options.Guards[name]; ok {
		return guard
	}
	return r.options.Guard
}
