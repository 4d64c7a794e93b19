package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The registry: swaps that work, swaps that must not, reverts, circuits.

// quiet is a logger for tests that make things fail on purpose.
var quiet = slog.New(slog.DiscardHandler)

// clock stands still until it is told.
type clock struct {
	mutex sync.Mutex
	now   time.Time
}

func (c *clock) read() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(by)
}

// write writes a file in one go: it appears whole.
func write(t testing.TB, folder, name string, content []byte) string {
	t.Helper()
	path, part := filepath.Join(folder, name), filepath.Join(folder, name+".part")
	if err := errors.Join(os.WriteFile(part, content, 0o600), os.Rename(part, path)); err != nil {
		t.Fatal(err)
	}
	return path
}

// newRegistry is one on a host of its own.
func newRegistry(t testing.TB, limits Limits, options RegistryOptions) *Registry {
	t.Helper()
	return NewRegistry(newHost(t, limits, WithLogger(quiet)), options)
}

// version writes the hostile guest with this number.
func numberedHostile(t testing.TB, folder string, number byte) string {
	t.Helper()
	return write(t, folder, fmt.Sprintf("%d.wasm", number), numbered(readFile(t, builtComponent(t, "guests/hostile.wasm")), number))
}

func mustSwap(t testing.TB, registry *Registry, name, path string) Swap {
	t.Helper()
	swap, err := registry.Swap(background, name, path)
	if err != nil {
		t.Fatal(err)
	}
	return swap
}

// hostileRegistry has the first version of the hostile guest.
func hostileRegistry(t testing.TB, limits Limits, options RegistryOptions) (*Registry, string) {
	t.Helper()
	registry, folder := newRegistry(t, limits, options), t.TempDir()
	if swap := mustSwap(t, registry, "hostile", numberedHostile(t, folder, 1)); swap.Outcome != Loaded {
		t.Fatal(swap)
	}
	return registry, folder
}

// answeredBy is the file whose version gave a harmless plan.
func answeredBy(t testing.TB, registry *Registry) string {
	t.Helper()
	evaluated, err := registry.EvaluateCycle(background, "hostile", nil, misdeed("none"))
	if err != nil {
		t.Fatal(err)
	}
	return evaluated.Plugin.Name
}

func mustFail(t testing.TB, registry *Registry, word string, kind error) error {
	t.Helper()
	_, err := registry.EvaluateCycle(background, "hostile", nil, misdeed(word))
	if !errors.Is(err, kind) {
		t.Fatalf("%s: found %v, expected %v", word, err, kind)
	}
	return err
}

func statusOf(t testing.TB, registry *Registry, name string) StrategyStatus {
	t.Helper()
	for _, status := range registry.Status() {
		if status.Name == name {
			return status
		}
	}
	t.Fatalf("there is no %s", name)
	return StrategyStatus{}
}

