package pointsman

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Swaps: what must hold before a version is switched to, and what calls see of it.

func TestASwapChangesWhoAnswersAndTheSameFileChangesNothing(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	second := numberedHostile(t, folder, 2)
	if swap := mustSwap(t, registry, "hostile", second); swap.Outcome != Swapped || swap.From.Name != "1.wasm" ||
		swap.Plugin.Name != "2.wasm" {
		t.Error(swap)
	}
	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Error(name)
	}
	if swap := mustSwap(t, registry, "hostile", second); swap.Outcome != Unchanged {
		t.Error(swap)
	}
	if status := statusOf(t, registry, "hostile"); status.Previous.Plugin.Name != "1.wasm" ||
		status.Current.Version == "" {
		t.Error(status)
	}
}

func TestABadVersionIsNotSwitchedTo(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{Time: 200 * time.Millisecond}, RegistryOptions{})
	vector := func(word, message string) Checks {
		response := fmt.Sprintf(`{"ok": {"sub_step": "provisioning", "rollout_specs": [], "promote_route_ids": [],
			"traffic_changes": [],
			"drain_route_ids": [], "reason": {"code": "hostile", "message": "%s", "blocking_route_ids": []},
			"next_evaluation_at": null, "memo": null}}`, message)
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
		"no component": {[]byte("\x00asm\x0d\x00\x01\x00\x07"), Checks{}, ErrSwapLoad, ErrInvalidComponent,
			"cannot be loaded"},
		"another strategy": {readFile(t, builtComponent(t, "plugins/blue_green.wasm")), Checks{}, ErrSwapName, nil,
			"is the strategy `blue-green`, not `hostile`"},
		"another config": {numbered(honest, 9), Checks{Configs: []ConfigInUse{{misdeed("none").Config, 3}, {old, 3}}},
			ErrSwapConfig, ErrInvalidConfig,
			"a configuration in use, " + old},
		"another answer": {numbered(honest, 9), vector("remember", "7 calls"), ErrSwapVector, nil,
			"answers vector `remember` with"},
		"no answer": {numbered(honest, 9), vector("trap", ""), ErrSwapVectorFailed, ErrTrap, "fails on vector `trap`"},
		"a name of another shape": {patched(t, "guests/hostile.wasm", "hostile", "Hostile"), Checks{}, ErrSwapDescription,
			nil,
			"its name is \"Hostile\", not kebab-case"},
		"a schema that is no JSON": {hostileVersion(t, "schema-not-json"), Checks{}, ErrSwapDescription, nil,
			"its config schema is not JSON"},
		"a schema without end":   {hostileVersion(t, "schema-long"), Checks{}, ErrSwapDescribe, ErrResponse, ""},
		"describing without end": {hostileVersion(t, "loop-in-describe"), Checks{}, ErrSwapDescribe, ErrTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			registry.SetChecks("hostile", c.checks)
			_, err := registry.Swap(background, "hostile", write(t, folder, "bad.wasm", c.component))
			var swap *SwapError
			if !errors.As(err, &swap) || swap.Kind != c.kind || !strings.Contains(err.Error(), c.contains) || c.cause != nil &&
				!errors.Is(err, c.cause) {
				t.Errorf("%v", err)
			}
			if name := answeredBy(t, registry); name != "1.wasm" {
				t.Errorf("%s answers", name)
			}
		})
	}
	if len(registry.Status()) != 1 || len(registry.host.plugins) != 2 {
		t.Errorf("%d strategies, %d plugins with the guard: what was not switched to is still there", len(registry.Status()),
			len(registry.host.plugins))
	}
	registry.SetChecks("hostile", vector("remember", "1 calls"))
	if swap := mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2)); swap.Outcome != Swapped {
		t.Errorf("what passes its checks: %v", swap)
	}
	if _, err := registry.Swap(background, "hostile", "no/such.wasm"); !errors.Is(err, ErrSwapLoad) || !errors.Is(err,
		os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAPluginThatClaimsToBeAnotherStrategyMustTakeItsConfigs(t *testing.T) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
	mustSwap(t, registry, "batched", builtComponent(t, "examples/batched.wasm"))
	registry.SetChecks("batched", Checks{Configs: []ConfigInUse{{`{"batch": 2}`, 3}}})
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
	held, admitted, err := slot.begin("a", func() uint64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	// The second takes away what the first has kept to revert to.
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 3))
	plugin := held.version(&admitted).plugin.held()
	if _, err := plugin.EvaluateCycle(background, nil, misdeed("none")); err != nil || plugin.ID().Name != "1.wasm" {
		t.Errorf("%v, %v", plugin.ID(), err)
	}
	held.release()
	if name := answeredBy(t, registry); name != "3.wasm" {
		t.Error(name)
	}
	if len(registry.host.plugins) != 3 {
		t.Errorf("%d plugins are loaded, which should be the guard and two versions", len(registry.host.plugins))
	}
	registry.Close()
	if _, err := registry.EvaluateCycle(background, "hostile", "a", nil, misdeed("none")); !errors.Is(err, ErrClosed) {
		t.Errorf("after the registry was closed: %v", err)
	}
	if len(registry.host.plugins) != 1 {
		t.Errorf("%d plugins are loaded, which should be the guard", len(registry.host.plugins))
	}
}
