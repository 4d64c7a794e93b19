package pointsman

import (
	"bytes"
	"errors"
	"fmt"
)

// The sections of a core module: what the meter adds to each, and how indices move for it.

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
	// The types of what is added: tick, no parameters and an i64; grow, an i32 to an i32; each, five i32 and no result.
	more := []byte{0x60, 0, 1, 0x7e, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0}
	reallocType := []byte{0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f}
	return r.list(func(to []byte) []byte {
		start := r.at
		if r.byte() != 0x60 {
			r.fail(errors.New("a type is not one of a function"))
		}
		m.types = append(m.types, valueTypes())
		valueTypes()
		m.reallocs = append(m.reallocs, bytes.Equal(r.bytes[start:r.at], reallocType))
		return r.copied(to, start)
	}, 3, more)
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
	}, 2, appendU32(appendU32(nil, uint32(len(m.types)+1)), uint32(len(m.types)+2)))
}

// limits reads those of a table or a memory, whose largest maximum is `most`.
func (r *reader) limits(most uint32) (uint32, uint32) {
	flags := r.byte()
	if flags > 1 {
		r.fail(errors.New("it has a shared memory or one of 64 bits"))
	}
	least := r.u32()
	if flags == 1 {
		most = min(most, r.u32())
	}
	return least, most
}

func appendLimits(to []byte, least, most uint32) []byte {
	return appendU32(appendU32(append(to, 1), least), most)
}

func (m *meter) rewriteTables(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	tables, elements := 0, uint64(0)
	return r.list(func(to []byte) []byte {
		to = append(to, r.byte())
		least, most := r.limits(tableElements)
		tables++
		elements += uint64(least)
		switch {
		case tables > mostTables:
			r.fail(fmt.Errorf("it has more than %d tables", mostTables))
		case elements > tableElements:
			r.fail(fmt.Errorf("its tables have %d elements and more, the most is %d", elements, tableElements))
		}
		return appendLimits(to, least, most)
	}, 0, nil)
}

func (m *meter) rewriteMemories(r *reader) []byte {
	if len(r.bytes) == 0 {
		return nil
	}
	return r.list(func(to []byte) []byte {
		m.hasMemory = true
		least, most := r.limits(m.most)
		m.pages = least
		return appendLimits(to, max(least, min(least+spare, most)), most)
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
	const function, global = 0, 3
	add := func(name string, kind byte, index uint32) {
		more = appendU32(append(appendName(more, name), kind), index)
	}
	for _, index := range append(m.mutable, m.size()) {
		add(globalName(index), global, index)
	}
	add(refusedGlobal, global, m.refused())
	add(eachExport, function, m.each())
	return r.list(func(to []byte) []byte {
		name := r.name()
		to = appendName(to, name)
		kind, index := r.byte(), r.u32()
		switch kind {
		case function:
			isRealloc := name == reallocExport && int(index) < len(m.functions) && m.reallocs[m.functions[index]]
			index = m.shifted(r, index)
			if isRealloc {
				m.realloc, m.hasRealloc = index, true
			}
		case global:
			m.checkGlobal(r, index)
		}
		return appendU32(append(to, kind), index)
	}, len(m.mutable)+3, more)
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
	elements := 0
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
		// A segment without elements takes its place as well.
		if elements += count + 1; elements > tableElements {
			r.fail(fmt.Errorf("its segments have %d elements and more, the most is %d", elements, tableElements))
		}
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
	m.findShort(r.bytes)
	at := 0
	rewritten := r.list(func(to []byte) []byte {
		if at >= len(m.functions) {
			r.fail(errors.New("there is code of a function that is not there"))
			return nil
		}
		body := function{reader: reader{bytes: r.take(uint64(r.u32()))}, meter: m, isShort: m.short[at] > 0}
		body.parameters = m.types[m.functions[at]]
		rewritten := body.rewrite()
		if body.err != nil {
			r.fail(fmt.Errorf("function %d: %w", at, body.err))
		}
		at++
		return append(appendU32(to, uint32(len(rewritten))), rewritten...)
	}, 2, nil)
	if at != len(m.functions) {
		r.fail(errors.New("there is no code for a function"))
	}
	for _, body := range [][]byte{m.growBody(), m.eachBody()} {
		rewritten = append(appendU32(rewritten, uint32(len(body))), body...)
	}
	return rewritten
}