// Blue-green and rolling update side by side: what one may do, the other need not.
func TestStrategiesHaveGuardsOfTheirOwn(t *testing.T) {
	lenient := RegistryOptions{
		Guard: GuardWith(Policy{MaxUnavailable: Count(0)}), Guards: map[string]Guard{"rolling-update": GuardWith(Policy{MaxUnavailable: Percent(50)})},
	}
	four := readyRoutes(4)
	for i := range four {
		four[i].Revision, four[i].TrafficStatus, four[i].TrafficRatio = "v1", TrafficActive, 1
	}
	drained := func(options RegistryOptions, name string) (int, error) {
		registry := NewRegistry(sharedHost(t), options)
		defer registry.Close()
		mustSwap(t, registry, name, builtComponent(t, "plugins/"+strings.ReplaceAll(name, "-", "_")+".wasm"))
		spec := specWith("{}")
		spec.TargetReplicas = 4
		evaluated, err := registry.EvaluateCycle(background, name, four, spec)
		if err != nil {
			return 0, err
		}
		return len(evaluated.Value.DrainRouteIDs), nil
	}
	if n, err := drained(lenient, "rolling-update"); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := drained(lenient, "blue-green"); n != 0 || err != nil {
		t.Error(n, err)
	}
	// The policy reaches the strategy as limits, to which it keeps.
	if n, err := drained(RegistryOptions{Guard: lenient.Guard}, "rolling-update"); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestAFolderIsLoadedAndWhatIsBadInItDoesNotMatter(t *testing.T) {
	folder := t.TempDir()
	numberedHostile(t, folder, 1)
	write(t, folder, "2.wasm", readFile(t, builtComponent(t, "plugins/blue_green.wasm")))
	write(t, folder, "3.wasm", []byte("half a fi"))
	write(t, folder, "notes.txt", []byte("not a plugin"))
	write(t, folder, ".hidden.wasm", []byte("not a plugin"))
	registry := newRegistry(t, Limits{}, RegistryOptions{})

	results, err := registry.LoadDir(background, folder)

	if err != nil || len(results) != 3 || results[0].Swap.Outcome != Loaded || results[1].Swap.Outcome != Loaded {
		t.Fatal(results, err)
	}
	if err := results[2].Err; !errors.Is(err, ErrSwapLoad) || !errors.Is(err, ErrNotWasm) || filepath.Base(results[2].Path) != "3.wasm" {
		t.Error(err)
	}
	var names []string
	for _, status := range registry.Status() {
		names = append(names, status.Name)
	}
	if !slices.Equal(names, []string{"blue-green", "hostile"}) {
		t.Error(names)
	}
	if _, err := registry.LoadDir(background, "no/such/folder"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAStrategyThatIsNotThereIsToldWithThoseThatAre(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	_, err := registry.EvaluateCycle(background, "rolling-update", nil, misdeed("none"))
	if !errors.Is(err, ErrUnknownStrategy) || err.Error() != "there is no strategy `rolling-update`; there is hostile" {
		t.Error(err)
	}
	if err := registry.SetChecks("rolling-update", Checks{}); !errors.Is(err, ErrUnknownStrategy) {
		t.Error(err)
	}
}

func TestASwapChangesWhoAnswersAndTheSameFileChangesNothing(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	second := numberedHostile(t, folder, 2)
	if swap := mustSwap(t, registry, "hostile", second); swap.Outcome != Swapped || swap.From.Name != "1.wasm" || swap.Plugin.Name != "2.wasm" {
		t.Error(swap)
	}
	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Error(name)
	}
	if swap := mustSwap(t, registry, "hostile", second); swap.Outcome != Unchanged {
		t.Error(swap)
	}
	if status := statusOf(t, registry, "hostile"); status.Previous.Plugin.Name != "1.wasm" || status.Current.Version == "" {
		t.Error(status)
	}
}

func TestABadVersionIsNotSwitchedTo(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{Time: 200 * time.Millisecond}, RegistryOptions{})
	vector := func(word, message string) Checks {
		response := fmt.Sprintf(`{"ok": {"sub_step": "provisioning", "rollout_specs": [], "promote_route_ids": [], "traffic_changes": [],
			"drain_route_ids": [], "reason": {"code": "hostile", "message": "%s", "blocking_route_ids": []}, "next_evaluation_at": null, "memo": null}}`, message)
		return Checks{Vectors: []Vector{{word, misdeedJSON(word), response}}}
	}
	old := `{"misdeed": "of_the_old_days"}`
	honest := readFile(t, builtComponent(t, "guests/hostile.wasm"))
	for name, c := range map[string]struct {
		component []byte
		checks    Checks
		kind      error
		cause     error
		contains  string
	}{
		"no component":     {[]byte("\x00asm\x0d\x00\x01\x00\x07"), Checks{}, ErrSwapLoad, ErrInvalidComponent, "cannot be loaded"},
		"another strategy": {readFile(t, builtComponent(t, "plugins/blue_green.wasm")), Checks{}, ErrSwapName, nil, "is the strategy `blue-green`, not `hostile`"},
		"another config": {numbered(honest, 9), Checks{Configs: []ConfigInUse{{misdeed("none").Config, 3}, {old, 3}}}, ErrSwapConfig, ErrInvalidConfig,
			"a configuration in use, " + old},
		"another answer": {numbered(honest, 9), vector("remember", "7 calls"), ErrSwapVector, nil, "answers vector `remember` with"},
		"no answer":      {numbered(honest, 9), vector("trap", ""), ErrSwapVectorFailed, ErrTrap, "fails on vector `trap`"},
		"a name of another shape": {patched(t, "guests/hostile.wasm", "hostile", "Hostile"), Checks{}, ErrSwapDescription, nil,
			"its name is \"Hostile\", not kebab-case"},
		"a schema that is no JSON": {hostileVersion(t, "schema-not-json"), Checks{}, ErrSwapDescription, nil, "its config schema is not JSON"},
		"a schema without end":     {hostileVersion(t, "schema-long"), Checks{}, ErrSwapDescribe, ErrResponse, ""},
		"describing without end":   {hostileVersion(t, "loop-in-describe"), Checks{}, ErrSwapDescribe, ErrTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := registry.SetChecks("hostile", c.checks); err != nil {
				t.Fatal(err)
			}
			_, err := registry.Swap(background, "hostile", write(t, folder, "bad.wasm", c.component))
			var swap *SwapError
			if !errors.As(err, &swap) || swap.Kind != c.kind || !strings.Contains(err.Error(), c.contains) || c.cause != nil && !errors.Is(err, c.cause) {
				t.Errorf("%v", err)
			}
			if name := answeredBy(t, registry); name != "1.wasm" {
				t.Errorf("%s answers", name)
			}
		})
	}
	if len(registry.Status()) != 1 || len(registry.host.plugins) != 2 {
		t.Errorf("%d strategies, %d plugins with the guard: what was not switched to is still there", len(registry.Status()), len(registry.host.plugins))
	}
	if err := registry.SetChecks("hostile", vector("remember", "1 calls")); err != nil {
		t.Fatal(err)
	}
	if swap := mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2)); swap.Outcome != Swapped {
		t.Errorf("what passes its checks: %v", swap)
	}
	if _, err := registry.Swap(background, "hostile", "no/such.wasm"); !errors.Is(err, ErrSwapLoad) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAPluginThatClaimsToBeAnotherStrategyMustTakeItsConfigs(t *testing.T) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
	mustSwap(t, registry, "batched", builtComponent(t, "examples/batched.wasm"))
	if err := registry.SetChecks("batched", Checks{Configs: []ConfigInUse{{`{"batch": 2}`, 3}}}); err != nil {
		t.Fatal(err)
	}
	write(t, folder, "liar.wasm", patched(t, "guests/hostile.wasm", "hostile", "batched"))

	results, err := registry.LoadDir(background, folder)

	if err != nil || len(results) != 1 || !errors.Is(results[0].Err, ErrSwapConfig) {
		t.Error(results, err)
	}
	if name := statusOf(t, registry, "batched").Current.Plugin.Name; name != "batched.wasm" {
		t.Error(name)
	}
}

