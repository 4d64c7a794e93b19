package pointsman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// A new version in the shadow of the current one: what is recorded, and what reaches the caller.

// trying is a registry that runs on the honest version and tries the one of this mode.
func trying(
	t *testing.T, limits Limits, mode string, trial Trial, options RegistryOptions,
) (*Registry, *Shadow, string) {
	t.Helper()
	registry, folder := newRegistry(t, limits, options), t.TempDir()
	t.Cleanup(registry.Close)
	mustSwap(t, registry, "hostile", write(t, folder, "honest.wasm", hostileVersion(t, "honest")))
	path := write(t, folder, "new.wasm", hostileVersion(t, mode))
	swap, err := registry.Shadow(background, "hostile", path, trial)
	if err != nil || swap.Outcome != Shadowing || swap.Plugin.Name != "new.wasm" || swap.From.Name != "honest.wasm" {
		t.Fatal(swap, err)
	}
	return registry, lastShadow(t, registry), folder
}

func lastShadow(t *testing.T, registry *Registry) *Shadow {
	t.Helper()
	shadow, err := registry.LastShadow("hostile")
	if err != nil || shadow == nil {
		t.Fatal(shadow, err)
	}
	return shadow
}

// evaluateReady decides the request that the versions differ in: the honest one promotes.
func evaluateReady(t *testing.T, registry *Registry) {
	t.Helper()
	evaluated, err := registry.EvaluateCycle(background, "hostile", "good", readyRoutes(1), misdeed("good"))
	if err != nil || evaluated.Plugin.Name != "honest.wasm" ||
		!slices.Equal(evaluated.Value.PromoteRouteIDs, []string{"r-1"}) {
		t.Fatal(evaluated, err)
	}
}

// evaluateNone decides one in which they do not.
func evaluateNone(t *testing.T, registry *Registry) {
	t.Helper()
	if _, err := registry.EvaluateCycle(background, "hostile", "none", readyRoutes(1), misdeed("none")); err != nil {
		t.Fatal(err)
	}
}

// both are two requests, of which the second is the one that the versions differ in.
func both() []Request {
	return []Request{
		{Deployment: "none", Routes: readyRoutes(1), Spec: *misdeed("none")},
		{Deployment: "good", Routes: readyRoutes(1), Spec: *misdeed("good")},
	}
}

func evaluateBatch(t *testing.T, registry *Registry) {
	t.Helper()
	evaluated, err := registry.EvaluateCycles(background, "hostile", both())
	if err != nil || evaluated.Value[0].Err != nil || len(evaluated.Value[1].Plan.PromoteRouteIDs) != 1 {
		t.Fatal(evaluated, err)
	}
}

func evaluateJSON(t *testing.T, registry *Registry) {
	t.Helper()
	requests, err := json.Marshal(both())
	if err != nil {
		t.Fatal(err)
	}
	evaluated, err := registry.EvaluateCyclesJSON(background, "hostile", string(requests))
	if err != nil || !strings.Contains(evaluated.Value, `"promote_route_ids":["r-1"]`) {
		t.Fatal(evaluated, err)
	}
}

func mustEnd(t *testing.T, shadow *Shadow, expected Comparison) {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, long)
	defer cancel()
	if found := shadow.Wait(ctx); found != expected {
		t.Fatalf("found %s, expected %s: %+v", found, expected, shadow.Status())
	}
}

