package pointsman

import "time"

// OperatorRequest is what an operator asked for since the rollout started.
type OperatorRequest uint8

const (
	// NoRequest: nothing.
	NoRequest OperatorRequest = iota
	// OperatorPromote: promote as soon as enough is ready: approvals and delays are skipped, readiness is not.
	OperatorPromote
	// OperatorAbort: give the rollout up and keep the old revision, while the serving floor allows it.
	OperatorAbort
)

// CheckOutcome is how a check stands. The zero value is none of them.
type CheckOutcome uint8

const (
	// CheckPending: no verdict yet.
	CheckPending CheckOutcome = iota + 1
	// CheckPassed: good.
	CheckPassed
	// CheckFailed: bad.
	CheckFailed
)

// Check is a verdict that the host gathered elsewhere: metrics, smoke tests, approvals.
type Check struct {
	// Name is the host's name for it, for messages.
	Name string
	// Outcome is how it stands.
	Outcome CheckOutcome
}

// Spec is what is wanted of a rollout, and what time it is.
type Spec struct {
	// DeployingRevision is the revision being rolled out.
	DeployingRevision string
	// TargetReplicas is how many routes should serve when the rollout ends; 0 is valid.
	TargetReplicas uint32
	// StartedAt is when this rollout started. Routes created before it that are no longer live are history, not failures.
	StartedAt time.Time
	// Now is the host's clock at this cycle: the only clock there is.
	Now time.Time
	// OperatorRequest is what an operator asked for, if anything.
	OperatorRequest OperatorRequest
	// Checks are the verdicts gathered so far, in any order.
	Checks []Check
	// Config is the strategy's own configuration, one JSON object exactly as its user wrote it. Empty is `{}`: all defaults.
	Config string
	// Memo is the memo of the last applied plan of this rollout; nil in the first cycle.
	Memo *string
}

// Request is one cycle of one deployment to decide.
type Request struct {
	// Routes are all routes of the deployment, in any order.
	Routes []Route
	// Spec is what is wanted.
	Spec Spec
}

// Description is what a strategy says of itself.
type Description struct {
	// Name is its name in kebab-case, for example `blue-green`.
	Name string
	// Version is its own semantic version.
	Version string
	// Summary is one sentence.
	Summary string
	// ConfigSchema is the JSON Schema (draft 2020-12) of [Spec.Config], as JSON text.
	ConfigSchema string
}

// The contract's words, in its order.
var (
	operatorRequests = words{"promote", "abort"}
	checkOutcomes    = words{"pending", "passed", "failed"}
)

// String is the contract's word; empty where there is no request.
func (r OperatorRequest) String() string {
	if r == NoRequest {
		return ""
	}
	return operatorRequests.of(uint8(r))
}

// String is the contract's word.
func (o CheckOutcome) String() string { return checkOutcomes.of(uint8(o)) }

// config is the configuration as a plugin takes it.
func (s *Spec) config() string {
	if s.Config == "" {
		return "{}"
	}
	return s.Config
}
