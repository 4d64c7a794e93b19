package pointsman

import (
	"context"
	"errors"
	"maps"
	"math/bits"
	"sync"
	"time"
)

// Outcome of a call.
type Outcome string

const (
	// OutcomeOK: with a plan that passed the guard, or a batch in which none was rejected and nothing failed.
	OutcomeOK Outcome = "ok"
	// OutcomeRefused: the plugin says that its input is not right.
	OutcomeRefused Outcome = "refused"
	// OutcomeRejected: the guard rejected a plan.
	OutcomeRejected Outcome = "rejected"
	// OutcomeTrap: the plugin trapped.
	OutcomeTrap Outcome = "trap"
	// OutcomeTimeout: it ran for too long, or was running when the deadline of the caller's context came. That the context
	// was canceled, or over before the plugin ran, is OutcomeHost.
	OutcomeTimeout Outcome = "timeout"
	// OutcomeMemory: it requested too much memory.
	OutcomeMemory Outcome = "memory"
	// OutcomeResponse: it returned too much.
	OutcomeResponse Outcome = "response"
	// OutcomeMalformed: it returned what the ABI or the contract does not allow.
	OutcomeMalformed Outcome = "malformed"
	// OutcomeHost: nobody could tell what the plugin would have done: too many instances were in use, the caller's context
	// ended, its argument could not be handed over, or the guard failed. Not the plugin's fault.
	OutcomeHost Outcome = "host"
	// OutcomeCircuitOpen: it was not called: the deployment fails, or the version does for all.
	OutcomeCircuitOpen Outcome = "circuit-open"
)

// IsFailure tells whether it speaks against the plugin.
func (o Outcome) IsFailure() bool {
	switch o {
	case OutcomeRejected, OutcomeTrap, OutcomeTimeout, OutcomeMemory, OutcomeResponse, OutcomeMalformed:
		return true
	}
	return false
}

// VersionStatus is which version of a strategy.
type VersionStatus struct {
	// Plugin is its file name and digest.
	Plugin PluginID
	// Version is the version that it says it has.
	Version string
}

// Latency of calls: quantiles since the strategy was loaded, at most 3% too long.
type Latency struct {
	// P50 is the time that half of the calls took at most, P90 nine of ten, P99 99 of 100, P999 999 of 1000.
	P50, P90, P99, P999 time.Duration
	// Max is the longest.
	Max time.Duration
}

// StrategyStatus is the status of one strategy.
type StrategyStatus struct {
	// Name is its name.
	Name string
	// Current is the version in use.
	Current VersionStatus
	// Previous is the version that it would be reverted to; nil where there is none.
	Previous *VersionStatus
	// Outcomes are calls by how they ended, over all versions; what never happened is left out.
	Outcomes map[Outcome]uint64
	// Violations counts what the guard found in plans, over all versions; what never happened is left out.
	Violations map[ViolationCode]uint64
	// Reverts is the number of times that a version was reverted to the one before it.
	Reverts uint64
	// Quarantined are the digests of its versions that were reverted, sorted; see [Registry.Release].
	Quarantined []string
	// Shadow is the version that is tried, or waits to be promoted; nil where there is none.
	Shadow *ShadowStatus
	// CircuitOpen is the time for which calls will still be answered with an error; 0 where the circuit is not open.
	CircuitOpen time.Duration
	// Deployments has the deployments that fail.
	Deployments DeploymentsStatus
	// Latency of its calls.
	Latency Latency
}

// DeploymentsStatus is which deployments fail; at most 100 are listed of each kind, in the order of their names.
type DeploymentsStatus struct {
	// Open are those whose circuit is open, and OpenTotal is how many there are.
	Open      []DeploymentCircuit
	OpenTotal int
	// Pinned are those that the version before decides for, and PinnedTotal is how many there are.
	Pinned      []string
	PinnedTotal int
}

// DeploymentCircuit is an open circuit of a deployment.
type DeploymentCircuit struct {
	// Deployment is its key.
	Deployment string
	// Failures counts its failures in a row.
	Failures int
	// Remaining is the time for which its calls will still be answered with an error.
	Remaining time.Duration
}

