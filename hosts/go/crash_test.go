package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Files that crash what reads them without measuring them first: parsers that recurse, compilers, runtimes. The same as those of
// the Rust host's tests, host-test/src/crash.rs; through every way into a host.

// crash is a file, and what it has too much of.
type crash struct {
	name  string
	part  Part
	bytes []byte
}

// crashes are one or more of each kind, the smallest that crashed something among them.
func crashes() []crash {
	files := []crash{
		{"two-memories", PartMemories, twoMemories()},
		{"multiplying", PartInstances, multiplyingInstances(30)},
		{"core-modules", PartCoreModules, componentOf(slices.Repeat([][]byte{emptyModule}, 9)...)},
		{"core-instances", PartCoreInstances, componentOf(emptyModule, section(sectionCoreInstance,
			vec(slices.Repeat([][]byte{{0, 0, 0}}, 9)...)))},
		{"opaque", PartOpaqueInstances, componentOf(section(sectionType, vec([]byte{typeOfComponent, 0})),
			section(sectionImport, vec([]byte{0, 1, 'c', sortComponent, 0})), section(sectionInstance, vec([]byte{0, 0, 0})))},
		{"declarations", PartDeclarations, componentOf(section(sectionType,
			append(appendU32(nil, 100_001), bytes.Repeat([]byte{0x73}, 100_001)...)))},
		// A count is not believed to have anything behind it.
		{"a-count", PartDeclarations, componentOf(section(sectionImport, appendU32(nil, 1<<32-1)))},
	}
	for _, levels := range []int{1_000, 100_000} {
		files = append(files,
			crash{fmt.Sprintf("component-types-%d", levels), PartNesting, nestedTypes(typeOfComponent, levels)},
			crash{fmt.Sprintf("instance-types-%d", levels), PartNesting, nestedTypes(typeOfInstance, levels)},
			crash{fmt.Sprintf("components-%d", levels), PartNesting, nestedComponents(levels)})
	}
	for _, levels := range []int{127, 10_000} {
		files = append(files,
			crash{fmt.Sprintf("component-references-%d", levels), PartTypeDepth, references(typeOfComponent, sortComponent, levels)},
			crash{fmt.Sprintf("instance-references-%d", levels), PartTypeDepth, references(typeOfInstance, sortInstance, levels)})
	}
	for name, opening := range openings {
		for _, levels := range []int{10_000, 100_000} {
			files = append(files, crash{fmt.Sprintf("%s-%d", name, levels), PartBlocks, nestedBlocks(opening, levels)})
		}
	}
	for i := range files {
		files[i].name += ".wasm"
	}
	return files
}

var emptyModule = section(sectionCoreModule, coreModuleHeader)

// openings are the ways in which a block begins.
var openings = map[string][]byte{
	"blocks": {opBlock, emptyBlock}, "loops": {opLoop, emptyBlock}, "ifs": {opI32Const, 0, opIf, emptyBlock},
}

// memoryAndInstance are a core module with a memory, and an instance of it.
func memoryAndInstance() []byte {
	return slices.Concat(section(sectionCoreModule, core{memory: []byte{0, 1}}.bytes()),
		section(sectionCoreInstance, vec([]byte{0, 0, 0})))
}

// twoMemories is two nested components with a memory each, and an instance of each.
func twoMemories() []byte {
	nested := section(sectionComponent, componentOf(memoryAndInstance()))
	return componentOf(nested, nested, section(sectionInstance, vec([]byte{0, 0, 0}, []byte{0, 1, 0})))
}

// nestedTypes are types with one declaration each, another type, in so many others.
func nestedTypes(kind byte, levels int) []byte {
	return componentOf(section(sectionType, slices.Concat([]byte{1}, bytes.Repeat([]byte{kind, 1, 1}, levels), []byte{kind, 0})))
}

// nestedComponents are a component in so many others.
func nestedComponents(levels int) []byte {
	// Sizes from the inside outwards; then written in one pass.
	sizes := []int{len(componentHeader)}
	for level := range levels {
		inside := sizes[level]
		sizes = append(sizes, len(componentHeader)+1+len(appendU32(nil, uint32(inside)))+inside)
	}
	var made []byte
	for level := levels - 1; level >= 0; level-- {
		made = appendU32(append(append(made, componentHeader...), sectionComponent), uint32(sizes[level]))
	}
	return append(made, componentHeader...)
}

// references are types side by side, of which each but the first exports something of the one before.
func references(kind, sort byte, levels int) []byte {
	types := append(appendU32(nil, uint32(levels+1)), kind, 0)
	for before := range levels {
		// Two declarations: an alias of a type outside, and an export of that type.
		types = append(appendU32(append(types, kind, 2, 0x02, sortType, 0x02, 1), uint32(before)), 0x04, 0, 1, 'a', sort, 0)
	}
	return componentOf(section(sectionType, types))
}

// multiplyingInstances are levels of which each instantiates the one inside twice.
func multiplyingInstances(levels int) []byte {
	made := componentOf()
	for range levels {
		made = componentOf(section(sectionComponent, made), section(sectionInstance, []byte{2, 0, 0, 0, 0, 0, 0}))
	}
	return made
}