func TestACallThatHasBegunEndsOnItsVersionThoughThatIsGone(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	slot, err := registry.slot("hostile")
	if err != nil {
		t.Fatal(err)
	}
	evaluated, err := callCurrent(slot, func(plugin *Plugin) (*RouteChanges, judgement, error) {
		// The second takes away what the first has kept to go back to.
		mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
		mustSwap(t, registry, "hostile", numberedHostile(t, folder, 3))
		plan, err := plugin.EvaluateCycle(background, nil, misdeed("none"))
		return plan, judge(err), err
	})
	if err != nil || evaluated.Plugin.Name != "1.wasm" {
		t.Errorf("%v, %v", evaluated.Plugin, err)
	}
	if name := answeredBy(t, registry); name != "3.wasm" {
		t.Error(name)
	}
	if len(registry.host.plugins) != 3 {
		t.Errorf("%d plugins are loaded, which should be the guard and two versions", len(registry.host.plugins))
	}
	registry.Close()
	if _, err := registry.EvaluateCycle(background, "hostile", nil, misdeed("none")); !errors.Is(err, ErrClosed) {
		t.Errorf("after the registry was closed: %v", err)
	}
	if len(registry.host.plugins) != 1 {
		t.Errorf("%d plugins are loaded, which should be the guard", len(registry.host.plugins))
	}
}

func TestAfterThreeFailuresInARowAVersionIsRevertedOnce(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))

	mustFail(t, registry, "trap", ErrTrap)
	mustFail(t, registry, "unknown_id", ErrPlanRejected)
	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Errorf("%s: the good answer in between counts the failures anew", name)
	}
	mustFail(t, registry, "trap", ErrTrap)
	mustFail(t, registry, "grow_memory", ErrMemory)
	if name := statusOf(t, registry, "hostile").Current.Plugin.Name; name != "2.wasm" {
		t.Error(name)
	}
	mustFail(t, registry, "unknown_id", ErrPlanRejected)

	after := statusOf(t, registry, "hostile")
	if after.Current.Plugin.Name != "1.wasm" || after.Previous != nil || after.Reverts != 1 {
		t.Errorf("%+v", after)
	}
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	if expected := (map[Outcome]uint64{OutcomeTrap: 2, OutcomeRejected: 2, OutcomeMemory: 1, OutcomeOK: 1}); !maps.Equal(after.Outcomes, expected) {
		t.Errorf("found %v, expected %v", after.Outcomes, expected)
	}
	if latency := after.Latency; latency.P50 > latency.P99 || latency.P99 > latency.Max || latency.Max == 0 {
		t.Errorf("%+v", latency)
	}
	if len(registry.host.plugins) != 2 {
		t.Errorf("%d plugins are loaded, which should be the guard and one version", len(registry.host.plugins))
	}
}

