package pointsman

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// What is not loaded, and the error that says why.

// refused is why bytes are not loaded; and the host goes on deciding.
func refused(t *testing.T, host *Host, component []byte) *LoadError {
	t.Helper()
	_, err := host.Load(background, component, Name("guest.wasm"))
	var refused *LoadError
	if !errors.As(err, &refused) || !errors.Is(err, refused.Kind) || !strings.HasPrefix(err.Error(), "`guest.wasm` ") {
		t.Fatalf("%v", err)
	}
	assertGoesOn(t, blueGreen(t))
	return refused
}

func TestWhatIsNoPluginIsNotLoaded(t *testing.T) {
	instanceOf := func(members ...[]byte) []byte {
		return section(sectionType, vec(slices.Concat([]byte{0x42}, vec(members...))))
	}
	importOf := func(name string, what ...byte) []byte {
		return section(sectionImport, vec(append(appendName([]byte{0}, name), what...)))
	}
	member := func(name string, what ...byte) []byte {
		return append(appendName([]byte{0x04, 0}, name), what...)
	}
	function := []byte{0x01, 0x40, 0, 1, 0} // a type: a function without parameters and results
	v2, older, newer := "pointsman:strategy/strategy@0.2.0", "pointsman:strategy/strategy@0.1.0", "pointsman:strategy/strategy@0.3.0"
	edited := func(edit func(c *core)) []byte {
		c := strategyCore()
		edit(&c)
		return strategyOf(c)
	}
	for name, c := range map[string]struct {
		component []byte
		kind      error
		contains  string
	}{
		"empty":         {nil, ErrNotWasm, "is not WebAssembly"},
		"text":          {[]byte("(component)"), ErrNotWasm, ""},
		"zeros":         {make([]byte, 1<<10), ErrNotWasm, ""},
		"half a header": {[]byte("\x00asm\x0d\x00"), ErrNotWasm, ""},
		"a core module": {coreModuleHeader, ErrCoreModule, "not a component; link it with `wasm-component-ld`"},
		"an empty one":  {componentOf(), ErrNotAStrategy, "does not export `pointsman:strategy/strategy`"},
		"an older version": {componentOf(exportOf(older)), ErrUnsupportedContract,
			"exports contract 0.1.0; this host supports 0.2.0: rebuild it with pointsman 0.2 (CONTRIBUTING, 'From 0.1.0 to 0.2.0')"},
		"a newer version": {componentOf(exportOf(newer)), ErrUnsupportedContract,
			"exports contract 0.3.0; this host supports 0.2.0: use a host that supports it"},
		"half a contract":   {componentOf(exportOf(v2)), ErrMissingExport, "does not export `pointsman:strategy/strategy@0.2.0#evaluate-cycle`"},
		"a guard":           {readFile(t, builtComponent(t, "plugins/guard.wasm")), ErrNotAStrategy, ""},
		"a function import": {componentOf(section(sectionType, vec(function[1:])), importOf("clock", sortFunc, 0)), ErrImports, "imports `clock`"},
		"wasi": {componentOf(instanceOf(function, member("get-random-u64", sortFunc, 0)), importOf("wasi:random/random@0.2.0", sortInstance, 0)),
			ErrImports, "imports `wasi:random/random@0.2.0#get-random-u64`"},
		"a resource": {componentOf(instanceOf(member("pollable", sortType, 1)), importOf("wasi:io/poll@0.2.0", sortInstance, 0)),
			ErrImports, "`wasi:io/poll@0.2.0#pollable`"},
		"an instance of nothing": {componentOf(importOf("a", sortInstance, 7)), ErrInvalidComponent, "a type that is not there"},
		"two core modules": {componentOf(section(sectionCoreModule, coreModuleHeader), section(sectionCoreModule, coreModuleHeader), exportOf(v2)),
			ErrInvalidComponent, "it has 2 core modules"},
		"one more in a nested component": {componentOf(section(sectionCoreModule, coreModuleHeader),
			section(sectionComponent, componentOf(section(sectionCoreModule, coreModuleHeader))), exportOf(v2)), ErrInvalidComponent, "it has 2 core modules"},
		"a core module with an import": {componentOf(section(sectionCoreModule, append(slices.Clone(coreModuleHeader),
			section(coreImport, vec(append(appendName(appendName(nil, "env"), "clock"), 0, 0)))...)), exportOf(v2)), ErrImports, "a core module that imports something"},
		"a section that is unknown": {componentOf([]byte{99, 0}), ErrInvalidComponent, "unknown kind, 99"},
		"nested without end":        {nested(200), ErrTooComplex, "nests components and types more than 32 deep; define them side by side"},
		"no memory":                 {edited(func(c *core) { c.memory = nil }), ErrMissingExport, "does not export `memory`"},
		"no realloc":                {edited(func(c *core) { delete(c.names, reallocExport) }), ErrMissingExport, "does not export `cabi_realloc`"},
		"another type": {edited(func(c *core) { c.names["pointsman:strategy/strategy@0.2.0#describe"] = 4 }), ErrWrongType,
			"exports `pointsman:strategy/strategy@0.2.0#describe` with another type than the contract's"},
		"another type of what frees": {edited(func(c *core) { c.names["cabi_post_pointsman:strategy/strategy@0.2.0#describe"] = 4 }), ErrWrongType, "cabi_post_"},
		"more memory than the limit": {edited(func(c *core) { c.memory = appendU32([]byte{0}, 1025) }), ErrTooMuchMemory,
			"needs 67174400 bytes of memory to start, the limit is 67108864"},
		"a huge table":         {edited(func(c *core) { c.tables = appendU32([]byte{0}, 1<<27) }), ErrInvalidComponent, "its tables have 134217728 elements"},
		"a trap at the start":  {edited(func(c *core) { c.start, c.functions[4].code = []byte{4}, []byte{opUnreachable} }), ErrTrap, "does not start"},
		"code that is invalid": {edited(func(c *core) { c.functions[4].code = []byte{opI32Add} }), ErrInvalidComponent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := refused(t, sharedHost(t), c.component); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.contains) {
				t.Errorf("found %v, expected %v with %q", err, c.kind, c.contains)
			}
		})
	}
	if _, err := sharedHost(t).Load(background, strategyOf(strategyCore())); err != nil {
		t.Errorf("what the others were made from is no strategy: %v", err)
	}
}

