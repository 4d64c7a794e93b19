package pointsman

import "time"

// Operator holds an operator's requests for a rollout; a new activation clears it. Abort goes before pause, pause
// before promote, and promote before passed gates. The zero value is nothing.
type Operator struct {
	// Abort returns to the stable revision, and ends.
	Abort bool
	// Pause lets it take no step forward and not end, while repairs go on. Not read under Abort.
	Pause bool
	// Promote skips gates, delays, holds, and checks that are pending or inconclusive, until the rollout ends; not
	// readiness, the least time of being ready, failed checks and the time for which the old revision is kept.
	Promote bool
	// PassedGates are the gates that a person passed, in any order: the [RouteChanges.Gate] of the last applied plan,
	// appended. Unknown words are ignored. The host clears them when the configuration changes.
	PassedGates []string
}

// CheckOutcome is the verdict of a check. The zero value is none of them.
type CheckOutcome uint8

const (
	// CheckPending: no verdict yet.
	CheckPending CheckOutcome = iota + 1
	// CheckPassed: good.
	CheckPassed
	// CheckFailed: bad.
	CheckFailed
	// CheckInconclusive: judged without enough data; waits as pending does.
	CheckInconclusive
)

// Check is a verdict that the host gathered elsewhere: metrics, smoke tests.
type Check struct {
	// Name is unique in a spec. A check that a configuration names and that is not listed is pending.
	Name string
	// Outcome is its verdict.
	Outcome CheckOutcome
	// ObservedAt is when it was last sampled; the zero time makes it always count. A verdict that does not count is
	// pending.
	ObservedAt time.Time
}

// Commitment is bounds, in routes: of a policy ([Spec.Limits]), or of a plan ([RouteChanges.Commitment]).
type Commitment struct {
	// LeastServing is the capacity that is never gone below.
	LeastServing uint32
	// MostLive is the number of live routes of all revisions that is never exceeded.
	MostLive uint32
}

// WeightSteps are the traffic ratios that the host's proxy can express: k/n for 0 <= k <= n. The zero value is one
// step, in traffic or out of it.
type WeightSteps struct {
	// from is the number of steps, but for its last bit: so the zero value is 1.
	from uint32
}

// NewWeightSteps is n steps: 256 for HAProxy, for example. 0 is [ExactWeights].
func NewWeightSteps(n uint32) WeightSteps { return WeightSteps{n ^ 1} }

// ExactWeights takes every ratio as possible.
func ExactWeights() WeightSteps { return NewWeightSteps(0) }

// Steps is n; 0 where every ratio is possible.
func (w WeightSteps) Steps() uint32 { return w.from ^ 1 }

// Spec is a rollout's goal, requests, limits and clock, in one cycle.
type Spec struct {
	// DeployingRevision is the revision being rolled out; not empty.
	DeployingRevision string
	// StableRevision is the revision that carried the traffic when this rollout started, and can be created: the deploying
	// one of the rollout before, if that was promoted, else its stable one. Empty, or that being deployed, is none.
	StableRevision string
	// TargetReplicas is the number of routes that should serve when the rollout ends; 0 is valid.
	TargetReplicas uint32
	// StartedAt is when this revision was activated; another activation has another one.
	StartedAt time.Time
	// Now is the host's clock at this cycle: the only clock there is.
	Now time.Time
	// Operator holds an operator's requests.
	Operator Operator
	// Checks are the verdicts gathered so far, in any order.
	Checks []Check
	// Limits are the policy at this target. Where it is nil, the host puts its own policy here, resolved for the target;
	// under [GuardIDsOnly] nothing bounds the strategy but its configuration.
	Limits *Commitment
	// FreePlaces is the number of routes that may be placed now in addition, of the larger revision; room that terminating
	// routes hold is not free. Nil is unknown, as if unlimited.
	FreePlaces *uint32
	// WeightSteps are the possible ratios.
	WeightSteps WeightSteps
	// Labels are the host's facts about the deployment.
	Labels map[string]string
	// Config is the strategy's own configuration, one JSON object exactly as its user wrote it. Empty is `{}`: all
	// defaults.
	Config string
	// Memo is the memo of the last applied plan of this rollout; nil in the first cycle.
	Memo *string
}

// Request is one cycle of one deployment to decide.
type Request struct {
	// Routes are all routes of the deployment, in any order.
	Routes []Route
	// Spec is the goal, requests, limits and clock.
	Spec Spec
	// Policy is the deployment's own, in place of that of the plugin's guard; nil where it has none. It has no say where
	// that guard checks only ids.
	Policy *Policy
	// Deployment is the key of the deployment in a [Registry], 1 to 256 bytes; a plugin by itself does not read it.
	Deployment string
}

// Description of a strategy, by itself.
type Description struct {
	// Name is its name in kebab-case, for example `blue-green`.
	Name string `json:"name"`
	// Version is its own semantic version.
	Version string `json:"version"`
	// Summary is one sentence.
	Summary string `json:"summary"`
	// ConfigSchema is the JSON Schema (draft 2020-12) of [Spec.Config], as JSON text.
	ConfigSchema string `json:"config_schema"`
}

// checkOutcomes are the contract's words, in its order.
var checkOutcomes = words{"pending", "passed", "failed", "inconclusive"}

// String is the contract's word.
func (o CheckOutcome) String() string { return checkOutcomes.of(uint8(o)) }

// config is the configuration as a plugin takes it.
func (s *Spec) config() string {
	if s.Config == "" {
		return "{}"
	}
	return s.Config
}

// under is the spec as a plugin and the guard get it: with the policy as its limits, where it has none of its own.
func (s *Spec) under(guard Guard) *Spec {
	policy, hasPolicy := guard.Policy()
	if s.Limits != nil || !hasPolicy {
		return s
	}
	bounded, limits := *s, policy.Resolve(s.TargetReplicas)
	bounded.Limits = &limits
	return &bounded
}