func TestWithNoneToRevertToTheCircuitOpensForLongerEachTime(t *testing.T) {
	clock := &clock{now: time.Unix(0, 0)}
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{LongestBackOff: 3 * time.Second, Clock: clock.read})
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	for i, length := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		clock.advance(length - time.Millisecond)
		var circuitOpen *CircuitOpenError
		if err := mustFail(t, registry, "none", ErrCircuitOpen); !errors.As(err, &circuitOpen) || circuitOpen.Remaining != time.Millisecond || circuitOpen.Failures != 3+i {
			t.Error(err)
		}
		if found := statusOf(t, registry, "hostile").CircuitOpen; found != time.Millisecond {
			t.Error(found)
		}
		clock.advance(time.Millisecond)
		mustFail(t, registry, "trap", ErrTrap)
	}
	clock.advance(3 * time.Second)
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	if status := statusOf(t, registry, "hostile"); status.CircuitOpen != 0 || status.Outcomes[OutcomeCircuitOpen] != 4 {
		t.Errorf("%+v", status)
	}
	mustFail(t, registry, "trap", ErrTrap)
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Errorf("%s: one failure after a good answer is one failure", name)
	}
}

func TestASwapClosesACircuit(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{Clock: (&clock{}).read})
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	mustFail(t, registry, "none", ErrCircuitOpen)

	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))

	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Error(name)
	}
	if previous := statusOf(t, registry, "hostile").Previous; previous != nil {
		t.Errorf("%v: a version that fails is none to revert to", previous)
	}
	if len(registry.host.plugins) != 2 {
		t.Errorf("%d plugins are loaded, which should be the guard and one version", len(registry.host.plugins))
	}
}

func TestLatenciesAreThoseOfTheCalls(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{Time: 50 * time.Millisecond}, RegistryOptions{})
	mustFail(t, registry, "loop_forever", ErrTimeout)
	if latency := statusOf(t, registry, "hostile").Latency; latency.P50 < 50*time.Millisecond || latency.Max < latency.P50 {
		t.Errorf("%+v", latency)
	}
}

