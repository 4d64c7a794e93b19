package pointsman

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Files of any kind: each is a plugin, or a load error says why not.

// fuzzSeeds names a folder of files to start from, for `make fuzz`: what the loader was given when it was fuzzed by
// itself.
const fuzzSeeds = "POINTSMAN_FUZZ_SEEDS"

// mostSeeds are so many that they are tried in some seconds.
const mostSeeds = 400

// tryToLoad loads what may be anything. Whatever it is, neither the loader nor the runtime fails, and what the loader
// admits can be compiled.
func tryToLoad(t *testing.T, host *Host, component []byte) {
	t.Helper()
	plugin, err := host.Load(background, component)
	var refused *LoadError
	switch {
	case err == nil:
		callAll(t, plugin)
		plugin.Close()
	case !errors.As(err, &refused):
		t.Errorf("%v is no load error", err)
	case refused.Kind == ErrPanicked, refused.Kind == ErrLoader,
		refused.Kind == ErrInvalidComponent && refused.Cause != nil:
		t.Errorf("%v: %v", err, refused.Cause)
	}
}

// callAll calls each function of a plugin, which may do anything but make the runtime panic.
func callAll(t *testing.T, plugin *Plugin) {
	t.Helper()
	_, description := plugin.Describe(background)
	_, commitment := plugin.CheckConfig(background, "{}", 3)
	_, changes := plugin.EvaluateCycle(background, nil, specWith("{}"))
	_, answers := plugin.EvaluateCyclesJSON(background, "[]")
	for _, err := range []error{description, commitment, changes, answers} {
		if errors.Is(err, ErrPanicked) || errors.Is(err, ErrInstances) {
			t.Errorf("%v", err)
		}
	}
}

// FuzzLoad runs with its seeds in tests, those that fuzzing the loader has found among them, and for longer with
// `make fuzz`. What is large is taken apart and rewritten, and not compiled, which would take a second each.
func FuzzLoad(f *testing.F) {
	// Without a cache, which would have a file for each that was tried.
	host, err := NewHost(background, WithLimits(Limits{Time: 20 * time.Millisecond}), WithReleaseFolder(releaseFolder))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { host.Close(background) })
	for _, path := range []string{"plugins/blue_green.wasm", "plugins/guard.wasm", "guests/hostile.wasm"} {
		component := readFile(f, builtComponent(f, path))
		f.Add(component)
		f.Add(component[:len(component)/2])
	}
	f.Add(strategyOf(f, strategyCore()))
	for _, file := range seeds(f) {
		f.Add(readFile(f, file))
	}
	f.Fuzz(func(t *testing.T, component []byte) {
		if len(component) < 40_000 {
			tryToLoad(t, host, component)
			return
		}
		var refused *LoadError
		file := componentFile{newPluginID("fuzz.wasm", component), component}
		_, err := host.loader.admit(background, file, &strategyContract, host.limits)
		if err != nil && (!errors.As(err, &refused) || refused.Kind == ErrLoader) {
			t.Errorf("%v", err)
		}
	})
}

// seeds are the files that fuzzing the loader has found, and those of the folder that is named.
func seeds(f *testing.F) []string {
	f.Helper()
	list := func(folder string) []string {
		files, err := filepath.Glob(filepath.Join(folder, "*.wasm"))
		if err != nil || len(files) == 0 {
			f.Fatalf("%s has no files: %v", folder, err)
		}
		return files
	}
	found := list(filepath.Join("..", "..", "tests", "fuzz", "loader"))
	if folder := os.Getenv(fuzzSeeds); folder != "" {
		more := list(folder)
		found = slices.Concat(found, more[:min(len(more), mostSeeds)])
	}
	return found
}
