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

// Files that are not loaded, and the error that says why.

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
		return section(sectionType, vec(slices.Concat([]byte{typeOfInstance}, vec(members...))))
	}
	importOf := func(name string, what ...byte) []byte {
		return section(sectionImport, vec(append(appendName([]byte{0}, name), what...)))
	}
	member := func(name string, what ...byte) []byte {
		return append(appendName([]byte{0x04, 0}, name), what...)
	}
	function := []byte{0x01, 0x40, 0, 1, 0} // a type: a function without parameters and results
	edited := func(edit func(c *core)) []byte {
		c := strategyCore()
		edit(&c)
		return strategyOf(t, c)
	}
	const blueGreen = "plugins/blue_green.wasm"
	of := func(version string) []byte { return patched(t, blueGreen, "@0.2.0", "@"+version) }
	empty := section(sectionCoreModule, coreModuleHeader)
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
		"an older version": {of("0.1.0"), ErrUnsupportedContract,
			"exports contract `0.1.0`; this host supports 0.2.0: rebuild it " +
				"with pointsman 0.2 (CONTRIBUTING, 'From 0.1.0 to 0.2.0')"},
		"a newer version": {of("0.3.0"), ErrUnsupportedContract,
			"exports contract `0.3.0`; this host supports 0.2.0: use a host that supports it"},
		"half a contract": {patched(t, blueGreen, "strategy-json", "strategy-jsom"), ErrMissingExport,
			"does not export `pointsman:strategy/strategy-json@0.2.0#evaluate-cycles`"},
		"a field of another name": {patched(t, blueGreen, "stable-revision", "staple-revision"), ErrWrongType,
			"exports `pointsman:strategy/strategy@0.2.0#evaluate-cycle` with another type than the contract's"},
		"a guard": {readFile(t, builtComponent(t, "plugins/guard.wasm")), ErrNotAStrategy, ""},
		"a function import": {componentOf(section(sectionType, vec(function[1:])), importOf("clock", sortFunc, 0)),
			ErrImports,
			"imports `clock`; a strategy must not import anything"},
		"wasi": {componentOf(instanceOf(function, member("get-random-u64", sortFunc, 0)),
			importOf("wasi:random/random@0.2.0", sortInstance, 0)), ErrImports,
			"imports `wasi:random/random@0.2.0#get-random-u64`"},
		"an instance of nothing": {componentOf(importOf("a", sortInstance, 7)), ErrInvalidComponent,
			"is not a valid component: "},
		"two core modules": {append(strategyOf(t, strategyCore()), empty...), ErrCoreModules,
			"has 2 core modules; this host needs exactly one: link its code into one"},
		"one more in a nested component": {append(strategyOf(t, strategyCore()), section(sectionComponent,
			componentOf(empty))...),
			ErrCoreModules, "has 2 core modules"},
		"a section that is unknown": {componentOf([]byte{99, 0}), ErrInvalidComponent, ""},
		"nested without end": {nested(200), ErrTooComplex,
			"nests components and types more than 32 deep; define them side by side"},
		"no realloc": {edited(func(c *core) { delete(c.names, reallocExport) }), ErrInvalidComponent,
			"cabi_realloc"},
		"another core type": {edited(func(c *core) { c.names["pointsman:strategy/strategy@0.2.0#describe"] = 4 }),
			ErrInvalidComponent, ""},
		"more memory than the limit": {edited(func(c *core) { c.memory = appendU32([]byte{0}, 1025) }), ErrTooMuchMemory,
			"needs 67174400 bytes of memory to start, the limit is 67108864"},
		"a trap at the start": {edited(func(c *core) { c.start, c.functions[4].code = []byte{4}, []byte{opUnreachable} }),
			ErrTrap,
			"does not start"},
		"code that is invalid": {edited(func(c *core) { c.functions[4].code = []byte{opI32Add} }), ErrInvalidComponent, ""},
		"a tail call": {edited(func(c *core) { c.functions[4].code = []byte{0x12, 4} }), ErrInvalidComponent,
			"tail calls"},
		"atomics": {edited(func(c *core) { c.functions[4].code = []byte{0xfe, 0x03, 0} }), ErrInvalidComponent,
			"threads"},
		"relaxed SIMD": {edited(func(c *core) { c.functions[4].code = []byte{prefixVector, 0x80, 0x02} }),
			ErrInvalidComponent,
			"relaxed SIMD"},
		"a shared memory": {edited(func(c *core) { c.memory = []byte{3, 1, 1} }), ErrInvalidComponent, "threads"},
		// What the loader adds comes after what the module has, which cannot name it.
		"the fuel's global": {edited(func(c *core) { c.functions[4].code = []byte{opGlobalGet, 1, opDrop} }),
			ErrInvalidComponent,
			"unknown global"},
		"a name of the host's": {edited(func(c *core) { c.names[refusedGlobal] = 4 }), ErrInvalidComponent, refusedGlobal},
		"the host's grow": {edited(func(c *core) { c.functions[4].code = []byte{opCall, 40} }), ErrInvalidComponent,
			"unknown function"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := refused(t, sharedHost(t), c.component); !errors.Is(err, c.kind) || !strings.Contains(err.Error(),
				c.contains) {
				t.Errorf("found %v, expected %v with %q", err, c.kind, c.contains)
			}
		})
	}
	if _, err := sharedHost(t).Load(background, strategyOf(t, strategyCore())); err != nil {
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

	err := refused(t, newHost(t, Limits{Time: 50 * time.Millisecond}), strategyOf(t, c))

	if err.Kind != ErrStart || !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestAMissingFile(t *testing.T) {
	_, err := sharedHost(t).LoadFile(background, "no/such.wasm")
	if !errors.Is(err, ErrRead) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(),
		"`no/such.wasm` cannot be read") {
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
		tryToLoad(t, host, strategyWith(t, append(slices.Clone(coreModuleHeader), rest...)))
	}
	assertGoesOn(t, blueGreen(t))
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