func TestViolationsAreCountedByTheirCode(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	mustFail(t, registry, "unknown_id", ErrPlanRejected)
	if _, err := registry.EvaluateCyclesJSON(background, "hostile", "["+misdeedJSON("again_at_once")+"]"); err != nil {
		t.Error(err)
	}
	batch := []Request{{Spec: *misdeed("unknown_id")}, {Spec: *misdeed("again_at_once")}}
	if _, err := registry.EvaluateCycles(background, "hostile", batch); err != nil {
		t.Error(err)
	}
	expected := map[ViolationCode]uint64{ViolationUnknownID: 2, ViolationNextEvaluationNotAhead: 2}
	if status := statusOf(t, registry, "hostile"); !maps.Equal(status.Violations, expected) || status.Outcomes[OutcomeRejected] != 3 {
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

func TestARejectedPlanInABatchIsAFailure(t *testing.T) {
	for name, ask := range map[string]func(registry *Registry) (PluginID, error){
		"json": func(registry *Registry) (PluginID, error) {
			evaluated, err := registry.EvaluateCyclesJSON(background, "hostile", "["+misdeedJSON("none")+","+misdeedJSON("unknown_id")+"]")
			return evaluated.Plugin, err
		},
		"typed": func(registry *Registry) (PluginID, error) {
			evaluated, err := registry.EvaluateCycles(background, "hostile", []Request{{Spec: *misdeed("none")}, {Spec: *misdeed("unknown_id")}})
			return evaluated.Plugin, err
		},
	} {
		registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{RevertAfter: 1})
		mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
		if plugin, err := ask(registry); plugin.Name != "2.wasm" || err != nil {
			t.Error(name, plugin, err)
		}
		if found := statusOf(t, registry, "hostile").Current.Plugin.Name; found != "1.wasm" {
			t.Errorf("%s: %s is current", name, found)
		}
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
	for quantile, expected := range map[float64]time.Duration{0.5: 5000 * time.Microsecond, 0.9: 9000 * time.Microsecond, 0.999: 9990 * time.Microsecond} {
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
	if evaluated, err := registry.EvaluateCycles(background, "hostile", nil); err != nil || evaluated.Plugin.Name != "1.wasm" || len(evaluated.Value) != 0 {
		t.Errorf("%v, %v", evaluated, err)
	}
	if _, err := registry.EvaluateCycles(background, "none", nil); !errors.Is(err, ErrUnknownStrategy) {
		t.Errorf("%v", err)
	}
	mustFail(t, registry, "trap", ErrTrap)
	mustFail(t, registry, "none", ErrCircuitOpen)
}

func TestAVersionThatHangsIsRevertedAlsoWhereCallersWaitForLess(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{RevertAfter: 1})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	if _, err := registry.EvaluateCycle(ctx, "hostile", nil, misdeed("loop_forever")); !errors.Is(err, ErrCanceled) {
		t.Errorf("%v", err)
	}
	if status := statusOf(t, registry, "hostile"); status.Current.Plugin.Name != "1.wasm" || status.Outcomes[OutcomeTimeout] != 1 {
		t.Errorf("%+v", status)
	}
	// That one is over before anything runs says nothing of the version.
	if _, err := registry.EvaluateCycle(ctx, "hostile", nil, misdeed("none")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
}

func TestARegistryThatWasClosedSwapsNothing(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	registry.Close()
	mustFail(t, registry, "none", ErrClosed)
	for _, number := range []byte{1, 2} {
		if swap, err := registry.Swap(background, "hostile", numberedHostile(t, folder, number)); !errors.Is(err, ErrClosed) {
			t.Errorf("%v, %v", swap, err)
		}
	}
	if len(registry.host.plugins) != 1 {
		t.Errorf("%d plugins are loaded, which should be the guard", len(registry.host.plugins))
	}
}

// The sentences that operators look for in logs.
func TestTheLogHasTheSentencesThatOperatorsLookFor(t *testing.T) {
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry, folder := NewRegistry(host, RegistryOptions{FirstBackOff: 4 * time.Second, Clock: (&clock{}).read}), t.TempDir()
	t.Cleanup(registry.Close)
	good := numberedHostile(t, folder, 1)
	mustSwap(t, registry, "hostile", good)
	version := statusOf(t, registry, "hostile").Current.Version
	said := func(sentence string) {
		t.Helper()
		if !strings.Contains(log.String(), fmt.Sprintf("msg=%q strategy=hostile", sentence)) &&
			!strings.Contains(log.String(), fmt.Sprintf("msg=%q file=", sentence)) {
			t.Errorf("%q is not in\n%s", sentence, log.String())
		}
		log.Reset()
	}

	if _, err := registry.Swap(background, "hostile", filepath.Join(folder, "none.wasm")); err == nil {
		t.Error("a file that is not there was switched to")
	}
	said("swap failed; keeping " + version)
	// A file that does not say which strategy it is.
	write(t, folder, filepath.Base(good), []byte("nonsense"))
	if results, err := registry.LoadDir(background, folder); err != nil || !errors.Is(results[0].Err, ErrNotWasm) {
		t.Errorf("%v, %v", results, err)
	}
	said("swap failed; keeping " + version)
	write(t, folder, filepath.Base(good), nil)
	write(t, folder, "other.wasm", []byte("nonsense"))
	if _, err := registry.LoadDir(background, folder); err != nil {
		t.Error(err)
	}
	said("swap failed")

	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	said("reverted to " + version + " after 3 failures")
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	said("circuit open for 4 s")
	if err := mustFail(t, registry, "none", ErrCircuitOpen); !strings.HasSuffix(err.Error(), "failed 3 times in a row; circuit open for 4 s") {
		t.Error(err)
	}
}

func TestALengthOfTimeIsRoundedUp(t *testing.T) {
	for micros, expected := range map[int64]string{
		0: "0 ms", 1: "1 ms", 250_000: "250 ms", 999_001: "1 s", 3_000_001: "4 s", 4_000_000: "4 s",
	} {
		if found := length(time.Duration(micros) * time.Microsecond); found != expected {
			t.Errorf("%d µs is %s, expected %s", micros, found, expected)
		}
	}
}
