package pointsman

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

// Blue-green in plain Go, as a manager without plugins might have it: what the benchmark compares with. It has the options that
// the benchmark uses, and a message of the same kind; the corpus says that it decides alike.

type nativeConfig struct {
	AutoPromote         bool   `json:"auto_promote"`
	PromoteDelaySeconds uint32 `json:"promote_delay_seconds"`
	MaxReplacements     uint32 `json:"max_replacements"`
}

type nativeTally struct {
	ready, active, live, failed, provisioning, liveBlue int
	newest                                              time.Time
	notReady                                            []string
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
	plan := &RouteChanges{SubStep: SubStepProvisioning}
	switch promotes := spec.OperatorRequest == OperatorPromote; {
	case tally.ready >= target && tally.active >= target && tally.liveBlue == 0:
		plan.SubStep, plan.Reason.Code = SubStepCompleted, "already-promoted"
		plan.promoteGreen(routes, spec)
	case tally.ready >= target && tally.active > 0:
		plan.SubStep, plan.Reason.Code = SubStepCompleted, "resuming-promotion"
		plan.promoteGreen(routes, spec)
	case tally.ready >= target && !config.AutoPromote && !promotes:
		plan.SubStep, plan.Reason.Code = SubStepAwaitingPromotion, "awaiting-approval"
	case tally.ready >= target && !promotes && spec.Now.Sub(tally.newest) < time.Duration(config.PromoteDelaySeconds)*time.Second:
		plan.SubStep, plan.Reason.Code = SubStepAwaitingPromotion, "awaiting-delay"
		plan.NextEvaluationAt = tally.newest.Add(time.Duration(config.PromoteDelaySeconds) * time.Second)
		if last := moment(math.MaxUint64); plan.NextEvaluationAt.After(last) {
			plan.NextEvaluationAt = last
		}
	case tally.ready >= target:
		plan.SubStep, plan.Reason.Code = SubStepCompleted, "promoting"
		plan.promoteGreen(routes, spec)
	case tally.failed > int(config.MaxReplacements) && tally.live == 0:
		plan.SubStep, plan.Reason.Code = SubStepRollingBack, "all-green-failed"
	case tally.live+max(0, tally.failed-int(config.MaxReplacements)) < target:
		plan.Reason.Code = "creating-green"
		missing := target - tally.live - max(0, tally.failed-int(config.MaxReplacements))
		plan.RolloutSpecs = []RolloutSpec{{uint32(missing), spec.DeployingRevision, TrafficInactive, 0}}
	case tally.provisioning > 0:
		plan.Reason.Code, plan.Reason.BlockingRouteIDs = "waiting-for-provisioning", tally.notReady
	default:
		plan.Reason.Code, plan.Reason.BlockingRouteIDs = "waiting-for-ready", tally.notReady
	}
	plan.Reason.Message = fmt.Sprintf("%d of %d green routes are ready: promoting %d, draining %d", tally.ready, target,
		len(plan.PromoteRouteIDs), len(plan.DrainRouteIDs))
	return plan, nil
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
		if !route.CreatedAt.Before(spec.StartedAt) {
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
		if route.TrafficStatus == TrafficActive {
			t.active++
		}
	default:
		t.notReady = append(t.notReady, route.ID)
		if route.Status == RouteProvisioning {
			t.provisioning++
		}
	}
	t.live++
}

func (p *RouteChanges) promoteGreen(routes []Route, spec *Spec) {
	for i := range routes {
		route := &routes[i]
		isGreen := route.Revision == spec.DeployingRevision
		switch {
		case isGreen && route.IsReady() && (route.TrafficStatus != TrafficActive || route.TrafficRatio < 1):
			p.PromoteRouteIDs = append(p.PromoteRouteIDs, route.ID)
		case route.IsLive() && (!isGreen || !route.IsReady()):
			p.DrainRouteIDs = append(p.DrainRouteIDs, route.ID)
		}
	}
}

func TestTheBenchmarksBlueGreenDecidesAsTheComponent(t *testing.T) {
	compared := 0
	for _, vector := range corpus(t, "blue-green") {
		var request Request
		var config map[string]any
		if json.Unmarshal([]byte(vector.request), &request) != nil || json.Unmarshal([]byte(request.Spec.config()), &config) != nil {
			continue
		}
		for _, known := range []string{"auto_promote", "promote_delay_seconds", "max_replacements"} {
			delete(config, known)
		}
		spec := &request.Spec
		if len(config) > 0 || spec.Memo != nil || spec.Checks != nil || spec.OperatorRequest == OperatorAbort {
			continue
		}
		expected, err := blueGreen(t).EvaluateCycle(background, request.Routes, spec)
		if err != nil {
			continue
		}
		found, err := nativeBlueGreen(request.Routes, spec)
		if err != nil {
			t.Errorf("%s: %v", vector.name, err)
			continue
		}
		// What blocks is for people, and so are the words.
		found.Reason.Message, found.Reason.BlockingRouteIDs = expected.Reason.Message, expected.Reason.BlockingRouteIDs
		for _, plan := range []*RouteChanges{expected, found} {
			slices.Sort(plan.PromoteRouteIDs)
			slices.Sort(plan.DrainRouteIDs)
		}
		if !reflect.DeepEqual(found, expected) {
			t.Errorf("%s: found %+v, expected %+v", vector.name, found, expected)
		}
		compared++
	}
	if compared < 15 {
		t.Errorf("only %d requests of the corpus are within its options", compared)
	}
	t.Logf("%d requests compared", compared)
}
