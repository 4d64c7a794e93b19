package pointsman

import (
	"bytes"
	"errors"
	"fmt"
)

// Bounds a component's structure before any other parser sees its bytes.
//
// Parsers of components recurse into nested types, components and blocks, and runtimes multiply instances that instantiate each
// other. A few kilobytes are enough to end a process with any of these: Go cannot recover from a stack that is used up. So a
// file is walked here first, in time and memory in proportion to its size and without recursion, and what has more of a [Part]
// than toolchains make is refused. Whether the rest of it is right is for others to say; but what cannot be read here is
// refused too, because nothing behind it was measured.
//
// The limits and their words are those of the other hosts, so that a file is refused by all of them or by none. This host has
// more of its own, for what it costs to compile; see meter.go.

// Part is a part of a component that there may be too much of. The limits are not settings: they are wide of what toolchains
// make, and beyond them parsers and compilers overflow the stack, panic, or take memory that grows by the square.
type Part int

const (
	// PartNesting: components, component types and instance types written inside each other, in levels. Toolchains make 3 or 4.
	PartNesting Part = iota + 1
	// PartTypeDepth: types, instances and components that refer to each other, in levels; 10 or so are usual.
	PartTypeDepth
	// PartBlocks: blocks, loops and branches inside each other in one function, in levels. A `match` in Rust or a `switch` in C
	// may take one for each case.
	PartBlocks
	// PartCoreModules: core modules, those of nested components included.
	PartCoreModules
	// PartCoreInstances: instances of core modules, those that instances of nested components have included.
	PartCoreInstances
	// PartMemories: linear memories of all instances together.
	PartMemories
	// PartInstances: instances of nested components, those within instances included.
	PartInstances
	// PartOpaqueInstances: instances of components that are imported or taken from another instance: what they consist of
	// cannot be told.
	PartOpaqueInstances
	// PartDeclarations: types, imports, exports, aliases and instances of components.
	PartDeclarations
)

// parts has the limit of each, and what to say beyond it: what is too much, and what would be right.
var parts = [...]struct {
	limit uint64
	words string
}{
	PartNesting:       {32, "nests components and types more than %d deep; define them side by side"},
	PartTypeDepth:     {100, "has types that refer to each other over more than %d levels; flatten them"},
	PartBlocks:        {1000, "nests blocks more than %d deep in one function; split the function"},
	PartCoreModules:   {8, "has more than %d core modules; link its code into one"},
	PartCoreInstances: {8, "has more than %d instances of core modules; link its code into one"},
	// One is all that this host runs; what copies strings from one to another makes other runtimes panic.
	PartMemories:        {1, "has more than %d memory; link its code into one core module with one memory"},
	PartInstances:       {32, "has more than %d instances of nested components; link them into one"},
	PartOpaqueInstances: {0, "instantiates a component that it is given; define the component where it is instantiated"},
	PartDeclarations:    {100_000, "has more than %d types, imports, exports and aliases; remove some"},
}

// Limit is the most that there may be.
func (p Part) Limit() int {
	if p <= 0 || int(p) >= len(parts) {
		return 0
	}
	return int(parts[p].limit)
}

// String says what is too much, and what would be right: `has more than 1 memory; link …`.
func (p Part) String() string {
	switch limit := p.Limit(); {
	case p <= 0 || int(p) >= len(parts):
		return "nothing"
	case limit == 0:
		return parts[p].words
	default:
		return fmt.Sprintf(parts[p].words, limit)
	}
}

// tooMuch is the error of a component that has more of a part than its limit.
type tooMuch struct{ part Part }

func (e *tooMuch) Error() string { return "it " + e.part.String() }

// structure is a component whose structure is being measured. As in [reader], the first thing that is wrong stays.
type structure struct {
	// open is what is open, from the outermost component inwards.
	open []*scope
	// modules and declarations are how many there are so far.
	modules, declarations uint64
	// functions is the deepest type of a function so far, which every function is taken to have: they are too many to follow, and
	// not deep.
	functions uint32
	err       error
}

func (s *structure) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *structure) atMost(part Part, found uint64) {
	if found > parts[part].limit {
		s.fail(&tooMuch{part})
	}
}

// checkStructure finds what a component has too much of; its error is a [tooMuch], or says why the bytes cannot be read.
func checkStructure(component []byte) error {
	s := &structure{functions: 1}
	// Of the components that are open; the reader of each stands behind the one that is inside.
	var readers []*reader
	enter := func(component []byte) {
		if !bytes.HasPrefix(component, componentHeader) {
			s.fail(errors.New("it contains what does not begin as a component does"))
			return
		}
		s.enter()
		readers = append(readers, &reader{bytes: component, at: len(componentHeader)})
	}
	enter(component)
	for s.err == nil && len(readers) > 0 {
		r := readers[len(readers)-1]
		if !r.more() {
			readers = readers[:len(readers)-1]
			s.leaveComponent()
			continue
		}
		id, content := r.byte(), r.take(uint64(r.u32()))
		if r.err != nil {
			return r.err
		}
		switch id {
		case sectionComponent:
			enter(content)
		case sectionCoreModule:
			s.modules++
			s.atMost(PartCoreModules, s.modules)
			s.addModule(content)
		default:
			s.section(id, &reader{bytes: content})
		}
	}
	return s.err
}

// addModule measures a core module: how many memories it has, and how deep its functions are.
func (s *structure) addModule(wasm []byte) {
	if !bytes.HasPrefix(wasm, coreModuleHeader) {
		s.fail(errors.New("its core module does not begin as one does"))
		return
	}
	memories := uint64(0)
	r := reader{bytes: wasm, at: len(coreModuleHeader)}
	for s.err == nil && r.more() {
		id, content := r.byte(), reader{bytes: r.take(uint64(r.u32()))}
		switch id {
		case coreMemory:
			memories += uint64(content.u32())
		case coreCode:
			for range content.count() {
				if content.err != nil || s.err != nil {
					break
				}
				s.body(content.take(uint64(content.u32())))
			}
		}
		if content.err != nil {
			s.fail(content.err)
		}
	}
	if r.err != nil {
		s.fail(r.err)
	}
	last := s.last()
	last.modules = append(last.modules, nestedModule{memories: memories, isKnown: true})
}

// section measures a section of a component that is not a part of its own.
func (s *structure) section(id byte, r *reader) {
	var read func(r *reader)
	switch id {
	case sectionType:
		s.readTypes(r)
	case sectionCoreInstance:
		read = s.coreInstance
	case sectionInstance:
		read = s.instance
	case sectionAlias:
		read = s.alias
	case sectionImport:
		read = func(r *reader) { r.externName(); s.declare(r) }
	case sectionExport:
		read = s.export
	case sectionCoreType:
		// Those do not nest.
		s.count(r.u32())
	}
	// The rest ties the parts together.
	if read != nil {
		count := r.u32()
		s.count(count)
		for range count {
			if r.err != nil || s.err != nil {
				break
			}
			read(r)
		}
	}
	if r.err != nil {
		s.fail(r.err)
	}
}

// count counts declarations, before they are read.
func (s *structure) count(declarations uint32) {
	s.declarations += uint64(declarations)
	s.atMost(PartDeclarations, s.declarations)
}