// judgement is the outcome of a call, and the guard's violations.
type judgement struct {
	outcome    Outcome
	violations []Violation
}

var outcomes = map[error]Outcome{
	ErrTrap: OutcomeTrap, ErrTimeout: OutcomeTimeout, ErrMemory: OutcomeMemory, ErrResponse: OutcomeResponse,
	ErrMalformed: OutcomeMalformed, ErrBrokenContract: OutcomeMalformed,
}

// judge tells from its error how a call ended.
func judge(err error) judgement {
	var guard *GuardError
	var rejected *RejectedError
	var refused *RefusedError
	var call *CallError
	switch {
	case err == nil:
		return judgement{outcome: OutcomeOK}
	case errors.As(err, &guard):
		return judgement{outcome: OutcomeHost}
	case errors.As(err, &rejected):
		return judgement{OutcomeRejected, rejected.Violations}
	case errors.As(err, &refused):
		return judgement{outcome: OutcomeRefused}
	case errors.As(err, &call) && call.isNotReached:
		return judgement{outcome: OutcomeHost}
	case errors.As(err, &call) && call.hasRun && errors.Is(call.Cause, context.DeadlineExceeded):
		// A version that hangs is not to be called for ever because its callers wait for less than the time limit.
		return judgement{outcome: OutcomeTimeout}
	case errors.As(err, &call):
		if outcome, ok := outcomes[call.Kind]; ok {
			return judgement{outcome: outcome}
		}
	}
	return judgement{outcome: OutcomeHost}
}

// counts are the numbers behind a [StrategyStatus].
type counts struct {
	mutex      sync.Mutex
	outcomes   map[Outcome]uint64
	violations map[ViolationCode]uint64
	reverts    uint64
	latency    histogram
}

// notTimed is the time of what is one of many in a call.
const notTimed = time.Duration(-1)

func (c *counts) record(judged judgement, took time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.count(judged.outcome)
	for _, violation := range judged.violations {
		if c.violations == nil {
			c.violations = map[ViolationCode]uint64{}
		}
		c.violations[violation.Code]++
	}
	if took != notTimed {
		c.latency.record(took)
	}
}

func (c *counts) recordTime(took time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.latency.record(took)
}

func (c *counts) count(outcome Outcome) {
	if c.outcomes == nil {
		c.outcomes = map[Outcome]uint64{}
	}
	c.outcomes[outcome]++
}

func (c *counts) recordRevert() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.reverts++
}

func (c *counts) status() StrategyStatus {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return StrategyStatus{
		Outcomes: maps.Clone(c.outcomes), Violations: maps.Clone(c.violations), Reverts: c.reverts,
		Latency: Latency{c.latency.at(0.5), c.latency.at(0.9), c.latency.at(0.99), c.latency.at(0.999), c.latency.longest},
	}
}

// histogram counts durations in buckets, 32 for each power of two of nanoseconds.
type histogram struct {
	buckets [64 << bucketBits]uint64
	total   uint64
	longest time.Duration
}

const bucketBits = 5

func (h *histogram) record(took time.Duration) {
	h.buckets[bucket(took)]++
	h.total++
	h.longest = max(h.longest, took)
}

// bucket is where a duration is counted.
func bucket(d time.Duration) int {
	n := uint64(max(d, 0))
	if n < 1<<bucketBits {
		return int(n)
	}
	power := bits.Len64(n) - 1 - bucketBits
	return power<<bucketBits + int(n>>power)
}

// last is the longest duration that is counted in a bucket.
func last(bucket int) time.Duration {
	power := max(0, bucket>>bucketBits-1)
	return time.Duration((uint64(bucket-power<<bucketBits)+1)<<power - 1)
}

// at is a quantile.
func (h *histogram) at(quantile float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank, seen := uint64(quantile*float64(h.total-1))+1, uint64(0)
	for i, count := range h.buckets {
		if seen += count; seen >= rank {
			return min(last(i), h.longest)
		}
	}
	return h.longest
}
