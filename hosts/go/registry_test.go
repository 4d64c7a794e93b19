package pointsman

import (
	"errors"
	"fmt"
	"log/slog"
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

func mustRegistry(t testing.TB, host *Host, options RegistryOptions) *Registry {
	t.Helper()
	registry, err := NewRegistry(host, options)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// newRegistry is one on a host of its own.
func newRegistry(t testing.TB, limits Limits, options RegistryOptions) *Registry {
	t.Helper()
	return mustRegistry(t, newHost(t, limits, WithLogger(quiet)), options)
}

// version writes the hostile guest with this number.
func numberedHostile(t testing.TB, folder string, number byte) string {
	t.Helper()
	return write(t, folder, fmt.Sprintf("%d.wasm", number), numbered(readFile(t, builtComponent(t,
		"guests/hostile.wasm")), number))
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
	evaluated, err := registry.EvaluateCycle(background, "hostile", "a", nil, misdeed("none"))
	if err != nil {
		t.Fatal(err)
	}
	return evaluated.Plugin.Name
}

func mustFail(t testing.TB, registry *Registry, word string, kind error) error {
	t.Helper()
	_, err := registry.EvaluateCycle(background, "hostile", "a", nil, misdeed(word))
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
		Guard:  GuardWith(Policy{MaxUnavailable: Count(0)}),
		Guards: map[string]Guard{"rolling-update": GuardWith(Policy{MaxUnavailable: Percent(50)})},
	}
	four := readyRoutes(4)
	for i := range four {
		four[i].Revision, four[i].TrafficStatus, four[i].TrafficRatio = "v1", TrafficActive, 1
	}
	drained := func(options RegistryOptions, name string) (int, error) {
		registry := mustRegistry(t, sharedHost(t), options)
		defer registry.Close()
		mustSwap(t, registry, name, builtComponent(t, "plugins/"+strings.ReplaceAll(name, "-", "_")+".wasm"))
		spec := specWith("{}")
		spec.TargetReplicas = 4
		evaluated, err := registry.EvaluateCycle(background, name, "a", four, spec)
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
	if err := results[2].Err; !errors.Is(err, ErrSwapLoad) || !errors.Is(err, ErrNotWasm) ||
		filepath.Base(results[2].Path) != "3.wasm" {
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
	_, err := registry.EvaluateCycle(background, "rolling-update", "a", nil, misdeed("none"))
	if !errors.Is(err, ErrUnknownStrategy) || err.Error() != "there is no strategy `rolling-update`; there is hostile" {
		t.Error(err)
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

func TestTheCurrentVersionIsAskedByItsStrategysName(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	if current, err := registry.Current("hostile"); err != nil || current.Plugin.Name != "2.wasm" {
		t.Error(current, err)
	}
	if described, err := registry.Describe("hostile"); err != nil || described.Value.Name != "hostile" {
		t.Error(described, err)
	}
	for word, kind := range map[string]error{"none": nil, "of_the_old_days": ErrInvalidConfig} {
		checked, err := registry.CheckConfig(background, "hostile", misdeed(word).Config, 3)
		if !errors.Is(err, kind) || checked.Plugin.Name != "2.wasm" {
			t.Error(word, checked, err)
		}
	}
	_, errCurrent := registry.Current("none")
	_, errDescribe := registry.Describe("none")
	_, errCheck := registry.CheckConfig(background, "none", "{}", 3)
	for _, err := range []error{errCurrent, errDescribe, errCheck} {
		if !errors.Is(err, ErrUnknownStrategy) {
			t.Error(err)
		}
	}
}
