package pointsman

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The record of a trial: what callers see of it, and what it comes to.

const (
	// keptDifferences is the number of differences that are kept, and keptBytes how many bytes their requests and
	// decisions may have together. All are counted.
	keptDifferences, keptBytes = 100, 16 << 20
)

// Shadow is a trial: how it stands, and what it found. It is there when the trial is over, too. It is safe for use by
// several goroutines at once.
type Shadow struct {
	version VersionStatus
	trial   Trial
	started time.Time
	counts  counts
	skipped atomic.Uint64
	// isRunning is whether the comparison is; calls look at it without a lock.
	isRunning atomic.Bool
	// ended is closed when the comparison does not run any more.
	ended chan struct{}

	mutex       sync.Mutex
	comparison  Comparison
	evaluations uint64
	differences uint64
	failures    uint64
	kept        []Difference
	keptBytes   int
	deployments map[string]bool
}

func newShadow(version VersionStatus, trial Trial, now time.Time) *Shadow {
	made := &Shadow{
		version: version, trial: trial, started: now, ended: make(chan struct{}), comparison: ComparisonRunning,
		deployments: map[string]bool{},
	}
	made.isRunning.Store(true)
	return made
}

// Comparison is the state of the comparison.
func (s *Shadow) Comparison() Comparison {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.comparison
}

// Wait waits until the comparison is over, but no longer than the context; then it gives its state.
func (s *Shadow) Wait(ctx context.Context) Comparison {
	select {
	case <-s.ended:
	case <-ctx.Done():
	}
	return s.Comparison()
}

// Differences are the requests that were decided differently: the first hundred, and no more than 16 MiB of them with
// the decisions.
func (s *Shadow) Differences() []Difference {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.kept)
}

// Status gives the numbers.
func (s *Shadow) Status() ShadowStatus {
	counted := s.counts.status()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return ShadowStatus{
		Version: s.version, Trial: s.trial, Comparison: s.comparison, Evaluations: s.evaluations,
		Differences: s.differences, Failures: s.failures, Deployments: slices.Sorted(maps.Keys(s.deployments)),
		Skipped: s.skipped.Load(), Outcomes: counted.Outcomes, Violations: counted.Violations, Latency: counted.Latency,
	}
}

// end ends the comparison, or notes what became of its version.
func (s *Shadow) end(comparison Comparison) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.comparison = comparison
	if s.isRunning.Swap(false) {
		close(s.ended)
	}
}

// record counts a request that both have decided, and keeps a difference; it gives the fields in which they differ. It
// is a failure of the shadow where that has failed and the current version has not: what fails in both is the input's
// fault.
func (s *Shadow) record(current PluginID, observed *observedRequest, shadow Decision) []FieldDifference {
	decided := &observed.decision
	fields := decided.Differences(&shadow)
	hasRoom := s.note(observed.deployment, shadow.hasFailed() && !decided.hasFailed(), len(fields) > 0)
	if !hasRoom {
		return fields
	}
	// Callers look at the state too: it is not locked while anything is written.
	request := observed.text()
	size := len(request) + len(decided.text()) + len(shadow.text())
	for _, field := range fields {
		size += len(field.First) + len(field.Second)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.keptBytes+size <= keptBytes {
		s.keptBytes += size
		s.kept = append(s.kept, Difference{current, observed.deployment, request, *decided, shadow, fields})
	}
	return fields
}

// note counts, and tells whether there is room for a difference.
func (s *Shadow) note(deployment string, hasFailed, isDifferent bool) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.evaluations++
	if hasFailed {
		s.failures++
	}
	if !isDifferent {
		return false
	}
	s.differences++
	if len(s.deployments) < mostListed {
		s.deployments[deployment] = true
	}
	return len(s.kept) < keptDifferences
}

// result is that of the trial, where it is over; else empty.
func (s *Shadow) result(now time.Time, mostFailures int) Comparison {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failures >= uint64(mostFailures) {
		return ComparisonFailed
	}
	isOver := s.evaluations > 0 && now.Sub(s.started) >= s.trial.Time
	if s.trial.Evaluations > 0 {
		isOver = s.evaluations >= s.trial.Evaluations
	}
	switch {
	case !isOver:
		return ""
	case s.failures == 0 && s.differences <= s.trial.MostDifferences:
		return ComparisonPassed
	default:
		return ComparisonFailed
	}
}
