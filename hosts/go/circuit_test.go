package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Deployments and versions that fail: pins, reverts, circuits, and what the log says of them.

// kinds of failures, by the misdeed, and the JSON error that one of them alone is answered with.
var failureKinds = map[string]struct {
	kind error
	code string
}{
	"trap": {ErrTrap, "plugin_failed"}, "loop_forever": {ErrTimeout, "plugin_failed"},
	"grow_memory": {ErrMemory, "plugin_failed"}, "long_string": {ErrResponse, "plugin_failed"},
	"not_utf8": {ErrMalformed, "plugin_failed"}, "unknown_id": {ErrPlanRejected, "plan_rejected"},
}

// twoVersions has a version that takes everything, and after it the hostile guest.
func twoVersions(t testing.TB, limits Limits, options RegistryOptions) *Registry {
	t.Helper()
	registry, folder := newRegistry(t, limits, options), t.TempDir()
	mustSwap(t, registry, "hostile", write(t, folder, "meek.wasm", hostileVersion(t, "meek")))
	mustSwap(t, registry, "hostile", write(t, folder, "new.wasm", hostileVersion(t, "honest")))
	return registry
}

func evaluateFor(registry *Registry, deployment, word string) (Evaluated[*RouteChanges], error) {
	evaluated, err := registry.EvaluateCycle(background, "hostile", deployment, nil, misdeed(word))
	registry.background.wait()
	return evaluated, err
}

func withDeployment(key, request string) string {
	return fmt.Sprintf(`{"deployment":%q,%s`, key, request[1:])
}

func TestOneDeploymentThatIsPoisonedIsNotNoticedByAThousandOthers(t *testing.T) {
	for word, failure := range failureKinds {
		t.Run(word, func(t *testing.T) {
			limits := Limits{Response: 1 << 20}
			if word == "loop_forever" {
				limits.Time = 100 * time.Millisecond
			}
			registry, folder := hostileRegistry(t, limits, RegistryOptions{Clock: (&clock{}).read})
			mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
			requests := make([]Request, 1000)
			texts := make([]string, len(requests))
			for i := range requests {
				deed := "none"
				if i == 500 {
					deed = word
				}
				key := fmt.Sprint("d", i)
				requests[i] = Request{Spec: *misdeed(deed), Deployment: key}
				texts[i] = withDeployment(key, misdeedJSON(deed))
			}
			// Through each entry point once; the fourth time, its circuit is open.
			for i := range requests {
				_, err := registry.EvaluateCycle(background, "hostile", requests[i].Deployment, nil, &requests[i].Spec)
				if i == 500 && !errors.Is(err, failure.kind) || i != 500 && err != nil {
					t.Fatalf("%d: %v", i, err)
				}
			}
			registry.background.wait()
			results, err := registry.EvaluateCycles(background, "hostile", requests)
			if err != nil {
				t.Fatal(err)
			}
			for i, result := range results.Value {
				if i == 500 && !errors.Is(result.Err, failure.kind) || i != 500 && (result.Err != nil || result.Plan == nil) {
					t.Fatalf("typed %d: %+v", i, result)
				}
			}
			for _, code := range []string{failure.code, "circuit_open"} {
				text, err := registry.EvaluateCyclesJSON(background, "hostile", "["+strings.Join(texts, ",")+"]")
				if err != nil {
					t.Fatal(err)
				}
				answers, _ := elements([]byte(text.Value))
				for i, answer := range answers {
					expected := `{"ok":`
					if i == 500 {
						expected = `{"error":{"code":"` + code
					}
					if !strings.HasPrefix(string(answer), expected) {
						t.Fatalf("json %d: %.200s", i, answer)
					}
				}
			}
			status := statusOf(t, registry, "hostile")
			if status.Current.Plugin.Name != "2.wasm" || status.Reverts != 0 || status.Deployments.OpenTotal != 1 ||
				status.Deployments.Open[0].Deployment != "d500" || status.Deployments.PinnedTotal != 0 {
				t.Errorf("%+v", status)
			}
		})
	}
}

