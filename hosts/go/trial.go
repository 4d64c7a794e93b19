package pointsman

import (
	"errors"
	"fmt"
	"time"
)

// Terms, states and finds of a trial.

// Trial is the terms of a trial: how long a new version is tried in the shadow of the current one, and what comes of
// it. It ends after Evaluations or after Time; one of the two must be set.
type Trial struct {
	// Evaluations ends it after so many requests that both versions have decided.
	Evaluations uint64
	// Time ends it with the first request that both have decided after this time: a trial without any says nothing.
	Time time.Duration
	// MostDifferences is the number of requests that it may decide differently and still pass. One with which it fails,
	// by trap, timeout, limit or a rejected plan, and the current version does not, never passes.
	MostDifferences uint64
	// AutoPromote makes a version that passes the current one by itself. If not, it waits for [Registry.Promote].
	AutoPromote bool
}

func (t *Trial) validate() error {
	switch {
	case t.Time < 0:
		return fmt.Errorf("%w: `Trial.Time` is %v; it must be more than 0", ErrInvalidOptions, t.Time)
	case (t.Evaluations == 0) == (t.Time == 0):
		return fmt.Errorf("%w: a trial must have one of `Evaluations` and `Time`", ErrInvalidOptions)
	}
	return nil
}

// Comparison is the state of the comparison that a trial is.
type Comparison string

const (
	// ComparisonRunning: it goes on.
	ComparisonRunning Comparison = "running"
	// ComparisonPassed: it is over; the version may be promoted.
	ComparisonPassed Comparison = "passed"
	// ComparisonFailed: it is over; the version failed, or decided differently too often. It can still be promoted by
	// hand.
	ComparisonFailed Comparison = "failed"
	// ComparisonPromoted: the version is the current one, or was since.
	ComparisonPromoted Comparison = "promoted"
	// ComparisonDiscarded: it ended without a result: by hand, because another trial took its place, or because the
	// registry was closed.
	ComparisonDiscarded Comparison = "discarded"
)

// Difference is a request that the shadow decided differently.
type Difference struct {
	// Current is the plugin whose decision counted.
	Current PluginID
	// Deployment is that whose request it was.
	Deployment string
	// Request is the request as JSON, as [Request] reads it: with the deployment's policy, where it has one of its own.
	Request string
	// Decided is the decision that counted, and Shadow the shadow's.
	Decided, Shadow Decision
	// Fields are those in which they differ.
	Fields []FieldDifference
}

// ShadowStatus is the status of a version that is tried.
type ShadowStatus struct {
	// Version is the version.
	Version VersionStatus
	// Trial has the terms.
	Trial Trial
	// Comparison is how it stands.
	Comparison Comparison
	// Evaluations counts the requests that both versions have decided, Differences those that they decided differently,
	// and Failures those with which it failed and the current version did not.
	Evaluations, Differences, Failures uint64
	// Deployments are the deployments whose requests were decided differently: the first hundred, sorted.
	Deployments []string
	// Skipped counts the calls that the shadow was not told of, because it had too many to do.
	Skipped uint64
	// Outcomes and Violations are those of its own calls.
	Outcomes   map[Outcome]uint64
	Violations map[ViolationCode]uint64
	// Latency of its calls.
	Latency Latency
}

// NoShadowError says that no version of a strategy is tried, or waits to be promoted.
type NoShadowError struct {
	// Name is the strategy.
	Name string
}

// ErrNoShadow is what every [NoShadowError] is.
var ErrNoShadow = errors.New("no version is tried")

func (e *NoShadowError) Error() string {
	return fmt.Sprintf("no version of `%s` is tried in the shadow of the current one", tidied(e.Name, longestWord))
}

// Unwrap gives ErrNoShadow.
func (e *NoShadowError) Unwrap() error {
	return ErrNoShadow
}