func TestWhatIsDecidedDifferentlyIsRecordedAndTheCurrentAnswerCounts(t *testing.T) {
	registry, shadow, _ := trying(t, Limits{}, "cautious", Trial{Evaluations: 2}, RegistryOptions{})
	evaluateReady(t, registry)
	evaluateNone(t, registry)
	mustEnd(t, shadow, ComparisonFailed)
	differences := shadow.Differences()
	if len(differences) != 1 {
		t.Fatalf("%+v", differences)
	}
	found := differences[0]
	var request Request
	if err := json.Unmarshal([]byte(found.Request), &request); err != nil ||
		!reflect.DeepEqual(request, Request{Deployment: "good", Routes: readyRoutes(1), Spec: *misdeed("good")}) {
		t.Errorf("%+v, %v", request, err)
	}
	if found.Current.Name != "honest.wasm" || found.Deployment != "good" || found.Shadow.Plan.Reason.Code != "cautious" ||
		!slices.Equal(found.Decided.Plan.PromoteRouteIDs, []string{"r-1"}) {
		t.Errorf("%+v", found)
	}
	expected := []string{`reason.code: "hostile" or "cautious"`, `promote_route_ids: ["r-1"] or []`}
	if words := fmt.Sprint(found.Fields); words != fmt.Sprint(expected) {
		t.Errorf("found %s, expected %s", words, expected)
	}
	status := statusOf(t, registry, "hostile")
	tried := status.Shadow
	if tried.Evaluations != 2 || tried.Differences != 1 || tried.Failures != 0 || tried.Skipped != 0 ||
		tried.Outcomes[OutcomeOK] != 2 || tried.Version.Plugin.Name != "new.wasm" ||
		!slices.Equal(tried.Deployments, []string{"good"}) {
		t.Errorf("%+v", tried)
	}
	if status.Outcomes[OutcomeOK] != 2 || status.Current.Plugin.Name != "honest.wasm" {
		t.Errorf("%+v: the shadow's calls are not the strategy's", status)
	}
	if trials := registry.Trials(); len(trials) != 1 || trials["hostile"].Differences != 1 {
		t.Errorf("%+v", trials)
	}
}

func TestEachRequestOfABatchIsCompared(t *testing.T) {
	for name, evaluate := range map[string]func(*testing.T, *Registry){"values": evaluateBatch, "json": evaluateJSON} {
		t.Run(name, func(t *testing.T) {
			registry, shadow, _ := trying(t, Limits{}, "cautious", Trial{Evaluations: 4}, RegistryOptions{})
			evaluate(t, registry)
			evaluate(t, registry)
			mustEnd(t, shadow, ComparisonFailed)
			differences := shadow.Differences()
			status := shadow.Status()
			if status.Evaluations != 4 || len(differences) != 2 || differences[0].Deployment != "good" {
				t.Fatalf("%+v %+v", status, differences)
			}
			var request Request
			err := json.Unmarshal([]byte(differences[0].Request), &request)
			expected := both()[1]
			if name == "json" {
				// As its writer wrote it.
				expected.Spec.Config = compact(t, []byte(expected.Spec.Config))
			}
			if err != nil || !reflect.DeepEqual(request, expected) {
				t.Errorf("%+v, %v", request, err)
			}
		})
	}
}

func TestDifferencesUpToTheNumberAllowedDoNotMatter(t *testing.T) {
	for most, expected := range map[uint64]Comparison{2: ComparisonPassed, 1: ComparisonFailed} {
		trial := Trial{Evaluations: 2, MostDifferences: most}
		registry, shadow, _ := trying(t, Limits{}, "cautious", trial, RegistryOptions{})
		evaluateReady(t, registry)
		evaluateReady(t, registry)
		mustEnd(t, shadow, expected)
	}
}

func TestWhatFailsInTheShadowFailsNowhereElse(t *testing.T) {
	for mode, outcome := range map[string]Outcome{
		"broken": OutcomeTrap, "endless": OutcomeTimeout, "harmful": OutcomeRejected,
	} {
		for name, evaluate := range map[string]func(*testing.T, *Registry){
			"one": evaluateReady, "values": evaluateBatch, "json": evaluateJSON,
		} {
			t.Run(mode+" "+name, func(t *testing.T) {
				limits := Limits{Time: 100 * time.Millisecond, Instances: 1}
				generous := Trial{Evaluations: 100, MostDifferences: 100}
				registry, shadow, _ := trying(t, limits, mode, generous, RegistryOptions{})
				for range 3 {
					evaluate(t, registry)
				}
				mustEnd(t, shadow, ComparisonFailed)
				tried, status := shadow.Status(), statusOf(t, registry, "hostile")
				if tried.Failures != 3 || tried.Outcomes[outcome] != 3 {
					t.Errorf("%+v: three failures are enough", tried)
				}
				if len(status.Outcomes) != 1 || status.Outcomes[OutcomeOK] == 0 || status.Reverts != 0 ||
					status.Current.Plugin.Name != "honest.wasm" || status.Deployments.OpenTotal != 0 {
					t.Errorf("%+v", status)
				}
			})
		}
	}
}