// nested is components in components.
func nested(deep int) []byte {
	c := componentOf()
	for range deep {
		c = componentOf(section(sectionComponent, c))
	}
	return c
}

func TestAnEndlessLoopAtTheStart(t *testing.T) {
	c := strategyCore()
	c.start, c.functions[4].code = []byte{4}, []byte{opLoop, emptyBlock, 0x0c, 0, opEnd}

	err := refused(t, newHost(t, Limits{Time: 50 * time.Millisecond}), strategyOf(c))

	if err.Kind != ErrStart || !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestAMissingFile(t *testing.T) {
	_, err := sharedHost(t).LoadFile(background, "no/such.wasm")
	if !errors.Is(err, ErrRead) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "`no/such.wasm` cannot be read") {
		t.Errorf("%v", err)
	}
}

func TestAFileAboveTheSizeLimit(t *testing.T) {
	path := builtComponent(t, "plugins/blue_green.wasm")
	guard := readFile(t, builtComponent(t, "plugins/guard.wasm"))
	bytes := readFile(t, path)
	size := max(len(bytes), len(guard))
	larger := append(bytes, make([]byte, size-len(bytes))...)
	host := newHost(t, Limits{Component: size})

	if _, err := host.LoadFile(background, path); err != nil {
		t.Error(err)
	}
	_, err := host.Load(background, append(larger, 0))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	file := t.TempDir() + "/large.wasm"
	if err := os.WriteFile(file, append(larger, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := host.LoadFile(background, file); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func TestATruncatedComponent(t *testing.T) {
	component := readFile(t, builtComponent(t, "plugins/blue_green.wasm"))
	// Where a section ends, what is before is whole: what is missing is then what is wrong.
	kinds := []error{ErrInvalidComponent, ErrNotAStrategy, ErrMissingExport}
	for length := 8; length < len(component)-600; length = length*11/10 + 1 {
		if err := refused(t, sharedHost(t), component[:length]); !slices.Contains(kinds, err.Kind) {
			t.Errorf("%d bytes: %v", length, err)
		}
	}
}

// tryToLoad loads what may be anything: it must end, and with a plugin or the error that says why not.
func tryToLoad(t *testing.T, host *Host, component []byte) {
	plugin, err := host.Load(background, component)
	var refused *LoadError
	switch {
	case err == nil:
		plugin.Close()
	case !errors.As(err, &refused):
		t.Errorf("%v is no load error", err)
	}
}

func TestComponentsThatWereDamaged(t *testing.T) {
	host := newHost(t, Limits{Time: 20 * time.Millisecond})
	component := readFile(t, builtComponent(t, "plugins/blue_green.wasm"))
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		damaged := bytes.Clone(component)
		// At the beginning is what says what the rest is.
		reach := []int{200, 4000, len(damaged)}[random.IntN(3)]
		for range 1 + random.IntN(4) {
			damaged[random.IntN(reach)] = byte(random.Uint32())
		}
		tryToLoad(t, host, damaged)
	}
	for range 300 {
		rest := make([]byte, random.IntN(200))
		for i := range rest {
			rest[i] = byte(random.Uint32())
		}
		tryToLoad(t, host, append(bytes.Clone(componentHeader), rest...))
		tryToLoad(t, host, componentOf(section(sectionCoreModule, append(slices.Clone(coreModuleHeader), rest...)), exportOf("pointsman:strategy/strategy@0.2.0")))
	}
	assertGoesOn(t, blueGreen(t))
}

// FuzzLoad runs with its seeds in tests, and for longer with `go test -fuzz FuzzLoad`. What is large is taken apart and rewritten,
// and not compiled, which would take a second each.
func FuzzLoad(f *testing.F) {
	host := newHost(f, Limits{Time: 20 * time.Millisecond})
	for _, path := range []string{"plugins/blue_green.wasm", "plugins/guard.wasm", "guests/hostile.wasm"} {
		component := readFile(f, builtComponent(f, path))
		f.Add(component)
		f.Add(component[:len(component)/2])
	}
	f.Add(strategyOf(strategyCore()))
	f.Fuzz(func(t *testing.T, component []byte) {
		if len(component) < 10_000 {
			tryToLoad(t, host, component)
			return
		}
		var refused *LoadError
		if _, err := admit("fuzz.wasm", component, host.limits, &strategyContract); err != nil && !errors.As(err, &refused) {
			t.Errorf("%v is no load error", err)
		}
	})
}

func TestAfterAllOfItAGoodPluginStillLoads(t *testing.T) {
	plugin := load(t, sharedHost(t), "plugins/blue_green.wasm")
	description, err := plugin.Describe(background)
	if err != nil || description.Name != "blue-green" || plugin.ContractVersion() != "0.2.0" || plugin.Size() < 100_000 {
		t.Errorf("%v, %v", description, err)
	}
	if !slices.Contains(plugin.Exports(), "pointsman:strategy/strategy-json@0.2.0") {
		t.Errorf("it exports %q", plugin.Exports())
	}
}
