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
	seen     *seen
	// tried is the version that is tried beside the current one, and lastShadow the last that was; may be nil.
	tried      atomic.Pointer[tried]
	lastShadow atomic.Pointer[Shadow]

	// change is held while the version changes, so that changes come one after the other. Calls never wait for it.
	change sync.Mutex
	// checks, where there are any, decide whether a version may be changed to. They are the change's.
	checks *Checks
}

// versions are a strategy's current and previous version, and what is known of who fails with them. They change
// together.
type versions struct {
	current, previous *version
	blame             *blame
	proof             *proof
}

// version is a loaded version of a strategy.
type version struct {
	plugin      *Plugin
	description Description
	// content is the component, where it is to be kept over restarts.
	content []byte
}

func newSlot(registry *Registry, name string, first *version) *slot {
	slot := &slot{name: name, registry: registry, seen: newSeen(registry.options.RevertAfter)}
	slot.use(first, nil)
	return slot
}

// use makes these the versions, of which nothing is known yet.
func (s *slot) use(current, previous *version) {
	blame := newBlame(&s.registry.blame, previous != nil, s.seen)
	s.versions.Store(&versions{current, previous, blame, newProof(s.registry.options.RevertAfter)})
}

// switchTo makes a version the current one, during a change. The one before is kept to revert to, unless deployments
// were pinned while it was current, or its circuit was open.
func (s *slot) switchTo(version *version) Swap {
	old := s.versions.Load()
	previous, dropped := old.current, old.previous
	if !old.blame.isGood() {
		previous, dropped = old.previous, old.current
	}
	s.use(version, previous)
	s.promoted(version)
	if dropped != nil {
		dropped.plugin.Close()
	}
	return Swap{Outcome: Swapped, From: old.current.plugin.ID(), Plugin: version.plugin.ID()}
}

// revert makes the version before the current one again, and quarantines the one that fails.
func (s *slot) revert(from *versions) {
	// A swap that is under way decides first. This is the background, and may wait for it.
	s.change.Lock()
	defer s.change.Unlock()
	if s.versions.Load() != from {
		return
	}
	s.use(from.previous, nil)
	s.counts.recordRevert()
	from.current.plugin.Close()
	message := fmt.Sprintf("reverted to %s: %s", from.previous.description.Version, from.blame.accusers())
	bad := from.current
	s.registry.quarantine.add(bad.plugin.ID().Digest, s.name, bad.description.Version, message)
	s.log().Error(message, "from", from.current.plugin.ID(), "to", from.previous.plugin.ID())
}

// succeeded notes a success of the current version. One that has had enough of them is kept as the last good one.
func (s *slot) succeeded(versions *versions, deployment string) {
	state := s.registry.state
	if state == nil || versions.proof.isDone.Load() || !versions.proof.note(deployment, s.seen.count()) {
		return
	}
	good := versions.current
	state.writeGood(s.name, good.description.Version, good.plugin.ID().Digest, good.content)
}

func (s *slot) log() *slog.Logger {
	return s.registry.host.log.With("strategy", s.name)
}

func (s *slot) close() {
	s.change.Lock()
	tried := s.tried.Load()
	s.discardTried()
	s.change.Unlock()
	if tried != nil {
		// It may wait for the change.
		<-tried.done
	}
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
	versions.blame.status(now, &status)
	if tried := s.tried.Load(); tried != nil {
		shadow := tried.Status()
		status.Shadow = &shadow
	}
	status.Quarantined = s.registry.quarantine.of(s.name)
	return status
}

func (v *version) status() VersionStatus {
	return VersionStatus{Plugin: v.plugin.ID(), Version: v.description.Version}
}

// length is a length of time, rounded up: `4 s`, below a second `250 ms`.
func length(d time.Duration) string {
	millis := (d + time.Millisecond - 1) / time.Millisecond
	if millis < 1000 {
		return fmt.Sprintf("%d ms", millis)
	}
	return fmt.Sprintf("%d s", (millis+999)/1000)
}