func TestABatchInJSONIsHalvedUntilThePoisonedOneStandsAlone(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	var texts []string
	for i, word := range []string{"none", "none", "trap", "none", "unknown_id"} {
		texts = append(texts, withDeployment(fmt.Sprint(i), misdeedJSON(word)))
	}
	texts = append(texts, misdeedJSON("none"), withDeployment("", misdeedJSON("none")))
	text, err := registry.EvaluateCyclesJSON(background, "hostile", "["+strings.Join(texts, ",")+"]")
	if err != nil {
		t.Fatal(err)
	}
	answers, _ := elements([]byte(text.Value))
	for i, expected := range []string{`{"ok":`, `{"ok":`, `{"error":{"code":"plugin_failed"`, `{"ok":`,
		`{"error":{"code":"plan_rejected"`,
		"{\"error\":{\"code\":\"invalid_request\",\"message\":\"missing field `deployment`\"",
		`{"error":{"code":"invalid_request"`} {
		if !strings.HasPrefix(string(answers[i]), expected) {
			t.Errorf("%d: %.200s", i, answers[i])
		}
	}
}

func TestWhatTheBatchHasNoTimeForIsUnavailableAndNobodysFault(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{BatchTime: 100 * time.Millisecond, OpenAfter: 1})
	batch := []Request{
		{Spec: *misdeed("loop_forever"), Deployment: "a"}, {Spec: *misdeed("none"), Deployment: "b"},
	}
	evaluated, err := registry.EvaluateCycles(background, "hostile", batch)
	if err != nil || !errors.Is(evaluated.Value[0].Err, ErrUnavailable) ||
		!errors.Is(evaluated.Value[1].Err, ErrUnavailable) {
		t.Errorf("%v, %v", evaluated, err)
	}
	texts := []string{
		withDeployment("a", misdeedJSON("loop_forever")), withDeployment("b", misdeedJSON("none")),
	}
	text, err := registry.EvaluateCyclesJSON(background, "hostile", "["+strings.Join(texts, ",")+"]")
	if err != nil || strings.Count(text.Value, `"code":"unavailable"`) != 2 {
		t.Errorf("%v, %v", text.Value, err)
	}
	if status := statusOf(t, registry, "hostile"); status.Deployments.OpenTotal != 0 {
		t.Errorf("%+v", status)
	}
}

func TestABadVersionIsRevertedWithinThreeOfItsDeployments(t *testing.T) {
	registry := twoVersions(t, Limits{}, RegistryOptions{})
	for _, name := range []string{"x", "y", "z"} {
		if _, err := evaluateFor(registry, name, "none"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := evaluateFor(registry, "a", "trap"); !errors.Is(err, ErrTrap) {
		t.Fatal(err)
	}
	// From now on the version before decides for it, also in batches.
	if evaluated, err := evaluateFor(registry, "a", "trap"); err != nil || evaluated.Plugin.Name != "meek.wasm" {
		t.Fatalf("%v, %v", evaluated, err)
	}
	batch := []Request{{Spec: *misdeed("none"), Deployment: "x"}, {Spec: *misdeed("trap"), Deployment: "a"}}
	results, err := registry.EvaluateCycles(background, "hostile", batch)
	if err != nil || results.Value[0].Plugin.Name != "new.wasm" || results.Value[1].Plugin.Name != "meek.wasm" {
		t.Fatalf("%v, %v", results, err)
	}
	// A refusal by both in between is the input's.
	if _, err := evaluateFor(registry, "y", "of_the_old_days"); !errors.Is(err, ErrInvalidConfig) {
		t.Fatal(err)
	}
	if _, err := evaluateFor(registry, "b", "not_utf8"); !errors.Is(err, ErrMalformed) {
		t.Fatal(err)
	}
	if status := statusOf(t, registry, "hostile"); !slices.Equal(status.Deployments.Pinned, []string{"a", "b"}) ||
		status.Reverts != 0 {
		t.Fatalf("%+v", status)
	}
	if _, err := evaluateFor(registry, "c", "unknown_id"); !errors.Is(err, ErrPlanRejected) {
		t.Fatal(err)
	}
	status := statusOf(t, registry, "hostile")
	if status.Current.Plugin.Name != "meek.wasm" || status.Previous != nil || status.Reverts != 1 ||
		status.Deployments.PinnedTotal != 0 {
		t.Errorf("%+v", status)
	}
	if len(registry.host.plugins) != 2 {
		t.Errorf("%d plugins are loaded, which should be the guard and one version", len(registry.host.plugins))
	}
}

func TestAQuarantineIsLiftedByItsDigest(t *testing.T) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{RevertAfter: 1}), t.TempDir()
	mustSwap(t, registry, "hostile", write(t, folder, "1.wasm", hostileVersion(t, "meek")))
	newer := versioned(t, hostileVersion(t, "honest"), "0.3.0")
	bad := mustSwap(t, registry, "hostile", write(t, folder, "2.wasm", newer)).Plugin
	if _, err := evaluateFor(registry, "a", "trap"); !errors.Is(err, ErrTrap) {
		t.Fatal(err)
	}
	load := func() SwapOutcome {
		results, err := registry.LoadDir(background, folder)
		if err != nil {
			t.Fatal(err)
		}
		return results[1].Swap.Outcome
	}
	if found := load(); found != Quarantined {
		t.Error(found)
	}
	if !registry.Release(bad.Digest) || registry.Release(bad.Digest) {
		t.Error("one quarantine is lifted once")
	}
	if found := load(); found != Swapped {
		t.Error(found)
	}
}

