package pointsman

import (
	"context"
	"fmt"
	"strings"
)

// Guard selects the checks of plans before they are returned. The zero value is everything, under [DefaultPolicy].
// Nothing switches the checks of the ids off: without right ids a plan cannot be applied at all.
type Guard struct {
	policy    Policy
	isIDsOnly bool
}

// GuardWith checks everything, under this policy, which the host also resolves into the limits that a strategy keeps
// to.
func GuardWith(policy Policy) Guard {
	return Guard{policy: policy}
}

// GuardIDsOnly checks only that the ids are right: given, once, and not in conflict. A plan may then take the service
// down. It is for a host that checks plans itself.
func GuardIDsOnly() Guard {
	return Guard{isIDsOnly: true}
}

// under is the guard with the policy of a deployment, which has no say where only ids are checked.
func (g Guard) under(policy *Policy) Guard {
	if policy == nil || g.isIDsOnly {
		return g
	}
	return GuardWith(*policy)
}

// Policy is the policy with every field written out, and whether there is one: not where only ids are checked.
func (g Guard) Policy() (Policy, bool) {
	if g.isIDsOnly {
		return Policy{}, false
	}
	return g.policy.withDefaults(), true
}

// ViolationCode is a rule that a plan breaks; a stable kebab-case word.
type ViolationCode string

// The rules. The first four are about ids, and are checked whatever the policy.
const (
	// ViolationInvalidRoutes: it was made from routes that cannot be right.
	ViolationInvalidRoutes ViolationCode = "invalid-routes"
	// ViolationUnknownID: it names a route that was not given.
	ViolationUnknownID ViolationCode = "unknown-id"
	// ViolationDuplicateID: it names a route twice in one list.
	ViolationDuplicateID ViolationCode = "duplicate-id"
	// ViolationConflictingChanges: it names a route in two lists.
	ViolationConflictingChanges ViolationCode = "conflicting-changes"
	// ViolationChangedNotLive: it changes, promotes or drains a route that is not live.
	ViolationChangedNotLive ViolationCode = "changed-not-live"
	// ViolationPromotedNotGreen: it promotes a route of another revision than the deploying one.
	ViolationPromotedNotGreen ViolationCode = "promoted-not-green"
	// ViolationPromotedNotReady: it promotes a route that is not ready.
	ViolationPromotedNotReady ViolationCode = "promoted-not-ready"
	// ViolationActivatedNotReady: it puts a route that is not ready into traffic, or raises its ratio from 0.0.
	ViolationActivatedNotReady ViolationCode = "activated-not-ready"
	// ViolationStandbyNotApproved: it puts an inactive route on standby, or creates one there.
	ViolationStandbyNotApproved ViolationCode = "standby-not-approved"
	// ViolationCreatedOtherRevision: it creates routes of neither the deploying nor the stable revision.
	ViolationCreatedOtherRevision ViolationCode = "created-other-revision"
	// ViolationEmptyCreation: it creates zero routes.
	ViolationEmptyCreation ViolationCode = "empty-creation"
	// ViolationRatioOutOfRange: it sets a ratio outside 0.0 to 1.0, or one above 0.0 for an inactive route.
	ViolationRatioOutOfRange ViolationCode = "ratio-out-of-range"
	// ViolationRatioNotPossible: it sets a ratio that the proxy cannot express; see [WeightSteps].
	ViolationRatioNotPossible ViolationCode = "ratio-not-possible"
	// ViolationCapacityLowered: it leaves less serving capacity than there was and must be.
	ViolationCapacityLowered ViolationCode = "capacity-lowered"
	// ViolationDrainedWhileShort: it drains a serving route while there is too little capacity.
	ViolationDrainedWhileShort ViolationCode = "drained-while-short"
	// ViolationTooManyLive: it creates, and leaves more live routes than there may be.
	ViolationTooManyLive ViolationCode = "too-many-live"
	// ViolationTooManyTerminating: it creates, and leaves too many routes, those that are still stopping included.
	ViolationTooManyTerminating ViolationCode = "too-many-terminating"
	// ViolationCompletedEarly: it completes with too little capacity, beside other routes, or under abort or pause.
	ViolationCompletedEarly ViolationCode = "completed-early"
	// ViolationRolledBackEarly: it ends as rolled back with something better still possible.
	ViolationRolledBackEarly ViolationCode = "rolled-back-early"
	// ViolationAgainstRequest: it takes a step forward under abort or pause, or drains what a pause protects.
	ViolationAgainstRequest ViolationCode = "against-request"
	// ViolationInvalidMemo: its memo has more than 4,096 bytes, or a NUL.
	ViolationInvalidMemo ViolationCode = "invalid-memo"
	// ViolationNextEvaluationNotAhead: it wants to be evaluated again at a moment that is not after now.
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
	return shown(v.sentence())
}

