package pointsman

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Whatever the texts in it are of, a plugin, a tenant or a file system: what Error gives is one line of at most 2,000
// bytes, in which nothing acts on a terminal. The fields have them as they are.

// Errors of making a host or a registry.
var (
	// ErrInvalidOptions: an option of a registry is out of its range; the message says which, and what is right.
	ErrInvalidOptions = errors.New("invalid options")
	// ErrInvalidLimits: nothing could run under the limits, or no system could give as much.
	ErrInvalidLimits = errors.New("invalid limits")
	// ErrNoRelease: a host needs the files of a release, and was given none, or one of them is missing; see [WithRelease].
	ErrNoRelease = errors.New("a host needs `guard.wasm` and `loader.wasm` of a release: " +
		"use WithRelease(components.Release()), or name their folder with WithReleaseFolder")
	// ErrClosed: the host, the plugin or the session was closed.
	ErrClosed = errors.New("closed")
)

// Kinds of a [CallError].
var (
	// ErrTrap: the plugin trapped, which is a bug in it.
	ErrTrap = errors.New("trapped")
	// ErrTimeout: it ran for longer than [Limits.Time].
	ErrTimeout = errors.New("ran for too long")
	// ErrCanceled: the caller's context ended first. The error is also that of the context.
	ErrCanceled = errors.New("was stopped")
	// ErrMemory: it requested more than [Limits.Memory].
	ErrMemory = errors.New("requested too much memory")
	// ErrResponse: it returned more than [Limits.Response].
	ErrResponse = errors.New("returned too much")
	// ErrInstances: [Limits.Instances] are in use already. Not the plugin's fault: try again, or raise the limit.
	ErrInstances = errors.New("too many instances")
	// ErrMalformed: it returned what the component ABI does not allow, such as a string that is not UTF-8 or a pointer to
	// nowhere.
	ErrMalformed = errors.New("malformed response")
	// ErrBrokenContract: its answers are not what the contract says, so none is to be trusted.
	ErrBrokenContract = errors.New("broke the contract")
)

// Objections of a plugin to its input; the kinds of a [RefusedError].
var (
	// ErrInvalidConfig: the configuration is not what the plugin takes; the message names the key.
	ErrInvalidConfig = errors.New("invalid config")
	// ErrInvalidSpec: another field of the spec cannot be right; the message names it.
	ErrInvalidSpec = errors.New("invalid spec")
	// ErrInvalidRoutes: the routes cannot be right; the message names the route.
	ErrInvalidRoutes = errors.New("invalid routes")
	// ErrInvalidRequests: the text is not a JSON array of requests.
	ErrInvalidRequests = errors.New("invalid requests")
)

// ErrPlanRejected is what every [RejectedError] is.
var ErrPlanRejected = errors.New("plan rejected")

// ErrInvalidArgument is what every [ArgumentError] is.
var ErrInvalidArgument = errors.New("invalid argument")

// CallError is a call into a plugin without a result. The instance is thrown away; plugin and host go on.
type CallError struct {
	// Plugin is the plugin that was called.
	Plugin PluginID
	// Kind is one of ErrTrap, ErrTimeout, ErrCanceled, ErrMemory, ErrResponse, ErrInstances, ErrMalformed,
	// ErrBrokenContract, ErrPanicked and ErrClosed.
	Kind error
	// Limits are those that it ran under.
	Limits Limits
	// Cause is the runtime's error with the plugin's stack, or what is wrong with a response; may be nil.
	Cause error
	// hasRun tells of a call that was stopped that its code was running then.
	hasRun bool
	// isNotReached tells of a request of a batch that there was no time left for.
	isNotReached bool
}

func (e *CallError) Error() string { return shown(e.sentence()) }

func (e *CallError) sentence() string {
	plugin := "plugin " + e.Plugin.String()
	switch e.Kind {
	case ErrTimeout:
		return fmt.Sprintf("%s ran for longer than %v", plugin, e.Limits.Time)
	case ErrMemory:
		return fmt.Sprintf("%s requested more than %d bytes of memory", plugin, e.Limits.Memory)
	case ErrResponse:
		return fmt.Sprintf("%s returned more than %d bytes", plugin, e.Limits.Response)
	case ErrInstances:
		return fmt.Sprintf("%s was not called: %d instances are in use already", plugin, e.Limits.Instances)
	case ErrMalformed:
		return fmt.Sprintf("%s returned a malformed response: %v", plugin, e.Cause)
	case ErrClosed:
		return plugin + " was closed"
	}
	// The stack is in the cause, for those who want it.
	cause, _, _ := strings.Cut(fmt.Sprint(e.Cause), "\n")
	return fmt.Sprintf("%s %v: %s", plugin, e.Kind, cause)
}