func TestASessionThatGotDirtyIsBlamedOnNobody(t *testing.T) {
	limits := Limits{Time: 300 * time.Millisecond}
	registry, folder := hostileRegistry(t, limits, RegistryOptions{OpenAfter: 1, RevertAfter: 1})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	batch := make([]Request, 101)
	for i := range batch {
		batch[i] = Request{Spec: *misdeed("turn_bad_after_a_hundred"), Deployment: fmt.Sprint("d", i)}
	}
	results, err := registry.EvaluateCycles(background, "hostile", batch)
	if err != nil || !errors.Is(results.Value[100].Err, ErrTimeout) {
		t.Fatalf("%v, %v", results.Value[100], err)
	}
	registry.background.wait()
	if evaluated, err := evaluateFor(registry, "d100", "turn_bad_after_a_hundred"); err != nil ||
		evaluated.Plugin.Name != "2.wasm" {
		t.Errorf("%v, %v", evaluated, err)
	}
}

func TestWithNoneToRevertToTheCircuitOpensForLongerEachTime(t *testing.T) {
	clock := &clock{now: time.Unix(0, 0)}
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{
		LongestBackOff: 3 * time.Second, Clock: clock.read, Jitter: -1,
	})
	for _, name := range []string{"a", "b", "c"} {
		if _, err := evaluateFor(registry, name, "trap"); !errors.Is(err, ErrTrap) {
			t.Fatal(err)
		}
	}
	for i, length := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		clock.advance(length - time.Millisecond)
		var circuitOpen *CircuitOpenError
		_, err := evaluateFor(registry, "z", "none")
		if !errors.As(err, &circuitOpen) || circuitOpen.Remaining != time.Millisecond || circuitOpen.Deployment != "" {
			t.Error(err)
		}
		if found := statusOf(t, registry, "hostile").CircuitOpen; found != time.Millisecond {
			t.Error(found)
		}
		clock.advance(time.Millisecond)
		if _, err := evaluateFor(registry, fmt.Sprint("probe", i), "trap"); !errors.Is(err, ErrTrap) {
			t.Fatal(err)
		}
	}
	clock.advance(3 * time.Second)
	for range 2 {
		if name := answeredBy(t, registry); name != "1.wasm" {
			t.Error(name)
		}
	}
}

func TestBackOffsAreLengthenedByJitter(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{
		OpenAfter: 1, Clock: (&clock{}).read, Random: func() float64 { return 0.5 },
	})
	mustFail(t, registry, "trap", ErrTrap)
	if open := statusOf(t, registry, "hostile").Deployments.Open; len(open) != 1 ||
		open[0] != (DeploymentCircuit{"a", 1, 1250 * time.Millisecond}) {
		t.Errorf("%+v", open)
	}
}

