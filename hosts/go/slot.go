package pointsman

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// slot is one strategy of a registry: its versions, and what calls of them come to.
type slot struct {
	name     string
	registry *Registry
	versions atomic.Pointer[versions]
	counts   counts

	// change is held while the version changes, so that changes come one after the other. Calls never wait for it.
	change sync.Mutex
	// checks and quarantined decide whether a version may be changed to; quarantined has the digests of versions that were
	// reverted. Both are the change's.
	checks      Checks
	quarantined map[string]bool
}

// versions are a strategy's current and previous version. They change together.
type versions struct {
	current, previous *version
}

// version is a loaded version of a strategy.
type version struct {
	plugin      *Plugin
	description Description

	mutex sync.Mutex
	health
}

// health counts a version's failures in a row, and knows until when its circuit is open.
type health struct {
	failures int
	until    time.Time
	backOff  time.Duration
}

func newSlot(registry *Registry, name string, first *version) *slot {
	slot := &slot{name: name, registry: registry, quarantined: map[string]bool{}}
	slot.versions.Store(&versions{current: first})
	return slot
}

// current is the version to call, which is kept from being closed until it is released. Where all is closed, its error
// says so.
func (s *slot) current() *version {
	for {
		version := s.versions.Load().current
		if version.plugin.loaded.retain(false) {
			return version
		}
		// A swap came between the two, or nothing is left.
		if s.versions.Load().current == version {
			return nil
		}
	}
}

// switchTo makes a version the current one, during a change. The one before is kept to revert to, unless it was failing
// itself.
func (s *slot) switchTo(version *version) Swap {
	old := s.versions.Load()
	previous, dropped := old.current, old.previous
	if old.current.isFailing(s.registry.options.RevertAfter) {
		previous, dropped = old.previous, old.current
	}
	s.versions.Store(&versions{version, previous})
	if dropped != nil {
		dropped.plugin.Close()
	}
	return Swap{Outcome: Swapped, From: old.current.plugin.ID(), Plugin: version.plugin.ID()}
}

// callCurrent calls the current version, and draws the consequences of how that ends.
func callCurrent[T any](s *slot, ask func(plugin *Plugin) (T, judgement, error)) (Evaluated[T], error) {
	version := s.current()
	if version == nil {
		closed := s.versions.Load().current.plugin
		return Evaluated[T]{}, &CallError{Plugin: closed.ID(), Kind: ErrClosed, Limits: s.registry.host.limits}
	}
	defer version.plugin.loaded.release()
	if err := s.refuseWhileOpen(version); err != nil {
		return Evaluated[T]{}, err
	}
	start := time.Now()
	value, judged, err := ask(version.plugin.held())
	s.counts.record(judged, time.Since(start))

	id := version.plugin.ID()
	if len(judged.violations) > 0 {
		s.log().Warn("plan rejected", "plugin", id, "violations", summary(judged.violations))
	}
	if err != nil {
		s.log().Warn("no plan", "plugin", id, "outcome", judged.outcome, "error", err)
	}
	switch {
	case judged.outcome.IsFailure():
		s.afterFailure(version)
	case judged.outcome != OutcomeHost:
		version.recover()
	}
	if err != nil {
		return Evaluated[T]{}, err
	}
	return Evaluated[T]{id, value}, nil
}

func (s *slot) log() *slog.Logger {
	return s.registry.host.log.With("strategy", s.name)
}

func (s *slot) refuseWhileOpen(version *version) error {
	now := s.registry.options.Clock()
	version.mutex.Lock()
	failures, remaining := version.failures, version.until.Sub(now)
	version.mutex.Unlock()
	if remaining <= 0 {
		return nil
	}
	s.counts.recordOpen()
	return &CircuitOpenError{Plugin: version.plugin.ID(), Failures: failures, Remaining: remaining}
}

// afterFailure reverts to the version before, or opens the circuit, once a version has failed often enough.
func (s *slot) afterFailure(failed *version) {
	options := &s.registry.options
	failures := failed.fail()
	if failures < options.RevertAfter {
		return
	}
	// A swap that is under way decides; if it fails, the next failure is soon enough. Calls never wait for swaps.
	if !s.change.TryLock() {
		return
	}
	defer s.change.Unlock()
	now := s.versions.Load()
	if now.current != failed {
		// Somebody swapped or reverted while this call was under way.
		return
	}
	id := failed.plugin.ID()
	if previous := now.previous; previous != nil {
		previous.recover()
		s.quarantined[id.Digest] = true
		s.versions.Store(&versions{current: previous})
		s.counts.recordRevert()
		failed.plugin.Close()
		message := fmt.Sprintf("reverted to %s after %d failures", previous.description.Version, failures)
		s.log().Error(message, "from", id, "to", previous.plugin.ID())
		return
	}
	s.log().Error("circuit open for "+length(failed.open(options)), "plugin", id, "failures", failures)
}

func (s *slot) close() {
	s.change.Lock()
	defer s.change.Unlock()
	versions := s.versions.Load()
	versions.current.plugin.Close()
	if versions.previous != nil {
		versions.previous.plugin.Close()
	}
}

func (s *slot) status(now time.Time) StrategyStatus {
	versions := s.versions.Load()
	status := s.counts.status()
	status.Name, status.Current = s.name, versions.current.status()
	if versions.previous != nil {
		previous := versions.previous.status()
		status.Previous = &previous
	}
	versions.current.mutex.Lock()
	defer versions.current.mutex.Unlock()
	status.CircuitOpen = max(0, versions.current.until.Sub(now))
	return status
}

func (v *version) status() VersionStatus {
	return VersionStatus{Plugin: v.plugin.ID(), Version: v.description.Version}
}

// recover is told of a good answer.
func (v *version) recover() {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.health = health{}
}

// fail counts a failure, and gives how many there were in a row.
func (v *version) fail() int {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.failures++
	return v.failures
}

func (v *version) isFailing(revertAfter int) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.failures >= revertAfter
}

// open opens the circuit, for twice as long as the time before.
func (v *version) open(options *RegistryOptions) time.Duration {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	switch {
	case v.backOff == 0:
		v.backOff = options.FirstBackOff
	case v.backOff > options.LongestBackOff/2:
		v.backOff = options.LongestBackOff
	default:
		v.backOff *= 2
	}
	v.backOff = min(v.backOff, options.LongestBackOff)
	v.until = options.Clock().Add(v.backOff)
	return v.backOff
}

// length is a length of time, rounded up: `4 s`, below a second `250 ms`.
func length(d time.Duration) string {
	millis := (d + time.Millisecond - 1) / time.Millisecond
	if millis < 1000 {
		return fmt.Sprintf("%d ms", millis)
	}
	return fmt.Sprintf("%d s", (millis+999)/1000)
}
