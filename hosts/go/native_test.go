package pointsman

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

// Blue-green in plain Go, as a manager without plugins might have it: what the benchmark compares with. It has the
// options that the benchmark uses, and a message of the same kind; the corpus says that it decides alike. It checks no
// plan: what the guard costs is part of what a plugin costs.

type nativeConfig struct {
	AutoPromote         bool   `json:"auto_promote"`
	PromoteDelaySeconds uint32 `json:"promote_delay_seconds"`
	MaxReplacements     uint32 `json:"max_replacements"`
}

type nativeTally struct {
	ready, serving, live, failed, provisioning, liveBlue int
	newest                                               time.Time
	notReady                                             []string
}

func nativeBlueGreen(routes []Route, spec *Spec) (*RouteChanges, error) {
	var config nativeConfig
	if err := json.Unmarshal([]byte(spec.config()), &config); err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(routes))
	var tally nativeTally
	for i := range routes {
		route := &routes[i]
		if ids[route.ID] {
			return nil, fmt.Errorf("two routes have the id `%s`", route.ID)
		}
		if !(route.TrafficRatio >= 0 && route.TrafficRatio <= 1) {
			return nil, fmt.Errorf("the ratio of `%s` is not in 0..=1", route.ID)
		}
		ids[route.ID] = true
		tally.add(route, spec)
	}
	target := int(spec.TargetReplicas)
	plan := &RouteChanges{SubStep: SubStepProvisioning, Commitment: nativeCommitment(spec), Progress: &Progress{Steps: 3}}
	unreplaced := max(0, tally.failed-int(config.MaxReplacements))
	switch promotes := spec.Operator.Promote; {
	case tally.ready >= target && tally.serving >= target && tally.liveBlue == 0:
		plan.switchOver("already-promoted", routes, spec)
	case target == 0:
		plan.switchOver("promoting", routes, spec)
	case tally.ready >= target && !config.AutoPromote && tally.liveBlue > 0 && !promotes &&
		!slices.Contains(spec.Operator.PassedGates, "promotion"):
		plan.await("awaiting-approval")
		plan.Gate = "promotion"
	case tally.ready >= target && !promotes &&
		spec.Now.Sub(tally.newest) < time.Duration(config.PromoteDelaySeconds)*time.Second:
		plan.await("awaiting-delay")
		plan.NextEvaluationAt = tally.newest.Add(time.Duration(config.PromoteDelaySeconds) * time.Second)
		if soonest := spec.Now.Add(time.Second); plan.NextEvaluationAt.Before(soonest) {
			plan.NextEvaluationAt = soonest
		}
		if last := moment(math.MaxUint64); plan.NextEvaluationAt.After(last) {
			plan.NextEvaluationAt = last
		}
	case tally.ready >= target:
		plan.switchOver("promoting", routes, spec)
	case tally.failed > int(config.MaxReplacements) && tally.live == 0:
		plan.SubStep, plan.Reason.Code = SubStepRollingBack, "all-green-failed"
	case tally.live+unreplaced < target:
		plan.Reason.Code = "creating-green"
		plan.RolloutSpecs = []RolloutSpec{
			{Count: uint32(target - tally.live - unreplaced), Revision: spec.DeployingRevision, TrafficStatus: TrafficInactive},
		}
	case tally.provisioning > 0:
		plan.Reason.Code, plan.Reason.BlockingRouteIDs = "waiting-for-provisioning", tally.notReady
	default:
		plan.Reason.Code, plan.Reason.BlockingRouteIDs = "waiting-for-ready", tally.notReady
	}
	plan.Reason.Message = fmt.Sprintf("%d of %d green routes are ready: promoting %d, draining %d", tally.ready, target,
		len(plan.PromoteRouteIDs), len(plan.DrainRouteIDs))
	return plan, nil
}

func nativeCommitment(spec *Spec) Commitment {
	own := Commitment{spec.TargetReplicas, uint32(min(2*uint64(spec.TargetReplicas), math.MaxUint32))}
	if limits := spec.Limits; limits != nil {
		own = Commitment{max(own.LeastServing, limits.LeastServing), min(own.MostLive, limits.MostLive)}
	}
	return own
}

func (p *RouteChanges) await(code string) {
	p.SubStep, p.Reason.Code, p.Progress.Step = SubStepAwaitingPromotion, code, 1
}

func (t *nativeTally) add(route *Route, spec *Spec) {
	if route.Revision != spec.DeployingRevision {
		if route.IsLive() {
			t.liveBlue++
		}
		return
	}
	switch {
	case !route.IsLive():
		if route.nativeFailed(spec) {
			t.failed++
		}
		return
	case route.IsReady():
		t.ready++
		since := route.StatusUpdatedAt
		if since.IsZero() {
			since = route.CreatedAt
		}
		if since.After(spec.Now) {
			since = spec.Now
		}
		if since.After(t.newest) {
			t.newest = since
		}
		if route.IsServing() {
			t.serving++
		}
	default:
		t.notReady = append(t.notReady, route.ID)
		if route.Status == RouteProvisioning {
			t.provisioning++
		}
	}
	t.live++
}

