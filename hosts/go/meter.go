package pointsman

import (
	"bytes"
	"errors"
	"fmt"
)

// How a plugin is stopped that runs for too long.
//
// A plugin's core module is rewritten when it is loaded. A counter, the fuel, is decremented where a loop begins anew and where
// a function is entered that is not short, by as many instructions as come until the next such place at most. When
// it is used up, the plugin calls the host, `tick`, which looks at the clock and at the context, and either ends the call or
// gives new fuel. An instruction that does much at once, such as memory.fill, is charged by how much. So whatever the code
// does, it comes to the clock every [slice] instructions: no loop, no recursion and no mixture of them gets around it.
//
// wazero has a check of its own, WithCloseOnContextDone, which does the same for several times the price: it leaves compiled
// code in every loop, and this one when a counter says so. The figures are in the README.
//
// Three things more come with it. The Go runtime cannot interrupt compiled code, so a garbage collection would have to wait for a
// plugin to end; at a tick it can begin. And memory.grow and memory.size become functions of the host's making: a growth beyond
// the limit is told from a trap of the plugin's own, and a small growth takes pages that are there from the start, so that the
// instance can be made as good as new: memory that has really grown does not shrink. And a function is added that gets memory for
// all strings of a list at once: to call a plugin costs as much as what it does for one of them.
//
// What the plugin's code could name, it can name afterwards, and nothing else: every index is checked against what was there
// before anything was added, and wazero validates the result as a whole. What is not understood is not loaded.

// slice is how many instructions a plugin runs between two looks at the clock, at most: some 100 µs.
const slice = 1 << 18

// longLeaf is from how many instructions on a function without loops and calls is charged.
const longLeaf = 64

// What lies beside the linear memory, on Go's heap, has limits of its own, wide of what compilers make.
const (
	// mostTables is how many tables one module may have; one is usual.
	mostTables = 8
	// tableElements is how many elements its tables together may begin with, how many each may grow to, and how many its
	// segments together may have; Rust plugins have a few hundred.
	tableElements = 20_000
)

// Limits on functions, since compiling one takes time in proportion to its blocks times its locals and loops, and more where loops
// are nested. The strategies of this project have at most 52 blocks in each other, 65 loops and 72 locals in a function, a module
// less than 300,000 of what mostWork counts.
const (
	mostDepth  = 256
	mostLoops  = 500
	mostLocals = 1000
	// mostWork is the most that a module may have of the sum, over its functions, of blocks and branches times locals and loops.
	mostWork = 2_000_000
)

// spare is how many pages an instance has beyond those that its plugin knows of, to grow into. Every plugin in Rust grows by one
// in every call, and blue-green by one for each 250 routes or so. A load from them does not trap, in any instance, and finds
// zeros or what the same call wrote.
const spare = 8

// Names of what is added. They are not valid in a component's exports, so no plugin has them.
const (
	meterModule   = "pointsman meter"
	meterTick     = "tick"
	globalPrefix  = "pointsman global "
	refusedGlobal = "pointsman refused"
	eachExport    = "pointsman allocate each"
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
	// types has the number of parameters of each function type, and reallocs whether it is that of cabi_realloc.
	types    []uint32
	reallocs []bool
	// realloc is the function that gives memory, where it is one.
	realloc    uint32
	hasRealloc bool
	// functions has the type of each function.
	functions []uint32
	// short has for each function that its callers pay for how many instructions it comes to, and 0 for the others.
	short []uint32
	// globals is how many there are.
	globals uint32
	// mutable are the mutable globals.
	mutable []uint32
	// pages is how many the memory has at first, and most how many it may come to have.
	pages, most  uint32
	hasMemory    bool
	isRewindable bool
	// work is how much there is to compile; see mostWork.
	work uint64
}

// Indices of what is added, after the module's own. The one import comes before its functions, so each of those is one
// further.
func (m *meter) fuel() uint32    { return m.globals }
func (m *meter) refused() uint32 { return m.globals + 1 }
func (m *meter) size() uint32    { return m.globals + 2 }
func (m *meter) grow() uint32    { return uint32(len(m.functions)) + 1 }
func (m *meter) each() uint32    { return uint32(len(m.functions)) + 2 }

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
