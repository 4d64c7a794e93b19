package pointsman

// Index spaces of components and of types that contain declarations.

// scope is what is defined so far in a component or type. Each has an index in the order of its definition; depths are those of
// types.
type scope struct {
	types      []uint32
	instances  []uint32
	components []nestedComponent
	modules    []nestedModule
	// deepest is the deepest of what it imports and exports.
	deepest  uint32
	contents contents
}

// nestedModule is a core module; what it has is not known where it comes from elsewhere.
type nestedModule struct {
	memories uint64
	isKnown  bool
}

// nestedComponent is a component; what it consists of is not known where it comes from elsewhere.
type nestedComponent struct {
	depth    uint32
	contents contents
	isKnown  bool
}

// contents is what an instance of a component consists of, with all that it instantiates.
type contents struct {
	coreInstances, memories, instances uint64
}

// at is an element of an index space; what is not there has no depth, and is refused by whoever looks for it.
func at[T any](space []T, index uint32, missing T) T {
	if uint64(index) < uint64(len(space)) {
		return space[index]
	}
	return missing
}

func (s *structure) last() *scope { return s.open[len(s.open)-1] }

// enter enters a component, or a type that contains declarations.
func (s *structure) enter() {
	// The outermost component is nested in nothing.
	s.atMost(PartNesting, uint64(len(s.open)))
	s.open = append(s.open, &scope{})
}

func (s *structure) leave() *scope {
	closed := s.last()
	s.open = s.open[:len(s.open)-1]
	return closed
}

func (s *structure) leaveComponent() {
	closed := s.leave()
	if len(s.open) > 0 {
		s.addComponent(nestedComponent{closed.deepest + 1, closed.contents, true})
	}
}

func (s *structure) leaveType() {
	s.addType(s.leave().deepest + 1)
}

func (s *structure) addType(depth uint32) {
	s.last().types = append(s.last().types, depth)
	s.atMost(PartTypeDepth, uint64(depth))
}

func (s *structure) addComponent(component nestedComponent) {
	s.last().components = append(s.last().components, component)
	s.atMost(PartTypeDepth, uint64(component.depth))
}

// add adds something of which no more is known than how deep it is.
func (s *structure) add(kind byte, depth uint32) {
	last := s.last()
	switch kind {
	case sortType:
		last.types = append(last.types, depth)
	case sortComponent:
		last.components = append(last.components, nestedComponent{depth: depth})
	case sortInstance:
		last.instances = append(last.instances, depth)
	case sortModule:
		last.modules = append(last.modules, nestedModule{})
	}
	// Functions and values are not followed.
	s.atMost(PartTypeDepth, uint64(depth))
}

// consistOf counts what an instance consists of.
func (s *structure) consistOf(more contents) {
	all := &s.last().contents
	all.coreInstances += more.coreInstances
	all.memories += more.memories
	all.instances += more.instances
	s.atMost(PartMemories, all.memories)
	s.atMost(PartCoreInstances, all.coreInstances)
	s.atMost(PartInstances, all.instances)
}

// depth is how deep something is.
func (s *structure) depth(kind byte, index uint32) uint32 {
	switch last := s.last(); kind {
	case sortType:
		return at(last.types, index, 1)
	case sortInstance:
		return at(last.instances, index, 1)
	case sortComponent:
		return at(last.components, index, nestedComponent{depth: 1}).depth
	case sortModule:
		return 1
	}
	return s.functions
}

func (s *structure) coreInstance(r *reader) {
	switch how, count := r.byte(), uint32(0); how {
	case 0:
		// One that comes from elsewhere may have the one memory that a core module may have.
		module := at(s.last().modules, r.u32(), nestedModule{})
		if !module.isKnown {
			module.memories = 1
		}
		if r.err != nil {
			return
		}
		s.consistOf(contents{coreInstances: 1, memories: module.memories})
		fallthrough
	case 1:
		// Arguments, or exports of what there is: a name, a byte that says what it is, a number.
		for count = r.u32(); count > 0 && r.err == nil; count-- {
			r.name()
			r.byte()
			r.u32()
		}
	default:
		r.unknown("an instance", how)
	}
}

func (s *structure) instance(r *reader) {
	switch how := r.byte(); how {
	case 0:
		index := r.u32()
		if r.err != nil {
			return
		}
		component := at(s.last().components, index, nestedComponent{depth: 1})
		switch isThere := uint64(index) < uint64(len(s.last().components)); {
		case isThere && !component.isKnown:
			s.fail(&tooMuch{PartOpaqueInstances})
		case isThere:
			component.contents.instances++
			s.consistOf(component.contents)
		}
		s.add(sortInstance, component.depth)
		for count := r.u32(); count > 0 && r.err == nil; count-- {
			r.name()
			r.sort()
			r.u32()
		}
	case 1:
		count, deepest := r.u32(), uint32(0)
		s.count(count)
		for ; count > 0 && r.err == nil && s.err == nil; count-- {
			r.externName()
			kind := r.kind()
			deepest = max(deepest, s.depth(kind, r.u32()))
		}
		s.add(sortInstance, deepest+1)
	default:
		r.unknown("an instance", how)
	}
}

// declare reads the type of an import, or of an export of a type that is being read: something new.
func (s *structure) declare(r *reader) {
	kind, depth := s.typeRef(r)
	s.last().deepest = max(s.last().deepest, depth)
	s.add(kind, depth)
}

// export reads an export of a component, which is also something new.
func (s *structure) export(r *reader) {
	r.externName()
	kind, index := r.kind(), r.u32()
	depth := s.depth(kind, index)
	if r.flag() {
		_, ascribed := s.typeRef(r)
		depth = max(depth, ascribed)
	}
	last := s.last()
	last.deepest = max(last.deepest, depth)
	switch kind {
	case sortModule:
		last.modules = append(last.modules, at(last.modules, index, nestedModule{}))
	case sortComponent:
		component := at(last.components, index, nestedComponent{})
		component.depth = depth
		s.addComponent(component)
	default:
		s.add(kind, depth)
	}
}

// alias reads a second name for something.
func (s *structure) alias(r *reader) {
	sort, coreSort := r.sorts()
	switch target := r.byte(); target {
	case 0:
		kind := r.kindOf(sort, coreSort)
		// A part of the instance, so less deep by one at least.
		s.add(kind, max(s.depth(sortInstance, r.u32()), 2)-1)
		r.name()
	case 1:
		// Of a core module's; not followed.
		r.u32()
		r.name()
	case 2:
		count, index := r.u32(), r.u32()
		if sort == sortCore && coreSort == coreSortType {
			return
		}
		outer := &scope{}
		if uint64(count) < uint64(len(s.open)) {
			outer = s.open[len(s.open)-1-int(count)]
		}
		switch last := s.last(); r.kindOf(sort, coreSort) {
		case sortModule:
			last.modules = append(last.modules, at(outer.modules, index, nestedModule{}))
		case sortType:
			s.addType(at(outer.types, index, 1))
		case sortComponent:
			s.addComponent(at(outer.components, index, nestedComponent{depth: 1}))
		}
	default:
		r.unknown("an alias", target)
	}
}
