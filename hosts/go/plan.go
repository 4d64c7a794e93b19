package pointsman

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// SubStep is the stage of a rollout. The zero value is none of them.
type SubStep uint8

const (
	// SubStepProvisioning: green is created, is not ready yet, or replaces blue step by step.
	SubStepProvisioning SubStep = iota + 1
	// SubStepAwaitingPromotion: what this step needs is ready; a gate, delay, hold, check or pause comes first.
	SubStepAwaitingPromotion
	// SubStepFinalizing: green carries the traffic (the host notes: promoted); blue is kept for a return.
	SubStepFinalizing
	// SubStepRollingBack: on the way back to the stable revision; the host goes on evaluating.
	SubStepRollingBack
	// SubStepCompleted: green has taken over. Terminal.
	SubStepCompleted
	// SubStepRolledBack: the stable revision serves again, or nothing better is possible. Terminal.
	SubStepRolledBack
)

var subSteps = words{"provisioning", "awaiting-promotion", "finalizing", "rolling-back", "completed", "rolled-back"}

// String is the contract's word, in kebab-case.
func (s SubStep) String() string { return subSteps.of(uint8(s)) }

// IsOver tells whether it is terminal, completed or rolled back: once the plan is applied the host stops evaluating.
func (s SubStep) IsOver() bool { return s == SubStepCompleted || s == SubStepRolledBack }

// RolloutSpec is routes to create, all alike.
type RolloutSpec struct {
	// Count is their number, at least 1.
	Count uint32
	// Revision is the deploying or the stable one.
	Revision string
	// TrafficStatus is their traffic status from the start: active or inactive.
	TrafficStatus TrafficStatus
	// TrafficRatio is their traffic ratio from the start, 0.0 to 1.0; 0.0 where they are inactive.
	TrafficRatio float64
	// Labels are for the host (spot, zone); it ignores keys that it does not know.
	Labels map[string]string
}

// TrafficChange is new traffic settings for a route that stays alive: what promotion and draining cannot say.
type TrafficChange struct {
	// RouteID is the route.
	RouteID string
	// TrafficStatus is its new traffic status.
	TrafficStatus TrafficStatus
	// TrafficRatio is its new traffic ratio, 0.0 to 1.0; 0.0 where inactive, what it returns with where standby.
	TrafficRatio float64
}

// Reason is why a plan is what it is, for the person who is woken by it.
type Reason struct {
	// Code is a stable kebab-case word, documented by the strategy.
	Code string
	// Message is one sentence with the numbers in it.
	Message string
	// BlockingRouteIDs are the routes that keep the rollout from going on, if it is routes.
	BlockingRouteIDs []string
}

// Progress of a rollout, for people; it decides nothing.
type Progress struct {
	// Step counts the steps passed after this plan, 0 to Steps.
	Step uint32
	// Steps is their number in all, at least 1.
	Steps uint32
	// Share is green's intended share of traffic after this plan, 0.0 to 1.0.
	Share float64
}

// RouteChanges is a plan: everything to change in one cycle. A host applies it in one transaction, in the order create,
// promote, traffic changes, drain: there is no moment without a serving route.
//
// It is a diff: a route is named only if something about it must change. Lists and labels that are empty are nil.
type RouteChanges struct {
	// SubStep is the stage of the rollout.
	SubStep SubStep
	// RolloutSpecs are routes to create.
	RolloutSpecs []RolloutSpec
	// PromoteRouteIDs are routes to promote: traffic status active, ratio 1.0.
	PromoteRouteIDs []string
	// TrafficChanges are routes whose traffic changes otherwise.
	TrafficChanges []TrafficChange
	// DrainRouteIDs are routes to drain: status terminating, traffic status inactive, ratio 0.0, end drained.
	DrainRouteIDs []string
	// Reason is why.
	Reason Reason
	// Gate is the gate that the rollout waits at, one word for one gate during the whole rollout; empty where it waits at
	// none.
	Gate string
	// NextEvaluationAt is when to evaluate again even if nothing has changed; the zero time where only an event can move
	// the rollout on.
	NextEvaluationAt time.Time
	// Memo is to be stored with the plan, in one transaction, and handed back as [Spec.Memo]; nil clears it.
	Memo *string
	// Commitment is the strategy's promise at this target, configuration and limits, and at nothing else.
	Commitment Commitment
	// Progress is for people; nil where the strategy does not say.
	Progress *Progress
	// Labels are for the host; it ignores keys that it does not know.
	Labels map[string]string
}

// IsEmpty tells whether applying it changes nothing about any route.
func (p *RouteChanges) IsEmpty() bool {
	return len(p.RolloutSpecs) == 0 && len(p.PromoteRouteIDs) == 0 && len(p.TrafficChanges) == 0 &&
		len(p.DrainRouteIDs) == 0
}

// Apply makes of routes what this plan makes of them, in the contract's order: create, promote, change traffic, drain.
// It returns the new table and leaves the one given alone, so on an error nothing has changed.
//
// New routes are provisioning and not checked, come after the others, and get their ids from newID, which must give one
// that is not there yet. Whether the plan does harm is not looked at; that is the guard's part.
//
// It fails where the plan names a route that is not there, and where it creates routes and newID is nil.
func (p *RouteChanges) Apply(routes []Route, now time.Time, newID func() string) ([]Route, error) {
	if newID == nil && len(p.RolloutSpecs) > 0 {
		return nil, errors.New("the plan creates routes, and there is no newID to give them ids")
	}
	places := make(map[string]int, len(routes))
	for i := range routes {
		places[routes[i].ID] = i
	}
	applied := append(make([]Route, 0, len(routes)), routes...)
	find := func(id string) (*Route, error) {
		place, ok := places[id]
		if !ok {
			return nil, fmt.Errorf("the plan names the route `%s`, which is not there", id)
		}
		return &applied[place], nil
	}
	for _, id := range p.PromoteRouteIDs {
		route, err := find(id)
		if err != nil {
			return nil, err
		}
		route.TrafficStatus, route.TrafficRatio = TrafficActive, 1
	}
	for _, change := range p.TrafficChanges {
		route, err := find(change.RouteID)
		if err != nil {
			return nil, err
		}
		route.TrafficStatus, route.TrafficRatio = change.TrafficStatus, change.TrafficRatio
	}
	for _, id := range p.DrainRouteIDs {
		route, err := find(id)
		if err != nil {
			return nil, err
		}
		route.TrafficStatus, route.TrafficRatio = TrafficInactive, 0
		route.Status, route.StatusUpdatedAt, route.End = RouteTerminating, now, EndDrained
	}
	// The other changes name only routes that were there, so that creating last is as good as creating first.
	for _, rollout := range p.RolloutSpecs {
		for range rollout.Count {
			applied = append(applied, Route{
				ID: newID(), Revision: rollout.Revision, Status: RouteProvisioning, Health: HealthNotChecked,
				TrafficStatus: rollout.TrafficStatus, TrafficRatio: rollout.TrafficRatio, CreatedAt: now, StatusUpdatedAt: now,
				Labels: maps.Clone(rollout.Labels),
			})
		}
	}
	return applied, nil
}
