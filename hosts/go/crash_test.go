package pointsman

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Files that crash what reads them without measuring them first: parsers that recurse, compilers, runtimes. The same as
// those of the Rust host's tests, host-test/src/crash.rs; through every way into a host.

func assertTooComplex(t *testing.T, err error, file crash) {
	t.Helper()
	var refused *LoadError
	if !errors.As(err, &refused) || !errors.Is(err, ErrTooComplex) || refused.Part != file.part {
		t.Fatalf("%s: found %v, expected %v", file.name, err, file.part)
	}
	if refused.Detail == "" || refused.Error() != fmt.Sprintf("`%s` %s", file.name, refused.Detail) {
		t.Errorf("%v", refused)
	}
}

func TestFilesThatCrashFromMemoryAndFromFiles(t *testing.T) {
	host, folder := sharedHost(t), t.TempDir()
	for _, file := range crashes() {
		_, err := host.Load(background, file.bytes, Name(file.name))
		assertTooComplex(t, err, file)
		_, err = host.LoadFile(background, write(t, folder, file.name, file.bytes))
		assertTooComplex(t, err, file)
	}
	assertGoesOn(t, blueGreen(t))
}

func TestFilesThatCrashIntoARegistry(t *testing.T) {
	folder := t.TempDir()
	registry := newRegistry(t, Limits{}, RegistryOptions{})
	if _, err := registry.Swap(background, "blue-green", builtComponent(t, "plugins/blue_green.wasm")); err != nil {
		t.Fatal(err)
	}
	for _, file := range crashes() {
		_, err := registry.Swap(background, "blue-green", write(t, folder, file.name, file.bytes))
		if !errors.Is(err, ErrSwapLoad) {
			t.Errorf("%v", err)
		}
		assertTooComplex(t, err, file)
	}
	results, err := registry.LoadDir(background, folder)
	if err != nil || len(results) != len(crashes()) {
		t.Errorf("%d, %v", len(results), err)
	}
	for _, result := range results {
		if !errors.Is(result.Err, ErrTooComplex) {
			t.Errorf("%s: %v", result.Path, result.Err)
		}
	}
	if name := statusOf(t, registry, "blue-green").Current.Plugin.Name; name != "blue_green.wasm" {
		t.Errorf("%s", name)
	}
}

// Each bad file is told with its reason, and the good one that comes last is loaded.
func TestFilesThatCrashIntoAWatchedFolder(t *testing.T) {
	folder, told := t.TempDir(), make(chan FileResult, 1)
	registry := newRegistry(t, Limits{}, RegistryOptions{})
	how := WatchOptions{Quiet: 10 * time.Millisecond, OnChange: func(result FileResult) { told <- result }}
	watch, err := registry.Watch(background, folder, how)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	next := func() FileResult {
		select {
		case result := <-told:
			return result
		case <-time.After(long):
			t.Fatal("the watch does not go on")
			return FileResult{}
		}
	}

	for _, file := range crashes() {
		write(t, folder, file.name, file.bytes)
		result := next()
		if filepath.Base(result.Path) != file.name {
			t.Fatalf("%s was told of, not %s", result.Path, file.name)
		}
		assertTooComplex(t, result.Err, file)
	}
	write(t, folder, "good.wasm", readFile(t, builtComponent(t, "plugins/blue_green.wasm")))
	if result := next(); result.Err != nil || result.Swap.Outcome != Loaded {
		t.Errorf("%v", result)
	}
	if name := statusOf(t, registry, "blue-green").Current.Plugin.Name; name != "good.wasm" {
		t.Errorf("%s", name)
	}
}

// Sentences that a person reads.
func TestTheSentenceOfAFileThatCrashes(t *testing.T) {
	for part, expected := range map[Part]string{
		PartMemories: "`guest.wasm` has more than 1 memory; link its code into one core module with one memory",
		PartNesting:  "`guest.wasm` nests components and types more than 32 deep; define them side by side",
	} {
		file := crashes()[slices.IndexFunc(crashes(), func(file crash) bool { return file.part == part })]
		if told := refused(t, sharedHost(t), file.bytes).Error(); told != expected {
			t.Errorf("%s", told)
		}
	}
}

func TestTruncationsAndFlippedBits(t *testing.T) {
	host, whole := newHost(t, Limits{Time: 20 * time.Millisecond}), strategyOf(t, strategyCore())
	if plugin, err := host.Load(background, whole); err != nil {
		t.Fatal(err)
	} else {
		plugin.Close()
	}
	for length := range len(whole) {
		tryToLoad(t, host, whole[:length])
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1_500 {
		flipped := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
		}
		tryToLoad(t, host, flipped)
	}
	// Near the limits, and on both sides.
	for _, near := range [][]byte{
		nestedTypes(typeOfComponent, 31), nestedComponents(32), multiplyingInstances(4), references(typeOfInstance,
			sortInstance, 99),
		references(typeOfComponent, sortComponent, 99), nestedBlocks(openings["ifs"], 1_000), twoMemories(),
	} {
		for range 100 {
			changed := bytes.Clone(near)
			for range random.IntN(4) {
				changed[8+random.IntN(len(changed)-8)] = byte(random.Uint32())
			}
			tryToLoad(t, host, changed)
		}
	}
	assertGoesOn(t, blueGreen(t))
}

// Each import may be of an instance with many members.
func TestImportsThatMultiply(t *testing.T) {
	const members, imports = 900, 1_000
	err := refused(t, sharedHost(t), importing(members, imports))
	told := fmt.Sprintf("imports `i0#m0`, `i0#m1`, `i0#m2` and %d more;", members*imports-3)
	if err.Kind != ErrImports || !strings.Contains(err.Error(), told) {
		t.Errorf("%v", err)
	}
	// 350 kB with 200 million functions.
	if err := refused(t, sharedHost(t), importing(10_000, 20_000)); err.Kind != ErrInvalidComponent {
		t.Errorf("%v", err)
	}
}
