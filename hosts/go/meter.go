package pointsman

import (
	"bytes"
	"errors"
	"fmt"
)

// How a plugin is stopped that runs for too long.
//
// A plugin's core module is rewritten when it is loaded. A counter, the fuel, is decremented where a loop begins anew and where
// a function is entered that calls others or is long, by as many instructions as come until the next such place at most. When
// it is used up, the plugin calls the host, `tick`, which looks at the clock and at the context, and either ends the call or
// gives new fuel. An instruction that does much at once, such as memory.fill, is charged by how much. So whatever the code
// does, it comes to the clock every [slice] instructions: no loop, no recursion and no mixture of them gets around it.
//
// wazero has a check of its own, WithCloseOnContextDone, which does the same for several times the price: it leaves compiled
// code in every loop, and this one when a counter says so. The figures are in the README.
//
// Two things more come with it. The Go runtime cannot interrupt compiled code, so a garbage collection would have to wait for a
// plugin to end; at a tick it can begin. And memory.grow and memory.size become functions of the host's making: a growth beyond
// the limit is told from a trap of the plugin's own, and an instance whose memory has grown can be made as good as new.
//
// What the plugin's code could name, it can name afterwards, and nothing else: every index is checked against what was there
// before anything was added, and wazero validates the result as a whole. What is not understood is not loaded.

// slice is how many instructions a plugin runs between two looks at the clock, at most: some 100 µs.
const slice = 1 << 18

// longLeaf is from how many instructions on a function without loops and calls is charged.
const longLeaf = 64

// tableElements is how many function table entries one module may have; Rust plugins have a few hundred.
const tableElements = 20_000

// Names of what is added. They are not valid in a component's exports, so no plugin has them.
const (
	meterModule   = "pointsman meter"
	meterTick     = "tick"
	globalPrefix  = "pointsman global "
	refusedGlobal = "pointsman refused"
)

// metered is a core module that was rewritten.
type metered struct {
	// wasm is the new module.
	wasm []byte
	// globals are the export names of all that changes while it runs, besides memory.
	globals []string
	// isRewindable tells that with its memory and these globals put back an instance is as good as new. It is not where
	// the code changes its tables or drops segments.
	isRewindable bool
	// memory is what an instance starts with, in bytes.
	memory int64
}