func (v Violation) sentence() string { return string(v.Code) + ": " + v.Message }

// summary is all violations, as they are.
func summary(violations []Violation) string {
	var lines []string
	for _, violation := range violations {
		lines = append(lines, violation.sentence())
	}
	return strings.Join(lines, "; ")
}

// GuardError is a failure of the guard itself. The plan, which nobody has checked, is not returned.
type GuardError struct {
	// Plugin is the plugin whose plan was to be checked.
	Plugin PluginID
	// Cause is the failure, which names the guard.
	Cause error
}

func (e *GuardError) Error() string {
	return shown(fmt.Sprintf("plugin %s: its plan could not be checked: %v", e.Plugin, e.Cause))
}

// Unwrap gives the cause.
func (e *GuardError) Unwrap() error {
	return e.Cause
}

// longestMemo is the longest memo, in bytes.
const longestMemo = 4096

// need selects the parts of a plan and its input that the guard has to see.
type need uint8

const (
	nothing need = iota
	// onlyThePlan: routes make no difference.
	onlyThePlan
	everything
)

// needs tells what the guard has to see of a plan. The usual one changes nothing about any route, and can be wrong only
// in that it ends the rollout, in its memo, and in when it wants to be made again: for the last, its moment has to be
// looked at as well.
func needs(plan *RouteChanges, guard Guard) need {
	switch {
	case !plan.IsEmpty():
		return everything
	case guard.isIDsOnly:
		return nothing
	case plan.SubStep.IsOver():
		return everything
	case plan.Memo != nil && (len(*plan.Memo) > longestMemo || strings.Contains(*plan.Memo, "\x00")):
		return onlyThePlan
	}
	return nothing
}

// isAhead tells whether a plan wants to be made again after now, if at all.
func (p *RouteChanges) isAhead(spec *Spec) bool {
	if p.NextEvaluationAt.IsZero() {
		return true
	}
	next, isMoment := millisOf(p.NextEvaluationAt)
	now, _ := millisOf(spec.Now)
	return isMoment && next > now
}

// guarded gives a plan that was put right and has passed the guard.
func (s *Session) guarded(
	ctx context.Context, routes []Route, spec *Spec, plan *RouteChanges, guard Guard,
) (*RouteChanges, error) {
	plan.tidy(spec.Now)
	violations, err := s.violations(ctx, routes, spec, plan, guard)
	switch {
	case err != nil:
		return nil, &GuardError{Plugin: s.plugin.loaded.id, Cause: err}
	case len(violations) > 0:
		return nil, &RejectedError{Plugin: s.plugin.loaded.id, Plan: plan, Violations: violations}
	}
	return plan, nil
}

// violations are all that is wrong with a plan, as the guard component says.
func (s *Session) violations(
	ctx context.Context, routes []Route, spec *Spec, plan *RouteChanges, guard Guard,
) ([]Violation, error) {
	policy, hasPolicy := guard.Policy()
	needed := needs(plan, guard)
	if needed == nothing && hasPolicy && !plan.isAhead(spec) {
		needed = onlyThePlan
	}
	switch needed {
	case nothing:
		return nil, nil
	case onlyThePlan:
		routes = nil
	}
	if s.guard == nil {
		session, err := s.plugin.loaded.host.guard.session(ctx, forGuard)
		if err != nil {
			return nil, err
		}
		s.guard = session
	}
	place, checked := guardCheck, &policy
	if !hasPolicy {
		place, checked = guardCheckIDs, nil
	}
	var violations []Violation
	err := s.guard.do(ctx, s.plugin.loaded.host.limits.Time, place,
		func(l *lowering) { l.guardCheck(routes, spec, plan, checked) },
		func(l *lifting, at uint32) { violations = l.violations(at) })
	return violations, err
}
