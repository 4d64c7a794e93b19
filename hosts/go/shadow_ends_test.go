package pointsman

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// Ends of trials, and what follows; what makes decisions differ.

func TestAVersionThatDecidesAlikePassesAndIsPromoted(t *testing.T) {
	for name, isAuto := range map[string]bool{"by hand": false, "by itself": true} {
		t.Run(name, func(t *testing.T) {
			trial := Trial{Evaluations: 3, AutoPromote: isAuto}
			registry, shadow, _ := trying(t, Limits{}, "other", trial, RegistryOptions{})
			for range 3 {
				evaluateReady(t, registry)
			}
			if isAuto {
				mustEnd(t, shadow, ComparisonPromoted)
			} else {
				mustEnd(t, shadow, ComparisonPassed)
				if name := statusOf(t, registry, "hostile").Current.Plugin.Name; name != "honest.wasm" {
					t.Error(name)
				}
				if swap, err := registry.Promote(background, "hostile"); err != nil || swap.Outcome != Swapped {
					t.Error(swap, err)
				}
				if found := shadow.Comparison(); found != ComparisonPromoted {
					t.Error(found)
				}
			}
			status := statusOf(t, registry, "hostile")
			if status.Current.Plugin.Name != "new.wasm" || status.Previous.Plugin.Name != "honest.wasm" || status.Shadow != nil {
				t.Errorf("%+v", status)
			}
			if _, err := evaluateFor(registry, "a", "none"); err != nil {
				t.Error(err)
			}
			if _, err := registry.Promote(background, "hostile"); !errors.Is(err, ErrNoShadow) {
				t.Error(err)
			}
		})
	}
}

func TestATrialOfSomeTimeEndsWithTheFirstEvaluationAfterIt(t *testing.T) {
	clock := &clock{now: time.Unix(0, 0)}
	options := RegistryOptions{Clock: clock.read}
	registry, shadow, _ := trying(t, Limits{}, "other", Trial{Time: time.Minute}, options)
	looks := time.NewTicker(time.Millisecond)
	defer looks.Stop()
	for expected := uint64(1); expected <= 5; expected++ {
		evaluateReady(t, registry)
		for end := time.Now().Add(long); shadow.Status().Evaluations < expected && time.Now().Before(end); {
			<-looks.C
		}
	}
	if found := shadow.Comparison(); found != ComparisonRunning {
		t.Error(found)
	}
	clock.advance(time.Minute)
	if found := shadow.Comparison(); found != ComparisonRunning {
		t.Errorf("%s: a trial without an evaluation says nothing", found)
	}
	evaluateReady(t, registry)
	mustEnd(t, shadow, ComparisonPassed)
	if found := shadow.Status().Evaluations; found != 6 {
		t.Error(found)
	}
}

func TestAVersionThatIsTriedPassesTheChecksBeforeAndAgainWhenItIsPromoted(t *testing.T) {
	registry, shadow, folder := trying(t, Limits{}, "other", Trial{Evaluations: 1}, RegistryOptions{})
	old := Checks{Configs: []ConfigInUse{{misdeed("of_the_old_days").Config, 3}}}
	registry.SetChecks("hostile", old)
	third := write(t, folder, "third.wasm", hostileVersion(t, "third"))
	if _, err := registry.Shadow(background, "hostile", third, Trial{Evaluations: 1}); !errors.Is(err, ErrSwapConfig) {
		t.Error(err)
	}
	if _, err := registry.Promote(background, "hostile"); !errors.Is(err, ErrSwapConfig) {
		t.Error(err)
	}
	if found := shadow.Comparison(); found != ComparisonRunning {
		t.Error(found)
	}
	registry.SetChecks("hostile", Checks{})
	if _, err := registry.Promote(background, "hostile"); err != nil {
		t.Error(err)
	}
}

func TestATrialThatChecksSetSinceDoNotLetPassPromotesNothing(t *testing.T) {
	trial := Trial{Evaluations: 1, AutoPromote: true}
	registry, shadow, _ := trying(t, Limits{}, "other", trial, RegistryOptions{})
	registry.SetChecks("hostile", Checks{Configs: []ConfigInUse{{misdeed("of_the_old_days").Config, 3}}})
	evaluateReady(t, registry)
	mustEnd(t, shadow, ComparisonFailed)
	if name := statusOf(t, registry, "hostile").Current.Plugin.Name; name != "honest.wasm" {
		t.Error(name)
	}
}

func TestATrialEndsByHandByAnotherAndByASwapToItsVersion(t *testing.T) {
	registry, first, folder := trying(t, Limits{}, "other", Trial{Evaluations: 1}, RegistryOptions{})
	again := filepath.Join(folder, "new.wasm")
	try := func(path string, expected SwapOutcome) {
		t.Helper()
		swap, err := registry.Shadow(background, "hostile", path, Trial{Evaluations: 1})
		if err != nil || swap.Outcome != expected {
			t.Fatal(swap, err)
		}
	}
	try(again, Unchanged)
	mustBe := func(shadow *Shadow, expected Comparison) {
		t.Helper()
		if found := shadow.Comparison(); found != expected {
			t.Errorf("found %s, expected %s", found, expected)
		}
	}
	mustBe(first, ComparisonRunning)

	third := write(t, folder, "third.wasm", hostileVersion(t, "third"))
	try(third, Shadowing)
	mustBe(first, ComparisonDiscarded)
	second := lastShadow(t, registry)
	mustSwap(t, registry, "hostile", third)
	mustBe(second, ComparisonPromoted)

	try(again, Shadowing)
	last := lastShadow(t, registry)
	if err := registry.DiscardShadow("hostile"); err != nil {
		t.Error(err)
	}
	mustBe(last, ComparisonDiscarded)
	if status := statusOf(t, registry, "hostile"); status.Shadow != nil || len(registry.Trials()) != 0 {
		t.Errorf("%+v", status)
	}
	if err := registry.DiscardShadow("hostile"); !errors.Is(err, ErrNoShadow) {
		t.Error(err)
	}
	// The guard, the current version and the one before it.
	if found := len(registry.host.plugins); found != 3 {
		t.Errorf("%d plugins are loaded", found)
	}
}