// nestedBlocks is a function with blocks in each other that are opened so, and something before them.
func nestedBlocks(opening []byte, levels int, before ...byte) []byte {
	c := slices.Concat(before, bytes.Repeat(opening, levels), bytes.Repeat([]byte{opEnd}, levels))
	return ofFunction(c)
}

// ofFunction is a component with a core module with a function.
func ofFunction(code []byte) []byte {
	c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code}}}
	return componentOf(section(sectionCoreModule, c.bytes()))
}

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

// What a person reads.
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
		nestedTypes(typeOfComponent, 31), nestedComponents(32), multiplyingInstances(4), references(typeOfInstance, sortInstance, 99),
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

// importing is a component that imports so many instances of so many functions each.
func importing(members, imports int) []byte {
	function := []byte{0x01, 0x40, 0, 1, 0}
	instance := [][]byte{function}
	for i := range members {
		instance = append(instance, append(appendName([]byte{0x04, 0}, fmt.Sprintf("m%d", i)), sortFunc, 0))
	}
	var imported [][]byte
	for i := range imports {
		imported = append(imported, append(appendName([]byte{0}, fmt.Sprintf("i%d", i)), sortInstance, 0))
	}
	declared := section(sectionType, vec(append([]byte{typeOfInstance}, vec(instance...)...)))
	return componentOf(declared, section(sectionImport, vec(imported...)))
}

// panicking is a context that makes the runtime panic where it looks for a setting of its compiler, once it is told to.
type panicking struct {
	context.Context
	isArmed *bool
}

func (c panicking) Value(key any) any {
	if *c.isArmed && strings.Contains(fmt.Sprintf("%T", key), "FunctionListenerFactory") {
		panic("as asked")
	}
	return c.Context.Value(key)
}

func TestAPanicOfTheRuntimeIsAnErrorAndTheHostGoesOn(t *testing.T) {
	host, isArmed := newHost(t, Limits{}), true
	ctx := panicking{background, &isArmed}

	_, err := host.Load(ctx, strategyOf(t, strategyCore()), Name("guest.wasm"))

	var refused *LoadError
	if !errors.As(err, &refused) || refused.Kind != ErrPanicked {
		t.Fatalf("%v", err)
	}
	expected := "`guest.wasm` made the runtime panic, a bug in it or in this host: as asked"
	if told := err.Error(); told != expected {
		t.Errorf("%s", told)
	}
	if _, err := host.Load(background, strategyOf(t, strategyCore())); err != nil {
		t.Error(err)
	}
}

func TestAWatchOutlivesPanicsOfTheRuntimeAndOfItsCallback(t *testing.T) {
	folder, told, isArmed := t.TempDir(), make(chan FileResult, 1), true
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry := NewRegistry(host, RegistryOptions{})
	good := readFile(t, builtComponent(t, "plugins/blue_green.wasm"))
	how := WatchOptions{Quiet: 10 * time.Millisecond, OnChange: func(result FileResult) {
		isArmed = false
		told <- result
		if result.Err != nil {
			panic("the callback too")
		}
	}}
	watch, err := registry.Watch(panicking{background, &isArmed}, folder, how)
	if err != nil {
		t.Fatal(err)
	}

	write(t, folder, "a.wasm", good)
	if result := <-told; !errors.Is(result.Err, ErrPanicked) || !errors.Is(result.Err, ErrSwapLoad) {
		t.Errorf("%v", result)
	}
	write(t, folder, "b.wasm", numbered(good, 1))
	if result := <-told; result.Err != nil || result.Swap.Outcome != Loaded {
		t.Errorf("%v", result)
	}
	watch.Close()
	expected := `msg="the callback of a watched folder panicked"`
	if text := log.String(); !strings.Contains(text, expected) || !strings.Contains(text, `panic="the callback too"`) {
		t.Errorf("%s", text)
	}
}

// faulty is a context that panics where anybody looks for a value that is not the host's, once it is told to.
type faulty struct {
	context.Context
	isArmed *bool
}

func (c faulty) Value(key any) any {
	if *c.isArmed && key != (callKey{}) {
		panic("as asked")
	}
	return c.Context.Value(key)
}

func TestAPanicInACallIsAnErrorAndThePluginGoesOn(t *testing.T) {
	host, isArmed := newHost(t, Limits{Instances: 1}), false
	plugin := load(t, host, "guests/hostile.wasm")
	ctx := faulty{background, &isArmed}
	for _, entry := range entryPoints {
		// None waits, so that the runtime has to make one.
		taken, err := plugin.loaded.take(background)
		if err != nil {
			t.Fatal(err)
		}
		taken.close()

		isArmed = true
		err = entry.call(ctx, plugin, "none")
		isArmed = false

		if callKind(t, plugin, err) != ErrPanicked || judge(err).outcome != OutcomeHost {
			t.Errorf("%s: %v", entry.name, err)
		}
		if told := "made the runtime panic, a bug in it or in this host: as asked"; !strings.HasSuffix(err.Error(), told) {
			t.Errorf("%s: %v", entry.name, err)
		}
		assertGoesOn(t, plugin)
	}
}
