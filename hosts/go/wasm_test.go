package pointsman

import (
	"encoding/binary"
	"slices"
)

// WebAssembly written by hand, for what no compiler makes.

var (
	componentHeader  = []byte("\x00asm\x0d\x00\x01\x00")
	coreModuleHeader = []byte("\x00asm\x01\x00\x00\x00")
)

// Sections of a component, by their ids.
const (
	sectionCoreModule   = 1
	sectionCoreInstance = 2
	sectionCoreType     = 3
	sectionComponent    = 4
	sectionInstance     = 5
	sectionAlias        = 6
	sectionType         = 7
	sectionImport       = 10
	sectionExport       = 11
	lastSection         = 12
)

// Sorts of things that components import, export and alias; kinds of types.
const (
	sortFunc      = 0x01
	sortType      = 0x03
	sortComponent = 0x04
	sortInstance  = 0x05

	typeOfComponent = 0x41
	typeOfInstance  = 0x42
)

// Sections of a core module, by their ids.
const (
	coreType      = 1
	coreFunction  = 3
	coreTable     = 4
	coreMemory    = 5
	coreGlobal    = 6
	coreExport    = 7
	coreStart     = 8
	coreElement   = 9
	coreCode      = 10
	coreData      = 11
	coreDataCount = 12
)

// Opcodes.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opI32Load      = 0x28
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eq        = 0x46
	opI32LtS       = 0x48
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	prefixMisc     = 0xfc
	prefixVector   = 0xfd

	miscMemoryInit = 8
	miscDataDrop   = 9
	miscMemoryCopy = 10
	miscMemoryFill = 11
	miscTableInit  = 12
	miscElemDrop   = 13
	miscTableCopy  = 14
	miscTableGrow  = 15
	miscTableSize  = 16
	miscTableFill  = 17
)

// emptyBlock is the type of a block without parameters and results.
const emptyBlock = 0x40

// spare is the number of pages beyond those that a plugin knows of, to grow into. The loader adds them.
const spare = 8

// appendU32 writes an unsigned LEB128 number.
func appendU32(to []byte, value uint32) []byte {
	return binary.AppendUvarint(to, uint64(value))
}

// appendSigned writes a signed LEB128 number.
func appendSigned(to []byte, value int64) []byte {
	for {
		b := byte(value & 0x7f)
		value >>= 7
		if (value == 0 && b&0x40 == 0) || (value == -1 && b&0x40 != 0) {
			return append(to, b)
		}
		to = append(to, b|0x80)
	}
}

func appendName(to []byte, name string) []byte {
	return append(appendU32(to, uint32(len(name))), name...)
}

func i32Const(value int32) []byte { return appendSigned([]byte{opI32Const}, int64(value)) }

func code(parts ...any) []byte {
	var all []byte
	for _, part := range parts {
		switch part := part.(type) {
		case int:
			all = append(all, byte(part))
		case []byte:
			all = append(all, part...)
		}
	}
	return all
}

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
	// more are exports of other things, as they are written.
	more [][]byte
	// unnamed leaves out the exports as f0, f1 and so on.
	unnamed bool
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
		if !c.unnamed {
			exports = append(exports, append(appendName(nil, "f"+string(rune('0'+i))), 0, byte(i)))
		}
		locals := f.locals
		if locals == nil {
			locals = []byte{0}
		}
		body := slices.Concat(locals, f.code, []byte{opEnd})
		code = append(code, append(appendU32(nil, uint32(len(body))), body...))
	}
	for name, index := range c.names {
		exports = append(exports, appendU32(append(appendName(nil, name), 0), index))
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
	exports = append(exports, c.more...)
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