func TestAWatchTriesWhatIsNew(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	trial := &Trial{Evaluations: 1, AutoPromote: true}
	w := watchFolder(t, folder, WatchOptions{Trial: trial}, RegistryOptions{})
	w.expect("a.wasm", "loaded")
	write(t, folder, "a.wasm", hostileVersion(t, "other"))
	w.expect("a.wasm", "shadowing")
	evaluateNone(t, w.registry)
	mustEnd(t, lastShadow(t, w.registry), ComparisonPromoted)
	_, err := w.registry.Watch(background, folder, WatchOptions{Trial: &Trial{}})
	if !errors.Is(err, ErrInvalidOptions) {
		t.Error(err)
	}
}

func TestTheFirstVersionOfAStrategyIsNotTried(t *testing.T) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
	file := write(t, folder, "honest.wasm", hostileVersion(t, "honest"))
	swap, err := registry.Shadow(background, "hostile", file, Trial{Evaluations: 1})
	if err != nil || swap.Outcome != Loaded {
		t.Error(swap, err)
	}
	if shadow, err := registry.LastShadow("hostile"); shadow != nil || err != nil {
		t.Error(shadow, err)
	}
	if _, err := registry.LastShadow("nobody"); !errors.Is(err, ErrUnknownStrategy) {
		t.Error(err)
	}
	for _, trial := range []Trial{{}, {Evaluations: 1, Time: 1}, {Time: -1}} {
		if _, err := registry.Shadow(background, "hostile", file, trial); !errors.Is(err, ErrInvalidOptions) {
			t.Errorf("%+v: %v", trial, err)
		}
	}
}

func TestDecisionsDifferInWhatAHostWouldDo(t *testing.T) {
	plan := func(change func(*RouteChanges)) Decision {
		made := &RouteChanges{
			SubStep: SubStepProvisioning, PromoteRouteIDs: []string{"a", "b"}, Reason: Reason{Code: "c", Message: "m"},
		}
		change(made)
		return Decision{Plan: made}
	}
	same := plan(func(*RouteChanges) {})
	memo := "x"
	for field, other := range map[string]Decision{
		"": plan(func(p *RouteChanges) {
			p.PromoteRouteIDs, p.Reason.Message = []string{"b", "a"}, "other words"
			p.Reason.BlockingRouteIDs, p.Progress = []string{"r"}, &Progress{1, 2, 0.5}
		}),
		"sub_step":           plan(func(p *RouteChanges) { p.SubStep = SubStepFinalizing }),
		"reason.code":        plan(func(p *RouteChanges) { p.Reason.Code = "d" }),
		"rollout_specs":      plan(func(p *RouteChanges) { p.RolloutSpecs = []RolloutSpec{{TrafficStatus: TrafficActive}} }),
		"promote_route_ids":  plan(func(p *RouteChanges) { p.PromoteRouteIDs = []string{"a"} }),
		"traffic_changes":    plan(func(p *RouteChanges) { p.TrafficChanges = []TrafficChange{{"a", TrafficActive, 1}} }),
		"drain_route_ids":    plan(func(p *RouteChanges) { p.DrainRouteIDs = []string{"a"} }),
		"gate":               plan(func(p *RouteChanges) { p.Gate = "g" }),
		"next_evaluation_at": plan(func(p *RouteChanges) { p.NextEvaluationAt = millisecond(5) }),
		"memo":               plan(func(p *RouteChanges) { p.Memo = &memo }),
		"commitment":         plan(func(p *RouteChanges) { p.Commitment.MostLive = 7 }),
		"labels":             plan(func(p *RouteChanges) { p.Labels = map[string]string{"a": "b"} }),
		"outcome":            {Code: "invalid_spec"},
	} {
		var fields []string
		for _, difference := range same.Differences(&other) {
			fields = append(fields, difference.Field)
		}
		var expected []string
		if field != "" {
			expected = []string{field}
		}
		if !reflect.DeepEqual(fields, expected) {
			t.Errorf("found %v, expected %s", fields, field)
		}
	}
	refused, rejected := Decision{Code: "invalid_spec", Message: "a"}, Decision{Code: "plan_rejected"}
	failed := Decision{Failed: "trapped"}
	for _, pair := range [][2]Decision{{refused, {Code: "invalid_spec", Message: "b"}}, {failed, {Failed: "too long"}}} {
		if found := pair[0].Differences(&pair[1]); found != nil {
			t.Error(found)
		}
	}
	for _, pair := range [][2]Decision{{refused, rejected}, {failed, rejected}, {failed, refused}, {same, failed}} {
		if found := pair[0].Differences(&pair[1]); len(found) != 1 || found[0].Field != "outcome" {
			t.Error(found)
		}
	}
	for expected, decision := range map[string]Decision{
		`{"failed":"trapped"}`: failed, `{"error":{"code":"invalid_spec","message":"a"}}`: refused,
	} {
		if text, err := json.Marshal(decision); err != nil || string(text) != expected {
			t.Errorf("%s, %v", text, err)
		}
	}
}