// Sections of a core module, by their ids.
const (
	coreCustom    = 0
	coreType      = 1
	coreImport    = 2
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

// coreOrder is the order in which sections stand.
var coreOrder = [...]byte{coreType, coreImport, coreFunction, coreTable, coreMemory, coreGlobal, coreExport, coreStart, coreElement,
	coreDataCount, coreCode, coreData}

// errCoreImports: a core module wants something that no part of its component gives it.
var errCoreImports = errors.New("its core module imports something")

// meter is a core module that is being rewritten.
type meter struct {
	sections [coreDataCount + 1][]byte
	// types has the number of parameters of each function type.
	types []uint32
	// functions has the type of each function.
	functions []uint32
	// globals is how many there are.
	globals uint32
	// mutable are the mutable globals.
	mutable []uint32
	// pages is how many the memory has at first, and most how many it may come to have.
	pages, most  uint32
	hasMemory    bool
	isRewindable bool
}

// Indices of what is added, after the module's own. The one import comes before its functions, so each of those is one
// further.
func (m *meter) fuel() uint32    { return m.globals }
func (m *meter) refused() uint32 { return m.globals + 1 }
func (m *meter) size() uint32    { return m.globals + 2 }
func (m *meter) grow() uint32    { return uint32(len(m.functions)) + 1 }

const tick = 0

// meterCore rewrites a core module whose memory may come to have so many pages.
func meterCore(wasm []byte, pages uint32) (*metered, error) {
	m := &meter{most: pages, isRewindable: true}
	if err := m.split(wasm); err != nil {
		return nil, err
	}
	// In the order in which they need each other.
	steps := []struct {
		id      byte
		rewrite func(r *reader) []byte
	}{
		{coreType, m.rewriteTypes}, {coreImport, m.rewriteImports}, {coreFunction, m.rewriteFunctions},
		{coreTable, m.rewriteTables}, {coreMemory, m.rewriteMemories}, {coreGlobal, m.rewriteGlobals},
		{coreExport, m.rewriteExports}, {coreStart, m.rewriteStart}, {coreElement, m.rewriteElements}, {coreCode, m.rewriteCode},
	}
	for _, step := range steps {
		r := &reader{bytes: m.sections[step.id]}
		rewritten := step.rewrite(r)
		if r.err == nil && r.more() {
			r.err = errors.New("there is more in it than it says")
		}
		if r.err != nil {
			return nil, fmt.Errorf("section %d of its core module: %w", step.id, r.err)
		}
		m.sections[step.id] = rewritten
	}
	result := &metered{wasm: m.join(), isRewindable: m.isRewindable, memory: int64(m.pages) * page}
	for _, global := range append(m.mutable, m.size()) {
		result.globals = append(result.globals, globalName(global))
	}
	return result, nil
}

func globalName(index uint32) string {
	return fmt.Sprintf("%s%d", globalPrefix, index)
}

// split takes the sections apart. Custom ones are left out: what they say of the code is not true of the new code.
func (m *meter) split(wasm []byte) error {
	if !bytes.HasPrefix(wasm, coreModuleHeader) {
		return errors.New("its core module does not begin as one does")
	}
	r := reader{bytes: wasm, at: len(coreModuleHeader)}
	for r.more() {
		id, content := r.byte(), r.take(uint64(r.u32()))
		switch {
		case r.err != nil:
			return r.err
		case id > coreDataCount:
			return fmt.Errorf("its core module has a section of an unknown kind, %d", id)
		case id == coreCustom:
		case m.sections[id] != nil:
			return fmt.Errorf("its core module has two sections of kind %d", id)
		default:
			// Not nil, also where it is empty.
			m.sections[id] = append([]byte{}, content...)
		}
	}
	return nil
}

func (m *meter) join() []byte {
	wasm := append([]byte{}, coreModuleHeader...)
	for _, id := range coreOrder {
		if section := m.sections[id]; section != nil {
			wasm = append(appendU32(append(wasm, id), uint32(len(section))), section...)
		}
	}
	return wasm
}

// list reads a list whose elements are copied by `element`, and gives it with so many more at its end.
func (r *reader) list(element func(to []byte) []byte, added int, more []byte) []byte {
	count := 0
	if len(r.bytes) > 0 {
		count = r.count()
	}
	to := appendU32(nil, uint32(count+added))
	for range count {
		if r.err != nil {
			return nil
		}
		to = element(to)
	}
	return append(to, more...)
}

// copied appends what was read since a place.
func (r *reader) copied(to []byte, since int) []byte {
	return append(to, r.bytes[since:r.at]...)
}

func (m *meter) rewriteTypes(r *reader) []byte {
	valueTypes := func() uint32 {
		n := r.count()
		r.take(uint64(n))
		return uint32(n)
	}
	// The type of tick, no parameters and an i64, and that of grow, an i32 to an i32.
	more := []byte{0x60, 0, 1, 0x7e, 0x60, 1, 0x7f, 1, 0x7f}
	return r.list(func(to []byte) []byte {
		start := r.at
		if r.byte() != 0x60 {
			r.fail(errors.New("a type is not one of a function"))
		}
		m.types = append(m.types, valueTypes())
		valueTypes()
		return r.copied(to, start)
	}, 2, more)
}

func (m *meter) rewriteImports(r *reader) []byte {
	if len(r.bytes) > 0 && r.count() > 0 {
		r.fail(errCoreImports)
	}
	imported := appendName(appendName([]byte{1}, meterModule), meterTick)
	return appendU32(append(imported, 0), uint32(len(m.types)))
}

func (m *meter) rewriteFunctions(r *reader) []byte {
	return r.list(func(to []byte) []byte {
		index := r.u32()
		if int(index) >= len(m.types) {
			r.fail(errors.New("a function has a type that is not there"))
		}
		m.functions = append(m.functions, index)
		return appendU32(to, index)
	}, 1, appendU32(nil, uint32(len(m.types)+1)))
}

// limits copies the limits of a table or a memory, and makes `most` the largest maximum.
func (r *reader) limits(to []byte, most uint32) (limits []byte, least uint32) {
	flags := r.byte()
	if flags > 1 {
		r.fail(errors.New("it has a shared memory or one of 64 bits"))
	}
	least = r.u32()
	if flags == 1 {
		most = min(most, r.u32())
	}
	return appendU32(appendU32(append(to, 1), least), most), least
}

func (m *meter) rewriteTables(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	return r.list(func(to []byte) []byte {
		to, least := r.limits(append(to, r.byte()), tableElements)
		if least > tableElements {
			r.fail(fmt.Errorf("a table has %d elements, the most is %d", least, tableElements))
		}
		return to
	}, 0, nil)
}

func (m *meter) rewriteMemories(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	return r.list(func(to []byte) []byte {
		m.hasMemory = true
		to, m.pages = r.limits(to, m.most)
		return to
	}, 0, nil)
}

func (m *meter) rewriteGlobals(r *reader) []byte {
	add := func(to []byte, value byte, constant byte, initial int64) []byte {
		return append(appendSigned(append(to, value, 1, constant), initial), opEnd)
	}
	rewritten := r.list(func(to []byte) []byte {
		value, mutability := r.byte(), r.byte()
		if mutability == 1 {
			m.mutable = append(m.mutable, m.globals)
			// Numbers can be put back; vectors and references cannot.
			m.isRewindable = m.isRewindable && value >= 0x7c && value <= 0x7f
		}
		to = m.constant(r, append(to, value, mutability))
		m.globals++
		return to
	}, 3, nil)
	rewritten = add(rewritten, 0x7e, opI64Const, slice)
	rewritten = add(rewritten, 0x7f, opI32Const, 0)
	return add(rewritten, 0x7f, opI32Const, int64(int32(m.pages)))
}

// constant copies an expression that gives a first value.
func (m *meter) constant(r *reader, to []byte) []byte {
	for {
		start := r.at
		read := r.instruction()
		switch read.op {
		case opRefFunc:
			to = appendU32(append(to, opRefFunc), m.shifted(r, read.index))
		case opGlobalGet:
			m.checkGlobal(r, read.index)
			fallthrough
		default:
			to = r.copied(to, start)
		}
		if read.op == opEnd || r.err != nil {
			return to
		}
	}
}

// shifted is the new index of a function.
func (m *meter) shifted(r *reader, index uint32) uint32 {
	if int(index) >= len(m.functions) {
		r.fail(fmt.Errorf("it names function %d, there are %d", index, len(m.functions)))
	}
	return index + 1
}

func (m *meter) checkGlobal(r *reader, index uint32) {
	if index >= m.globals {
		r.fail(fmt.Errorf("it names global %d, there are %d", index, m.globals))
	}
}

func (m *meter) rewriteExports(r *reader) []byte {
	var more []byte
	add := func(name string, global uint32) {
		more = appendU32(append(appendName(more, name), 3), global)
	}
	for _, global := range append(m.mutable, m.size()) {
		add(globalName(global), global)
	}
	add(refusedGlobal, m.refused())
	return r.list(func(to []byte) []byte {
		to = appendName(to, r.name())
		kind, index := r.byte(), r.u32()
		switch kind {
		case 0:
			index = m.shifted(r, index)
		case 3:
			m.checkGlobal(r, index)
		}
		return appendU32(append(to, kind), index)
	}, len(m.mutable)+2, more)
}

func (m *meter) rewriteStart(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	return appendU32(nil, m.shifted(r, r.u32()))
}

func (m *meter) rewriteElements(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	return r.list(func(to []byte) []byte {
		flags := r.u32()
		if flags > 7 {
			r.fail(errors.New("an element segment is of an unknown kind"))
		}
		to = appendU32(to, flags)
		isActive, isIndexed, hasExpressions := flags&1 == 0, flags&2 != 0, flags&4 != 0
		if isActive {
			if isIndexed {
				to = appendU32(to, r.u32())
			}
			to = m.constant(r, to)
		}
		if !isActive || isIndexed {
			to = append(to, r.byte())
		}
		count := r.count()
		to = appendU32(to, uint32(count))
		for range count {
			if r.err != nil {
				return nil
			}
			if hasExpressions {
				to = m.constant(r, to)
			} else {
				to = appendU32(to, m.shifted(r, r.u32()))
			}
		}
		return to
	}, 0, nil)
}

func (m *meter) rewriteCode(r *reader) []byte {
	at := 0
	rewritten := r.list(func(to []byte) []byte {
		if at >= len(m.functions) {
			r.fail(errors.New("there is code of a function that is not there"))
			return nil
		}
		body := function{reader: reader{bytes: r.take(uint64(r.u32()))}, meter: m, parameters: m.types[m.functions[at]]}
		rewritten := body.rewrite()
		if body.err != nil {
			r.fail(fmt.Errorf("function %d: %w", at, body.err))
		}
		at++
		return append(appendU32(to, uint32(len(rewritten))), rewritten...)
	}, 1, nil)
	if at != len(m.functions) {
		r.fail(errors.New("there is no code for a function"))
	}
	grow := m.growBody()
	return append(appendU32(rewritten, uint32(len(grow))), grow...)
}
