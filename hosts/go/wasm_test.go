package pointsman

import "slices"

// WebAssembly written by hand, for what no compiler makes.

// core is a core module. Functions are exported as f0, f1 and so on.
type core struct {
	types     [][2]string // parameters and results: "i", "I", "f", "F", "v" and "r" for each
	functions []coreFunctionOf
	tables    []byte // the limits of a table of functions
	copies    int    // how many such tables there are besides
	memory    []byte // the limits of one memory
	globals   [][]byte
	start     []byte
	elements  [][]byte
	data      [][]byte
	// names are exports of functions by other names.
	names map[string]uint32
}

type coreFunctionOf struct {
	of     uint32
	locals []byte
	code   []byte
}

var valueTypes = map[rune]byte{'i': 0x7f, 'I': 0x7e, 'f': 0x7d, 'F': 0x7c, 'v': 0x7b, 'r': 0x70}

func section(id byte, content []byte) []byte {
	return append(appendU32([]byte{id}, uint32(len(content))), content...)
}

func vec(elements ...[]byte) []byte {
	return append(appendU32(nil, uint32(len(elements))), slices.Concat(elements...)...)
}

func (c core) bytes() []byte {
	wasm := slices.Clone(coreModuleHeader)
	add := func(id byte, elements [][]byte) {
		if len(elements) > 0 {
			wasm = append(wasm, section(id, vec(elements...))...)
		}
	}
	letters := func(letters string) []byte {
		var types []byte
		for _, letter := range letters {
			types = append(types, valueTypes[letter])
		}
		return append(appendU32(nil, uint32(len(types))), types...)
	}
	var types, functions, exports, code [][]byte
	for _, t := range c.types {
		types = append(types, slices.Concat([]byte{0x60}, letters(t[0]), letters(t[1])))
	}
	for i, f := range c.functions {
		functions = append(functions, appendU32(nil, f.of))
		exports = append(exports, append(appendName(nil, "f"+string(rune('0'+i))), 0, byte(i)))
		locals := f.locals
		if locals == nil {
			locals = []byte{0}
		}
		body := slices.Concat(locals, f.code, []byte{opEnd})
		code = append(code, append(appendU32(nil, uint32(len(body))), body...))
	}
	for name, index := range c.names {
		exports = append(exports, append(appendName(nil, name), 0, byte(index)))
	}
	add(coreType, types)
	add(coreFunction, functions)
	if c.tables != nil {
		add(coreTable, slices.Repeat([][]byte{append([]byte{0x70}, c.tables...)}, 1+c.copies))
	}
	if c.memory != nil {
		add(coreMemory, [][]byte{c.memory})
		exports = append(exports, append(appendName(nil, memoryExport), 2, 0))
	}
	add(coreGlobal, c.globals)
	add(coreExport, exports)
	if c.start != nil {
		wasm = append(wasm, section(coreStart, c.start)...)
	}
	add(coreElement, c.elements)
	if len(c.data) > 0 {
		wasm = append(wasm, section(coreDataCount, appendU32(nil, uint32(len(c.data))))...)
	}
	add(coreCode, code)
	add(coreData, c.data)
	return wasm
}

// strategyCore is a core module with every function of the contract, of the right types, all of which trap.
func strategyCore() core {
	trap := func(of uint32) coreFunctionOf { return coreFunctionOf{of: of, code: []byte{opUnreachable}} }
	return core{
		types: [][2]string{
			{"i", "i"}, {"", "i"}, {"iiiiii", "i"}, {"iiii", "i"}, {"", ""}, {"ii", "i"},
		},
		functions: []coreFunctionOf{trap(0), trap(1), trap(2), trap(3), {of: 4}, trap(5)},
		memory:    []byte{0, 1},
		names: map[string]uint32{
			"pointsman:strategy/strategy@0.2.0#evaluate-cycle":       0,
			"pointsman:strategy/strategy@0.2.0#describe":             1,
			"pointsman:strategy/strategy@0.2.0#check-config":         2,
			"pointsman:strategy/strategy-json@0.2.0#evaluate-cycles": 5,
			"pointsman:strategy/strategy-json@0.2.0#check-config":    5,
			reallocExport: 3,
		},
	}
}

// componentOf is a component of these sections.
func componentOf(sections ...[]byte) []byte {
	return append(slices.Clone(componentHeader), slices.Concat(sections...)...)
}

// exportOf is a section that exports an instance by this name, which no section need define for this host.
func exportOf(name string) []byte {
	return section(sectionExport, vec(append(appendName([]byte{0}, name), sortInstance, 0, 0)))
}

// strategyOf is a component that exports the contract and has this core module.
func strategyOf(c core) []byte {
	return componentOf(section(sectionCoreModule, c.bytes()), exportOf("pointsman:strategy/strategy@0.2.0"), exportOf("pointsman:strategy/strategy-json@0.2.0"))
}