// nativeFailed tells whether a route that is not live failed since the rollout began.
func (r *Route) nativeFailed(spec *Spec) bool {
	ended := r.CreatedAt
	if r.End != EndNone && !r.StatusUpdatedAt.IsZero() {
		ended = r.StatusUpdatedAt
	}
	hasFailed := r.End == EndCrashed || r.End == EndNone && r.Status != RouteTerminating
	return hasFailed && (!ended.Before(spec.StartedAt) || !ended.Before(spec.Now))
}

// switchOver promotes as many ready green routes as the target, those that serve first, and drains all others.
func (p *RouteChanges) switchOver(code string, routes []Route, spec *Spec) {
	p.SubStep, p.Reason.Code, p.Progress.Step, p.Progress.Share = SubStepCompleted, code, 3, 1
	var chosen []*Route
	for i := range routes {
		route := &routes[i]
		switch {
		case route.Revision == spec.DeployingRevision && route.IsReady():
			chosen = append(chosen, route)
		case route.IsLive():
			p.DrainRouteIDs = append(p.DrainRouteIDs, route.ID)
		}
	}
	if surplus := len(chosen) - int(spec.TargetReplicas); surplus > 0 {
		slices.SortFunc(chosen, func(a, b *Route) int {
			if a.IsServing() != b.IsServing() {
				return map[bool]int{true: -1, false: 1}[a.IsServing()]
			}
			return cmp.Compare(a.ID, b.ID)
		})
		for _, route := range chosen[spec.TargetReplicas:] {
			p.DrainRouteIDs = append(p.DrainRouteIDs, route.ID)
		}
		chosen = chosen[:spec.TargetReplicas]
	}
	for _, route := range chosen {
		if route.TrafficStatus != TrafficActive || route.TrafficRatio < 1 {
			p.PromoteRouteIDs = append(p.PromoteRouteIDs, route.ID)
		}
	}
}

func TestTheBenchmarksBlueGreenDecidesAsTheComponent(t *testing.T) {
	compared := map[string]int{}
	for _, vector := range corpus(t, "blue-green") {
		var request Request
		var config map[string]any
		if json.Unmarshal([]byte(vector.request), &request) != nil || json.Unmarshal([]byte(request.Spec.config()),
			&config) != nil {
			continue
		}
		for _, known := range []string{"auto_promote", "promote_delay_seconds", "max_replacements"} {
			delete(config, known)
		}
		spec := &request.Spec
		isStandby := func(route Route) bool { return route.TrafficStatus == TrafficStandby }
		if len(config) > 0 || spec.Memo != nil || spec.Checks != nil || spec.Operator.Abort || spec.Operator.Pause ||
			spec.FreePlaces != nil || spec.StableRevision != "" || slices.ContainsFunc(request.Routes, isStandby) {
			continue
		}
		expected, err := blueGreen(t).WithGuard(GuardIDsOnly()).EvaluateCycle(background, request.Routes, spec)
		// Nothing fails in the benchmark, and nothing is short of room.
		if err != nil || expected.SubStep == SubStepRollingBack || expected.SubStep == SubStepRolledBack ||
			expected.Reason.Code == "no-budget" ||
			expected.Reason.Code == "waiting-for-termination" || len(expected.RolloutSpecs) > 0 &&
			len(expected.DrainRouteIDs) > 0 {
			continue
		}
		found, err := nativeBlueGreen(request.Routes, spec)
		if err != nil {
			t.Errorf("%s: %v", vector.name, err)
			continue
		}
		compared[expected.Reason.Code]++
		// What blocks is for people, and so are the words; and nothing is remembered here.
		found.Memo = expected.Memo
		found.Reason.Message, found.Reason.BlockingRouteIDs = expected.Reason.Message, expected.Reason.BlockingRouteIDs
		for _, plan := range []*RouteChanges{expected, found} {
			slices.Sort(plan.PromoteRouteIDs)
			slices.Sort(plan.DrainRouteIDs)
		}
		if !reflect.DeepEqual(found, expected) {
			t.Errorf("%s: found %+v, expected %+v", vector.name, found, expected)
		}
	}
	for _, code := range []string{"promoting", "already-promoted", "awaiting-approval", "awaiting-delay",
		"creating-green", "waiting-for-ready"} {
		if compared[code] == 0 {
			t.Errorf("no request of the corpus that is within its options comes to %s", code)
		}
	}
	t.Logf("%v", compared)
}
