package pointsman

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// Components with the contract's exports around a core module of the tests' own.

// functionTypes are the types, as core functions, of the functions of the contract, of those that free what they
// return, and of the one that gives memory.
var functionTypes = map[string][2]string{
	"pointsman:strategy/strategy@0.2.0#evaluate-cycle":                 {"i", "i"},
	"pointsman:strategy/strategy@0.2.0#describe":                       {"", "i"},
	"pointsman:strategy/strategy@0.2.0#check-config":                   {"iiiiii", "i"},
	"pointsman:strategy/strategy-json@0.2.0#evaluate-cycles":           {"ii", "i"},
	"pointsman:strategy/strategy-json@0.2.0#check-config":              {"ii", "i"},
	"cabi_post_pointsman:strategy/strategy@0.2.0#evaluate-cycle":       {"i", ""},
	"cabi_post_pointsman:strategy/strategy@0.2.0#describe":             {"i", ""},
	"cabi_post_pointsman:strategy/strategy@0.2.0#check-config":         {"i", ""},
	"cabi_post_pointsman:strategy/strategy-json@0.2.0#evaluate-cycles": {"i", ""},
	"cabi_post_pointsman:strategy/strategy-json@0.2.0#check-config":    {"i", ""},
	reallocExport: {"iiii", "i"},
}

// completed is the core module with every function of the contract that it has not, as a trap, and a memory.
func (c core) completed() core {
	c.types, c.functions = slices.Clone(c.types), slices.Clone(c.functions)
	names := maps.Clone(c.names)
	if names == nil {
		names = map[string]uint32{}
	}
	for _, name := range slices.Sorted(maps.Keys(functionTypes)) {
		if _, isThere := names[name]; isThere {
			continue
		}
		of := slices.Index(c.types, functionTypes[name])
		if of < 0 {
			of, c.types = len(c.types), append(c.types, functionTypes[name])
		}
		trap := []byte{opUnreachable}
		if functionTypes[name][1] == "" {
			trap = nil
		}
		names[name] = uint32(len(c.functions))
		c.functions = append(c.functions, coreFunctionOf{of: uint32(of), code: trap})
	}
	c.names = names
	if c.memory == nil {
		c.memory = []byte{0, 1}
	}
	return c
}

// strategyCore is a core module with every function of the contract, of the right types: f0 is evaluate-cycle, f1
// describe, f2 check-config and f3 gives memory, and all of them trap; f4 has neither parameters nor results, and does
// nothing.
func strategyCore() core {
	trap := func(of uint32) coreFunctionOf { return coreFunctionOf{of: of, code: []byte{opUnreachable}} }
	return core{
		types:     [][2]string{{"i", "i"}, {"", "i"}, {"iiiiii", "i"}, {"iiii", "i"}, {"", ""}},
		functions: []coreFunctionOf{trap(0), trap(1), trap(2), trap(3), {of: 4}},
		names: map[string]uint32{
			"pointsman:strategy/strategy@0.2.0#evaluate-cycle": 0,
			"pointsman:strategy/strategy@0.2.0#describe":       1,
			"pointsman:strategy/strategy@0.2.0#check-config":   2,
			reallocExport: 3,
		},
	}.completed()
}

// componentOf is a component of these sections.
func componentOf(sections ...[]byte) []byte {
	return append(slices.Clone(componentHeader), slices.Concat(sections...)...)
}

// sectionsOf are the sections of a component, each with its id and its size.
func sectionsOf(t testing.TB, component []byte) [][]byte {
	t.Helper()
	var sections [][]byte
	for rest := component[len(componentHeader):]; len(rest) > 0; {
		size, n := binary.Uvarint(rest[1:])
		end := 1 + n + int(size)
		if n <= 0 || end > len(rest) {
			t.Fatal("it is no component")
		}
		sections, rest = append(sections, rest[:end]), rest[end:]
	}
	return sections
}

// coreModuleOf is the core module of a component that has one.
func coreModuleOf(t testing.TB, component []byte) []byte {
	t.Helper()
	for _, section := range sectionsOf(t, component) {
		if _, n := binary.Uvarint(section[1:]); section[0] == sectionCoreModule {
			return section[1+n:]
		}
	}
	t.Fatal("it has no core module")
	return nil
}

// strategyWith is blue-green with another core module in its place: everything around it is as the contract has it.
func strategyWith(t testing.TB, module []byte) []byte {
	t.Helper()
	sections := sectionsOf(t, readFile(t, builtComponent(t, "plugins/blue_green.wasm")))
	// What names the parts is left out.
	sections = slices.DeleteFunc(sections, func(section []byte) bool { return section[0] == 0 })
	for i := range sections {
		if sections[i][0] == sectionCoreModule {
			sections[i] = section(sectionCoreModule, module)
		}
	}
	return componentOf(sections...)
}

// strategyOf is a component that exports the contract and has this core module.
func strategyOf(t testing.TB, c core) []byte {
	t.Helper()
	return strategyWith(t, c.bytes())
}