// Unwrap gives the kind, and the cause if there is one.
func (e *CallError) Unwrap() []error {
	return withCause(e.Kind, e.Cause)
}

// RefusedError is a plugin's answer that its input is not right. It is no failure of the plugin.
type RefusedError struct {
	// Plugin is the plugin that says so.
	Plugin PluginID
	// Kind is one of ErrInvalidConfig, ErrInvalidSpec, ErrInvalidRoutes and ErrInvalidRequests.
	Kind error
	// Message is in its words as it gave them, and names the key or the route. Error has it escaped and shortened.
	Message string
}

func (e *RefusedError) Error() string {
	return shown(fmt.Sprintf("plugin %s: %v: %s", e.Plugin, e.Kind, e.Message))
}

// Unwrap gives the kind.
func (e *RefusedError) Unwrap() error {
	return e.Kind
}

// RejectedError says that the guard rejected a plan. Nothing of it may be applied.
type RejectedError struct {
	// Plugin is the plugin that made it.
	Plugin PluginID
	// Plan is the plan, for people to look at.
	Plan *RouteChanges
	// Violations are all that is wrong with it; at least one.
	Violations []Violation
}

func (e *RejectedError) Error() string {
	return shown(fmt.Sprintf("plugin %s: plan rejected: %s", e.Plugin, summary(e.Violations)))
}

// Unwrap gives ErrPlanRejected.
func (e *RejectedError) Unwrap() error {
	return ErrPlanRejected
}

// ArgumentError says that a value cannot be handed to a plugin at all: a moment before 1970, a word that the contract
// does not have, a string that is not UTF-8. No plugin was called.
type ArgumentError struct {
	// Argument is the field's path, such as `routes[2].created_at`.
	Argument string
	// Problem names the fault, and what would be right.
	Problem string
}

func (e *ArgumentError) Error() string {
	return shown(fmt.Sprintf("`%s` %s", e.Argument, e.Problem))
}

// Unwrap gives ErrInvalidArgument.
func (e *ArgumentError) Unwrap() error {
	return ErrInvalidArgument
}

// CircuitOpenError says that a strategy was not called: it fails for the deployment, or it fails for all and there is
// no version to revert to, so that a circuit is open.
type CircuitOpenError struct {
	// Plugin is the version that fails.
	Plugin PluginID
	// Deployment is the deployment whose circuit is open; empty where it is that of the version.
	Deployment string
	// Failures counts the deployment's failures in a row, or the deployments that the version failed for.
	Failures int
	// Remaining is the time for which calls will still be answered with this; 0 while a probe is under way.
	Remaining time.Duration
}

// ErrCircuitOpen is what every [CircuitOpenError] is.
var ErrCircuitOpen = errors.New("circuit open")

// ErrUnavailable is the error of a request of a batch that was not reached in time. It speaks against nobody.
var ErrUnavailable = errors.New("was not reached in the time of its batch")

func (e *CircuitOpenError) Error() string {
	if e.Deployment == "" {
		return fmt.Sprintf("plugin %s failed for %d deployments; circuit open for %s", e.Plugin, e.Failures,
			length(e.Remaining))
	}
	return fmt.Sprintf("plugin %s failed %d times in a row; circuit of deployment `%s` open for %s", e.Plugin,
		e.Failures, shownDeployment(e.Deployment), length(e.Remaining))
}

// Unwrap gives ErrCircuitOpen.
func (e *CircuitOpenError) Unwrap() error {
	return ErrCircuitOpen
}

// UnknownStrategyError says that no plugin of a name was loaded.
type UnknownStrategyError struct {
	// Name is the name that was given.
	Name string
	// Known are the names there are, sorted.
	Known []string
}

// ErrUnknownStrategy is what every [UnknownStrategyError] is.
var ErrUnknownStrategy = errors.New("unknown strategy")

func (e *UnknownStrategyError) Error() string {
	known := "none"
	if len(e.Known) > 0 {
		known = listed(e.Known)
	}
	return fmt.Sprintf("there is no strategy `%s`; there is %s", tidied(e.Name, longestWord), known)
}

// Unwrap gives ErrUnknownStrategy.
func (e *UnknownStrategyError) Unwrap() error {
	return ErrUnknownStrategy
}

func withCause(kind, cause error) []error {
	if cause == nil {
		return []error{kind}
	}
	return []error{kind, cause}
}
