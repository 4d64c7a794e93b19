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
// version, and each result names the plugin that gave it.
//
// One deployment's input never changes what another gets. What fails or refuses is asked again in the background, of
// the version before as well: a deployment that only the new version fails is pinned to the one before, and when
// [RegistryOptions.RevertAfter] deployments were, the new version is reverted and quarantined: it is not loaded from a
// folder again, after a restart neither where there is a [RegistryOptions.State]. A deployment that fails with both
// waits alone: its calls are answered with a [CircuitOpenError] for a while that doubles. That a plugin refuses its
// input is no failure. The host's logger is told of all of it.
//
// Before all that a version can be tried in the shadow of the current one: [Registry.Shadow].
type Registry struct {
	host    *Host
	options RegistryOptions
	blame   blameOptions
	// background answers who is to blame.
	background questions
	// quarantine has the versions that were reverted, and state keeps it over restarts; may be nil.
	quarantine quarantine
	state      *stateFolder
	// read reads the files of a watched folder.
	read func(path string) (componentFile, error)

	mutex sync.RWMutex
	slots map[string]*slot
	// checks are those of strategies that are not there yet.
	checks   map[string]*Checks
	isClosed bool
}

// NewRegistry makes an empty registry on a host, which must not be nil. It fails with [ErrInvalidOptions].
func NewRegistry(host *Host, options RegistryOptions) (*Registry, error) {
	options = options.withDefaults()
	if err := options.validate(); err != nil {
		return nil, err
	}
	options.Guards = maps.Clone(options.Guards)
	made := &Registry{host: host, options: options, read: host.read}
	made.slots, made.checks = map[string]*slot{}, map[string]*Checks{}
	made.blame = blameOptions{
		revertAfter: options.RevertAfter, openAfter: options.OpenAfter, mostEntries: options.MostEntries,
		first: options.FirstBackOff, longest: options.LongestBackOff,
		lengthen: func(backOff time.Duration) time.Duration {
			return backOff + time.Duration(float64(backOff)*max(0, options.Jitter)*options.Random())
		},
	}
	if options.State != "" {
		made.state = newStateFolder(host, options.State)
		made.quarantine.entries = made.state.quarantined()
		made.quarantine.keep = made.state.writeQuarantine
	}
	return made, nil
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

// Swap makes the plugin in a file the current one for a name. What must hold for that, besides loading, are the checks
// that were set for the name with [Registry.SetChecks]. The same file again changes nothing.
//
// It fails with a [SwapError]; the version before goes on.
func (r *Registry) Swap(ctx context.Context, name, path string) (Swap, error) {
	return r.swap(ctx, swapRequest{name: name, evenQuarantined: true}, path)
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

// Release lifts the quarantine of the version with this digest, `sha256:` and 64 hex digits, so that folders load it
// again, also after a restart where there is a state folder. It tells whether there was one.
func (r *Registry) Release(digest string) bool {
	released, isReleased := r.quarantine.release(digest)
	if isReleased {
		r.host.log.Info("released from quarantine", "strategy", shown(released.Strategy), "digest", digest)
	}
	return isReleased
}

// Close gives back the plugins, once the calls under way have ended. Calls and swaps after it fail with [ErrClosed]. It
// waits for a swap that is being checked; calls do not wait.
func (r *Registry) Close() {
	r.mutex.Lock()
	r.isClosed = true
	// From now on there are no new ones.
	slots := slices.Collect(maps.Values(r.slots))
	r.mutex.Unlock()
	r.background.close()
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
