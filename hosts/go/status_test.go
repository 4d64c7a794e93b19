package pointsman

import (
	"errors"
	"maps"
	"testing"
	"time"
)

// Outcomes of calls, and their counts.

func TestLatenciesAreThoseOfTheCalls(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{Time: 50 * time.Millisecond}, RegistryOptions{})
	mustFail(t, registry, "loop_forever", ErrTimeout)
	if latency := statusOf(t, registry, "hostile").Latency; latency.P50 < 50*time.Millisecond ||
		latency.Max < latency.P50 {
		t.Errorf("%+v", latency)
	}
}

func TestViolationsAreCountedByTheirCode(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	mustFail(t, registry, "unknown_id", ErrPlanRejected)
	text := "[" + withDeployment("b", misdeedJSON("again_at_once")) + "]"
	if _, err := registry.EvaluateCyclesJSON(background, "hostile", text); err != nil {
		t.Error(err)
	}
	batch := []Request{
		{Spec: *misdeed("unknown_id"), Deployment: "c"}, {Spec: *misdeed("again_at_once"), Deployment: "d"},
	}
	if _, err := registry.EvaluateCycles(background, "hostile", batch); err != nil {
		t.Error(err)
	}
	expected := map[ViolationCode]uint64{ViolationUnknownID: 2, ViolationNextEvaluationNotAhead: 2}
	if status := statusOf(t, registry, "hostile"); !maps.Equal(status.Violations, expected) ||
		status.Outcomes[OutcomeRejected] != 4 {
		t.Errorf("%+v", status)
	}
}

func TestARefusalAndAFullHostAreNoFailuresOfThePlugin(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{Instances: 1}, RegistryOptions{RevertAfter: 1})
	mustFail(t, registry, "of_the_old_days", ErrInvalidConfig)
	taken := newSession(t, load(t, registry.host, "guests/hostile.wasm"))
	mustFail(t, registry, "none", ErrInstances)
	taken.Close()
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
}

func TestQuantilesAreThoseOfWhatWasRecorded(t *testing.T) {
	var h histogram
	if h.at(0.5) != 0 {
		t.Error("nothing was recorded")
	}
	for i := range 10_000 {
		h.record(time.Duration(i+1) * time.Microsecond)
	}
	for quantile, expected := range map[float64]time.Duration{0.5: 5000 * time.Microsecond, 0.9: 9000 * time.Microsecond,
		0.999: 9990 * time.Microsecond} {
		if found := h.at(quantile); found < expected || found > expected*104/100 {
			t.Errorf("%v: found %v, expected %v or a little more", quantile, found, expected)
		}
	}
	for _, d := range []time.Duration{0, 1, 31, 32, 33, 1000, time.Hour, 1<<63 - 1, -1} {
		if at := bucket(d); at < 0 || at >= len(h.buckets) || last(at) < d {
			t.Errorf("%v is counted in bucket %d, which ends at %v", d, at, last(at))
		}
	}
}

func TestABatchWithoutRequestsSaysNothingOfThePlugin(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{RevertAfter: 2})
	mustFail(t, registry, "trap", ErrTrap)
	if evaluated, err := registry.EvaluateCycles(background, "hostile", nil); err != nil ||
		evaluated.Plugin.Name != "1.wasm" || len(evaluated.Value) != 0 {
		t.Errorf("%v, %v", evaluated, err)
	}
	if _, err := registry.EvaluateCycles(background, "none", nil); !errors.Is(err, ErrUnknownStrategy) {
		t.Errorf("%v", err)
	}
	if _, err := registry.EvaluateCycle(background, "hostile", "b", nil, misdeed("trap")); !errors.Is(err, ErrTrap) {
		t.Errorf("%v", err)
	}
	mustFail(t, registry, "none", ErrCircuitOpen)
}
