package pointsman

import (
	"context"
	"maps"
	"math/rand/v2"
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
// folder again. A deployment that fails with both waits alone: its calls are answered with a [CircuitOpenError] for a
// while that doubles. That a plugin refuses its input is no failure. The host's logger is told of all of it.
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

// RegistryOptions say how a registry treats its plugins. A field that is zero has its default.
type RegistryOptions struct {
	// Guard is that of every plugin that has none of its own in Guards.
	Guard Guard
	// Guards are those of single strategies, by name. A deployment may have a policy of its own besides: [Request.Policy].
	Guards map[string]Guard
	// RevertAfter is the number of deployments, or all where there are fewer, that must be pinned to the version before
	// for a version to be reverted; with none before it, that must fail for its circuit to open. Default 3.
	RevertAfter int
	// OpenAfter is the number of failures in a row after which the circuit of a deployment opens; default 3.
	OpenAfter int
	// FirstBackOff is the time for which a circuit is open at first; default 1 s. It doubles with every further failure.
	FirstBackOff time.Duration
	// LongestBackOff is the longest that it becomes; default 1 minute.
	LongestBackOff time.Duration
	// Jitter is the share by which each back-off is lengthened at most, at random; default 0.5, none where negative.
	Jitter float64
	// Random gives numbers from 0.0 up to 1.0 for the jitter; default [rand.Float64].
	Random func() float64
	// BatchTime is the time limit of a batch, the halves of it included; default 30 s. Each call in it has
	// [Limits.Time] besides.
	BatchTime time.Duration
	// MostEntries is the number of failing deployments of a strategy that are remembered; default 65,536.
	MostEntries int
	// State is a folder that keeps the quarantine, and the last good component of each strategy, over restarts, in the
	// format of the hosts in all languages; it is made where it is not there. Default: nothing is kept. What cannot be
	// read or written in it is logged, and keeps no call and no load from what it does.
	State string
	// Clock is the clock for circuits; default [time.Now].
	Clock func() time.Time
}

// NewRegistry makes an empty registry on a host, which must not be nil.
func NewRegistry(host *Host, options RegistryOptions) *Registry {
	if options.RevertAfter <= 0 {
		options.RevertAfter = 3
	}
	if options.OpenAfter <= 0 {
		options.OpenAfter = 3
	}
	if options.FirstBackOff <= 0 {
		options.FirstBackOff = time.Second
	}
	if options.LongestBackOff <= 0 {
		options.LongestBackOff = time.Minute
	}
	if options.Jitter == 0 {
		options.Jitter = 0.5
	}
	if options.Random == nil {
		options.Random = rand.Float64
	}
	if options.BatchTime <= 0 {
		options.BatchTime = 30 * time.Second
	}
	if options.MostEntries <= 0 {
		options.MostEntries = 65_536
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	options.Guards = maps.Clone(options.Guards)
	made := &Registry{host: host, options: options, slots: map[string]*slot{}, checks: map[string]*Checks{}, read: host.read}
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
	return made
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
