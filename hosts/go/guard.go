package pointsman

import (
	"context"
	"fmt"
	"strings"
)

// Guard says how plans are checked before they are returned. The zero value is everything, under [DefaultPolicy]. Nothing
// switches the checks of the ids off: without right ids a plan cannot be applied at all.
type Guard struct {
	kind   guardKind
	policy Policy
}

type guardKind uint8

const (
	guardDefault guardKind = iota
	guardPolicy
	guardIDsOnly
)

// Policy is how much a plan may do.
type Policy struct {
	// SurgeLimit is how many live routes of the deploying revision there may be above the target; by default 0.
	SurgeLimit uint32
	// ServingFloorPercent is which part of the target must go on serving, in percent, rounded up: 0 to 100, more counts as
	// 100; by default 100. A rolling update that may make a quarter unavailable needs 75.
	ServingFloorPercent uint32
	// LargestCreation is how many routes one plan may create; by default 1000.
	LargestCreation uint32
}

// DefaultPolicy is the policy where none is given: no surge, no serving route less, at most 1000 routes at once.
func DefaultPolicy() Policy {
	return Policy{SurgeLimit: 0, ServingFloorPercent: 100, LargestCreation: 1000}
}

// GuardWith checks everything, under this policy. Start from [DefaultPolicy]: the zero Policy lets a plan create nothing.
func GuardWith(policy Policy) Guard {
	return Guard{guardPolicy, policy}
}

// GuardIDsOnly checks only that the ids are right: given, once, and not in conflict. A plan may then take the service down. It
// is for a host that checks plans itself.
func GuardIDsOnly() Guard {
	return Guard{kind: guardIDsOnly}
}

// Policy is the policy, and whether there is one: not where only ids are checked.
func (g Guard) Policy() (Policy, bool) {
	switch g.kind {
	case guardIDsOnly:
		return Policy{}, false
	case guardPolicy:
		return g.policy, true
	default:
		return DefaultPolicy(), true
	}
}

// ViolationCode is a rule that a plan breaks; a stable kebab-case word.
type ViolationCode string

// The rules. The first four are about ids, and are checked whatever the policy.
const (
	ViolationInvalidRoutes          ViolationCode = "invalid-routes"
	ViolationUnknownID              ViolationCode = "unknown-id"
	ViolationDuplicateID            ViolationCode = "duplicate-id"
	ViolationConflictingChanges     ViolationCode = "conflicting-changes"
	ViolationPromotedBlue           ViolationCode = "promoted-blue"
	ViolationPromotedNotReady       ViolationCode = "promoted-not-ready"
	ViolationActivatedNotReady      ViolationCode = "activated-not-ready"
	ViolationDrainedNotLive         ViolationCode = "drained-not-live"
	ViolationCreatedOtherRevision   ViolationCode = "created-other-revision"
	ViolationEmptyCreation          ViolationCode = "empty-creation"
	ViolationCreationTooLarge       ViolationCode = "creation-too-large"
	ViolationTooManyRoutes          ViolationCode = "too-many-routes"
	ViolationRatioOutOfRange        ViolationCode = "ratio-out-of-range"
	ViolationServingFloorBroken     ViolationCode = "serving-floor-broken"
	ViolationNextEvaluationNotAhead ViolationCode = "next-evaluation-not-ahead"
)

// Violation is one thing that a plan does and must not do.
type Violation struct {
	// Code is the rule.
	Code ViolationCode `json:"code"`
	// RouteIDs are the routes it is about, in the order of their ids; none where it is about no given route.
	RouteIDs []string `json:"route_ids"`
	// Message is one sentence with the numbers in it.
	Message string `json:"message"`
}

func (v Violation) String() string {
	return string(v.Code) + ": " + v.Message
}

// summary is all violations in one line.
func summary(violations []Violation) string {
	var lines []string
	for _, violation := range violations {
		lines = append(lines, violation.String())
	}
	return strings.Join(lines, "; ")
}

// GuardError says that the guard itself failed. The plan, which nobody has checked, is not returned.
type GuardError struct {
	// Plugin is the plugin whose plan was to be checked.
	Plugin PluginID
	// Cause is the failure, which names the guard.
	Cause error
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("plugin %s: its plan could not be checked: %v", e.Plugin, e.Cause)
}

// Unwrap gives the cause.
func (e *GuardError) Unwrap() error {
	return e.Cause
}

// guarded gives a plan that has passed the guard.
func (p *Plugin) guarded(ctx context.Context, routes []Route, spec *Spec, plan *RouteChanges) (*RouteChanges, error) {
	violations, err := p.violations(ctx, routes, spec, plan)
	switch {
	case err != nil:
		return nil, &GuardError{Plugin: p.loaded.id, Cause: err}
	case len(violations) > 0:
		return nil, &RejectedError{Plugin: p.loaded.id, Plan: plan, Violations: violations}
	}
	return plan, nil
}

// violations are all that is wrong with a plan, as the guard component says.
func (p *Plugin) violations(ctx context.Context, routes []Route, spec *Spec, plan *RouteChanges) ([]Violation, error) {
	policy, hasPolicy := p.guard.Policy()
	if plan.IsEmpty() {
		// The usual plan: nothing can be wrong with it, but when it wants to be made again. For that, no routes are needed.
		if plan.NextEvaluationAt.IsZero() || !hasPolicy {
			return nil, nil
		}
		routes = nil
	}
	host := p.loaded.host
	session, err := host.guard.session(ctx, forGuard)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	place, size := guardCheckIDs, uint64(sizeGuardCheckIDs)
	if hasPolicy {
		place, size = guardCheck, sizeGuardCheck
	}
	var violations []Violation
	err = session.do(ctx, host.limits.Time, place, func(l *lowering) {
		// As many parameters are passed as a record in memory.
		routes, spec, plan := l.routes(routes), l.spec(spec), l.plan(plan)
		at := l.allocate(size, align8)
		to := l.bytes(at, size)
		putSpan(to, routes)
		spec.put(to[offsetGuardSpec:])
		l.putPlan(to[offsetGuardPlan:], plan)
		if hasPolicy {
			to := to[offsetGuardPolicy:]
			le.PutUint32(to, policy.SurgeLimit)
			le.PutUint32(to[4:], policy.ServingFloorPercent)
			le.PutUint32(to[8:], policy.LargestCreation)
		}
		l.stack[0] = uint64(at)
	}, func(l *lifting, at uint32) { violations = l.violations(at) })
	return violations, err
}