// What fails in the current version too says nothing about the new one.
func TestARequestThatBothFailIsNoFailureOfTheShadow(t *testing.T) {
	registry, shadow, _ := trying(t, Limits{}, "other", Trial{Evaluations: 2}, RegistryOptions{})
	for _, deployment := range []string{"a", "b"} {
		_, err := registry.EvaluateCycle(background, "hostile", deployment, readyRoutes(1), misdeed("trap"))
		if !errors.Is(err, ErrTrap) {
			t.Fatal(err)
		}
	}
	mustEnd(t, shadow, ComparisonPassed)
	if status := shadow.Status(); status.Differences != 0 || status.Outcomes[OutcomeTrap] != 2 {
		t.Errorf("%+v", status)
	}
}

func TestOneFailureIsEnoughNotToPass(t *testing.T) {
	generous := Trial{Evaluations: 2, MostDifferences: 100, AutoPromote: true}
	registry, shadow, _ := trying(t, Limits{}, "broken", generous, RegistryOptions{})
	evaluateReady(t, registry)
	evaluateNone(t, registry)
	mustEnd(t, shadow, ComparisonFailed)
	if name := statusOf(t, registry, "hostile").Current.Plugin.Name; name != "honest.wasm" {
		t.Error(name)
	}
}

func TestAShadowThatIsTooSlowSkipsAndTheCallerDoesNotWait(t *testing.T) {
	registry, shadow, _ := trying(t, Limits{Time: long}, "endless", Trial{Evaluations: 1000}, RegistryOptions{})
	// The first keeps the shadow busy until the registry is closed; some wait for it.
	for range 100 {
		evaluateReady(t, registry)
	}
	if status := shadow.Status(); status.Evaluations != 0 || status.Skipped < 60 || status.Skipped >= 100 {
		t.Errorf("%+v", status)
	}
	// Where there is no room nothing is copied.
	slot, err := registry.slot("hostile")
	if err != nil {
		t.Fatal(err)
	}
	slot.observe(PluginID{}, func() []observedRequest {
		t.Error("it was copied")
		return nil
	})
	registry.Close()
	if found := shadow.Comparison(); found != ComparisonDiscarded {
		t.Error(found)
	}
}

func TestATrialOutlivesASwapAndNamesWhoAnswered(t *testing.T) {
	registry, shadow, folder := trying(t, Limits{}, "cautious", Trial{Evaluations: 2}, RegistryOptions{})
	evaluateReady(t, registry)
	mustSwap(t, registry, "hostile", write(t, folder, "second.wasm", hostileVersion(t, "second")))
	if _, err := registry.EvaluateCycle(background, "hostile", "good", readyRoutes(1), misdeed("good")); err != nil {
		t.Fatal(err)
	}
	mustEnd(t, shadow, ComparisonFailed)
	var by []string
	for _, difference := range shadow.Differences() {
		by = append(by, difference.Current.Name)
	}
	if !slices.Equal(by, []string{"honest.wasm", "second.wasm"}) {
		t.Error(by)
	}
}

func TestDifferencesAreBoundedInNumberAndBytes(t *testing.T) {
	made := func() *Shadow { return newShadow(VersionStatus{}, Trial{Evaluations: 1000}, time.Time{}) }
	refused := Decision{Code: "invalid_config", Message: "no"}
	plan := Decision{Plan: &RouteChanges{SubStep: SubStepCompleted}}
	many := made()
	for i := range 150 {
		request := &observedRequest{deployment: fmt.Sprint("d", i), json: "{}", decision: refused}
		if fields := many.record(PluginID{}, request, plan); len(fields) != 1 || fields[0].Field != "outcome" {
			t.Fatalf("%+v", fields)
		}
	}
	if status := many.Status(); status.Differences != 150 || len(many.Differences()) != 100 ||
		len(status.Deployments) != 100 {
		t.Errorf("%+v", status)
	}
	large := made()
	for _, size := range []int{keptBytes / 2, keptBytes / 2, keptBytes / 4} {
		request := &observedRequest{deployment: "d", json: strings.Repeat(" ", size), decision: refused}
		large.record(PluginID{}, request, plan)
	}
	if kept := large.Differences(); len(kept) != 2 || large.Status().Differences != 3 || large.keptBytes > keptBytes {
		t.Errorf("%d are kept, %d bytes", len(kept), large.keptBytes)
	}
}