func TestADeploymentsKeyIsChecked(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	for _, key := range []string{"", strings.Repeat("k", 257)} {
		if _, err := evaluateFor(registry, key, "none"); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%d bytes: %v", len(key), err)
		}
	}
	if _, err := evaluateFor(registry, strings.Repeat("k", 256), "none"); err != nil {
		t.Error(err)
	}
}

func TestAVersionThatHangsFailsAlsoWhereCallersWaitForLess(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{OpenAfter: 1})
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	if _, err := registry.EvaluateCycle(ctx, "hostile", "a", nil, misdeed("loop_forever")); !errors.Is(err, ErrCanceled) {
		t.Errorf("%v", err)
	}
	if status := statusOf(t, registry, "hostile"); status.Outcomes[OutcomeTimeout] != 1 {
		t.Errorf("%+v", status)
	}
	mustFail(t, registry, "loop_forever", ErrCircuitOpen)
	// That one is over before anything runs says nothing of the version.
	_, err := registry.EvaluateCycle(ctx, "hostile", "b", nil, misdeed("none"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// The sentences that operators look for in logs.
func TestTheLogHasTheSentencesThatOperatorsLookFor(t *testing.T) {
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry := mustRegistry(t, host, RegistryOptions{FirstBackOff: 4 * time.Second, Clock: (&clock{}).read, Jitter: -1})
	folder := t.TempDir()
	t.Cleanup(registry.Close)
	good := write(t, folder, "1.wasm", hostileVersion(t, "meek"))
	mustSwap(t, registry, "hostile", good)
	version := statusOf(t, registry, "hostile").Current.Version
	said := func(sentence string) {
		t.Helper()
		if !strings.Contains(log.String(), fmt.Sprintf("msg=%q strategy=hostile", sentence)) &&
			!strings.Contains(log.String(), fmt.Sprintf("msg=%q file=", sentence)) {
			t.Errorf("%q is not in\n%s", sentence, log.String())
		}
	}

	if _, err := registry.Swap(background, "hostile", filepath.Join(folder, "none.wasm")); err == nil {
		t.Error("a file that is not there was switched to")
	}
	said("swap failed; keeping " + version)
	log.Reset()
	// A file that does not say which strategy it is.
	write(t, folder, filepath.Base(good), []byte("nonsense"))
	if results, err := registry.LoadDir(background, folder); err != nil || !errors.Is(results[0].Err, ErrNotWasm) {
		t.Errorf("%v, %v", results, err)
	}
	said("swap failed; keeping " + version)
	log.Reset()
	write(t, folder, filepath.Base(good), nil)
	write(t, folder, "other.wasm", []byte("nonsense"))
	if _, err := registry.LoadDir(background, folder); err != nil {
		t.Error(err)
	}
	said("swap failed")

	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	for _, name := range []string{"x", "y", "z"} {
		if _, err := evaluateFor(registry, name, "none"); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"c\n", "b", "a"} {
		if _, err := evaluateFor(registry, name, "trap"); !errors.Is(err, ErrTrap) {
			t.Error(err)
		}
	}
	said("pinned deployment `a` to " + version + ": " + version + " trapped where it does not")
	said("reverted to " + version + `: 3 deployments pinned (a, b, c\u{a})`)

	// The version that is left fails for nobody; one without a version before it fails for three.
	alone := mustRegistry(t, host, RegistryOptions{FirstBackOff: 4 * time.Second, Clock: (&clock{}).read, Jitter: -1})
	t.Cleanup(alone.Close)
	mustSwap(t, alone, "hostile", numberedHostile(t, folder, 2))
	for range 3 {
		mustFail(t, alone, "trap", ErrTrap)
	}
	said("circuit of deployment `a` open for 4 s")
	if err := mustFail(t, alone, "trap", ErrCircuitOpen); !strings.HasSuffix(err.Error(),
		"failed 3 times in a row; circuit of deployment `a` open for 4 s") {
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
