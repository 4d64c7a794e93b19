package pointsman

import (
	"errors"
	"fmt"
)

// Component types and instance types, which contain declarations of others, and how things are referred to.

// sortModule stands for the two bytes of the sort of a core module.
const sortModule = 0x11

// coreSortType is the sort of a type of core modules.
const coreSortType = 0x10

func (r *reader) unknown(what string, kind byte) {
	r.fail(fmt.Errorf("it has %s of an unknown kind, %#x", what, kind))
}

// flag reads a byte that is 0 or 1.
func (r *reader) flag() bool {
	flag := r.byte()
	if flag > 1 {
		r.unknown("a flag", flag)
	}
	return flag == 1
}

// sorts reads what an index is of, and where that belongs to core modules, what there.
func (r *reader) sorts() (sort, coreSort byte) {
	if sort = r.byte(); sort == sortCore {
		coreSort = r.byte()
	}
	return sort, coreSort
}

// kind reads what kind of thing is referred to.
func (r *reader) kind() byte {
	sort, coreSort := r.sorts()
	return r.kindOf(sort, coreSort)
}

func (r *reader) kindOf(sort, coreSort byte) byte {
	switch {
	case sort == sortCore && coreSort == sortModule:
		return sortModule
	case sort >= sortFunc && sort <= sortInstance:
		return sort
	}
	r.fail(fmt.Errorf("it has something of an unknown sort, %#x", max(sort, coreSort)))
	return sortFunc
}

// typeRef reads what something is that is imported or declared, and gives how deep its type is.
func (s *structure) typeRef(r *reader) (kind byte, depth uint32) {
	switch kind = r.kind(); kind {
	case sortValue:
		return kind, s.value(r)
	case sortType:
		if r.flag() {
			// A resource.
			return kind, 1
		}
	case sortModule:
		// Types of core modules do not nest.
		r.u32()
		return kind, 1
	}
	return kind, at(s.last().types, r.u32(), 1)
}

// value reads the type of a value, and gives how deep it is.
func (s *structure) value(r *reader) uint32 {
	if r.more() && isPrimitive(r.bytes[r.at]) {
		r.byte()
		return 1
	}
	// A signed number of 33 bits, which an index is not below 0.
	value := uint64(0)
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if b&0x40 != 0 || value >= 1<<32 {
			break
		}
		return at(s.last().types, uint32(value), 1)
	}
	r.fail(errors.New("it has a value of an unknown type"))
	return 1
}

func isPrimitive(kind byte) bool {
	return kind >= 0x73 && kind <= 0x7f || kind == 0x64
}

// readTypes reads a section of types. Those that contain others are entered level by level, without recursion.
func (s *structure) readTypes(r *reader) {
	count := r.u32()
	s.count(count)
	// How many types or declarations are left, of the section and of each type that is entered.
	left := []uint32{count}
	for len(left) > 0 && r.err == nil && s.err == nil {
		innermost := &left[len(left)-1]
		if *innermost == 0 {
			left = left[:len(left)-1]
			// The section itself is no type.
			if len(left) > 0 {
				s.leaveType()
			}
			continue
		}
		*innermost--
		if len(left) > 1 && !s.isType(r) {
			continue
		}
		switch kind := r.byte(); kind {
		case typeOfComponent, typeOfInstance:
			declarations := r.u32()
			s.count(declarations)
			s.enter()
			left = append(left, declarations)
		default:
			depth := s.plainType(r, kind)
			if kind == 0x40 || kind == 0x43 {
				s.functions = max(s.functions, depth)
			}
			s.addType(depth)
		}
	}
}

// First bytes of the types that contain others.
const (
	typeOfComponent = 0x41
	typeOfInstance  = 0x42
)

// isType reads what stands before a type in a declaration, or the whole declaration where it declares something else.
func (s *structure) isType(r *reader) bool {
	switch kind := r.byte(); kind {
	case 0x01:
		return true
	case 0x02:
		s.alias(r)
	case 0x03, 0x04:
		r.externName()
		s.declare(r)
	default:
		// Core types among them, which only components that take core modules as values have.
		r.unknown("a declaration", kind)
	}
	return false
}

// plainType reads a type without declarations, and gives over how many levels it refers to others.
func (s *structure) plainType(r *reader, kind byte) uint32 {
	deepest := uint32(0)
	value := func() { deepest = max(deepest, s.value(r)) }
	optional := func() {
		if r.flag() {
			value()
		}
	}
	labelled := func() { r.name(); value() }
	switch kind {
	case 0x72: // record
		r.each(labelled)
	case 0x71: // variant; the last byte was once the case that it refined
		r.each(func() { r.name(); optional(); r.byte() })
	case 0x70, 0x6b: // list, option
		value()
	case 0x63: // map
		value()
		value()
	case 0x6f: // tuple
		r.each(value)
	case 0x6e, 0x6d: // flags, enum
		r.each(func() { r.name() })
	case 0x6a: // result
		optional()
		optional()
	case 0x69, 0x68: // own, borrow
		r.u32()
	case 0x67: // list of a fixed length
		value()
		r.u32()
	case 0x66, 0x65: // stream, future
		optional()
	case 0x40, 0x43: // function
		r.each(labelled)
		if r.flag() {
			r.byte()
		} else {
			value()
		}
	case 0x3f: // resource
		r.byte()
		if r.flag() {
			r.u32()
		}
	default:
		if !isPrimitive(kind) {
			r.unknown("a type", kind)
		}
	}
	return deepest + 1
}
