package pointsman

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Several files of one strategy in a folder: the newest version runs, running and after a restart alike.

func TestPrecedenceIsThatOfSemanticVersioning(t *testing.T) {
	order := []string{
		"no version", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.9", "1.0.10", "1.10.0", "2.0.0", "99999999999999999999999.0.0",
	}
	for i, first := range order {
		for k, second := range order {
			found := compareVersions(first, second)
			if (found < 0) != (i < k) || (found > 0) != (i > k) {
				t.Errorf("%s to %s is %d", first, second, found)
			}
		}
	}
	for _, same := range [][2]string{{"1.0.0+a", "1.0.0+b"}, {"some", "other"}, {"1.0.0-a+b", "1.0.0-a"}} {
		if found := compareVersions(same[0], same[1]); found != 0 {
			t.Errorf("%v: %d", same, found)
		}
	}
}

// inVersion is the hostile guest of a version.
func inVersion(t testing.TB, version, mode string) []byte {
	t.Helper()
	return versioned(t, hostileVersion(t, mode), version)
}

func currentVersion(t testing.TB, registry *Registry) string {
	t.Helper()
	return statusOf(t, registry, "hostile").Current.Version
}

func TestNamesAndTimesDecideNothing(t *testing.T) {
	for _, names := range [][3]string{
		{"a", "b", "c"}, {"a", "c", "b"}, {"b", "a", "c"}, {"b", "c", "a"}, {"c", "a", "b"}, {"c", "b", "a"},
	} {
		registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
		for i, version := range []string{"0.3.0", "0.3.9", "0.3.1"} {
			write(t, folder, names[i]+".wasm", inVersion(t, version, "honest"))
		}
		for range 2 {
			results, err := registry.LoadDir(background, folder)
			if err != nil || len(results) != 3 {
				t.Fatal(results, err)
			}
			if found := currentVersion(t, registry); found != "0.3.9" {
				t.Errorf("%v: %s runs", names, found)
			}
		}
		if previous := statusOf(t, registry, "hostile").Previous; previous == nil || previous.Version != "0.3.1" {
			t.Errorf("%v: %v", names, previous)
		}
		// The first load goes over all versions to the newest; the next keeps it.
		results, err := registry.LoadDir(background, folder)
		rivals := 0
		for _, result := range results {
			if errors.Is(result.Err, ErrSwapRival) {
				rivals++
			}
		}
		if err != nil || rivals != 2 {
			t.Errorf("%v: %v", results, err)
		}
	}
}

func TestRunningAndAfterARestartTheSameRuns(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "b.wasm", inVersion(t, "0.3.1", "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("b.wasm", "loaded")
	write(t, folder, "c.wasm", inVersion(t, "0.3.0", "honest"))
	w.expect("c.wasm", "failed")
	write(t, folder, "a.wasm", inVersion(t, "0.3.2", "honest"))
	w.expect("a.wasm", "swapped")
	if err := os.Remove(filepath.Join(folder, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	// All that is left is gone through, up to the newest.
	w.expect("b.wasm", "swapped")
	w.expect("c.wasm", "swapped")
	if found := currentVersion(t, w.registry); found != "0.3.1" {
		t.Error(found)
	}
	// The newest becomes the oldest.
	write(t, folder, "b.wasm", inVersion(t, "0.2.9", "honest"))
	w.expect("b.wasm", "swapped")
	w.expect("c.wasm", "swapped")
	if found := currentVersion(t, w.registry); found != "0.3.0" {
		t.Error(found)
	}
	restarted := newRegistry(t, Limits{}, RegistryOptions{})
	if _, err := restarted.LoadDir(background, folder); err != nil || currentVersion(t, restarted) != "0.3.0" {
		t.Error(currentVersion(t, restarted), err)
	}
}

func TestATieIsRefusedAndTold(t *testing.T) {
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry, folder := mustRegistry(t, host, RegistryOptions{}), t.TempDir()
	write(t, folder, "a.wasm", inVersion(t, "0.3.0", "honest"))
	write(t, folder, "b.wasm", inVersion(t, "0.3.0", "cautious"))

	results, err := registry.LoadDir(background, folder)

	if err != nil || len(results) != 2 || !errors.Is(results[0].Err, ErrSwapRival) ||
		!errors.Is(results[1].Err, ErrSwapRival) || len(registry.Status()) != 0 {
		t.Fatal(results, err)
	}
	if expected := "`a.wasm` has version 0.3.0 of `hostile`, too: remove one of them"; !strings.Contains(log.String(),
		expected) {
		t.Error(log.String())
	}
	if len(registry.host.plugins) != 1 {
		t.Errorf("%d plugins are loaded, which should be the guard", len(registry.host.plugins))
	}
	if err := os.Remove(filepath.Join(folder, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	if results, err := registry.LoadDir(background, folder); err != nil || results[0].Swap.Outcome != Loaded {
		t.Fatal(results, err)
	}
	// What runs goes on, whichever of them it is.
	write(t, folder, "a.wasm", inVersion(t, "0.3.0", "honest"))
	if _, err := registry.LoadDir(background, folder); err != nil || answeredBy(t, registry) != "b.wasm" {
		t.Error(answeredBy(t, registry), err)
	}
}

func TestATieThatIsSettledIsNoTie(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", inVersion(t, "0.3.0", "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "loaded")
	write(t, folder, "b.wasm", inVersion(t, "0.3.0", "cautious"))
	w.expect("b.wasm", "failed")
	if err := os.Remove(filepath.Join(folder, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	w.expect("b.wasm", "swapped")
}

func TestChecksMayBeSetBeforeTheFirstLoad(t *testing.T) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
	first := write(t, folder, "1.wasm", hostileVersion(t, "honest"))
	registry.SetChecks("hostile", Checks{Configs: []ConfigInUse{{misdeed("of_the_old_days").Config, 3}}})
	if _, err := registry.Swap(background, "hostile", first); !errors.Is(err, ErrSwapConfig) {
		t.Error(err)
	}
	if len(registry.Status()) != 0 {
		t.Errorf("%+v", registry.Status())
	}
	registry.SetChecks("hostile", Checks{Configs: []ConfigInUse{{misdeed("none").Config, 3}}})
	if swap := mustSwap(t, registry, "hostile", first); swap.Outcome != Loaded {
		t.Error(swap)
	}
	// They go on to hold.
	registry.SetChecks("hostile", Checks{Configs: []ConfigInUse{{misdeed("of_the_old_days").Config, 3}}})
	if _, err := registry.Swap(background, "hostile", numberedHostile(t, folder, 2)); !errors.Is(err, ErrSwapConfig) {
		t.Error(err)
	}
}

func TestAGuardForANameThatIsNotLoadedIsTold(t *testing.T) {
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry, folder := mustRegistry(t, host, RegistryOptions{Guards: map[string]Guard{
		"hostil": GuardIDsOnly(), "hostile": GuardIDsOnly(),
	}}), t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	if _, err := registry.LoadDir(background, folder); err != nil {
		t.Fatal(err)
	}
	const warning = `level=WARN msg="there is a guard for a strategy that is not loaded" strategy=`
	text := log.String()
	if !strings.Contains(text, warning+"hostil loaded=hostile\n") || strings.Count(text, warning) != 1 {
		t.Error(text)
	}
}
