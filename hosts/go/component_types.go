package pointsman

import (
	"errors"
	"fmt"
)

// The names and types in a component, which have to be read to find out what of an import is more than a type.

// subResource stands for the index of a type that is bound to be a resource, which no other index can be.
const subResource = 1 << 31

// externName reads the name of an import or export.
func (r *reader) externName() string {
	kind := r.byte()
	name := r.name()
	switch kind {
	case 0, 1:
	case 2:
		// Attributes, of which only the version suffix is known.
		r.each(func() { r.byte(); r.name() })
	default:
		r.fail(errors.New("it has a name of an unknown kind"))
	}
	return name
}

// sort reads what kind of thing an index is of.
func (r *reader) sort() byte {
	sort := r.byte()
	if sort == sortCore {
		r.byte()
	}
	return sort
}

// externType reads what is imported or exported: its sort, and the index of its type.
func (r *reader) externType() (byte, uint32) {
	sort := r.byte()
	switch sort {
	case sortCore:
		r.byte()
		return sort, r.u32()
	case sortFunc, 0x04, sortInstance:
		return sort, r.u32()
	case 0x02:
		if r.byte() == 0 {
			return sort, r.u32()
		}
		r.valueType()
		return sort, 0
	case sortType:
		if r.byte() == 0 {
			return sort, r.u32()
		}
		return sort, subResource
	}
	r.fail(fmt.Errorf("it has an import or export of an unknown kind, %d", sort))
	return sort, 0
}

// alias reads a reference to something in another instance or component, and gives what kind of thing it is.
func (r *reader) alias() byte {
	sort := r.sort()
	switch kind := r.byte(); kind {
	case 0, 1:
		r.u32()
		r.name()
	case 2:
		r.u32()
		r.u32()
	default:
		r.fail(fmt.Errorf("it has an alias of an unknown kind, %d", kind))
	}
	return sort
}

// valueType reads the type of a value: a primitive, or an index.
func (r *reader) valueType() {
	r.signed(33)
}

func (r *reader) optionalValueType() {
	if r.byte() != 0 {
		r.valueType()
	}
}

// typeDefinition reads a type. For an instance it gives the names of its members that are not types.
func (r *reader) typeDefinition() []string {
	labelled := func() { r.name(); r.valueType() }
	switch kind := r.byte(); kind {
	case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x7a, 0x79, 0x78, 0x77, 0x76, 0x75, 0x74, 0x73, 0x64: // a primitive
	case 0x72: // record
		r.each(labelled)
	case 0x71: // variant
		r.each(func() { r.name(); r.optionalValueType(); r.byte() })
	case 0x70, 0x6b: // list, option
		r.valueType()
	case 0x6f: // tuple
		r.each(r.valueType)
	case 0x6e, 0x6d: // flags, enum
		r.each(func() { r.name() })
	case 0x6a: // result
		r.optionalValueType()
		r.optionalValueType()
	case 0x69, 0x68: // own, borrow
		r.u32()
	case 0x67: // list of a fixed length
		r.valueType()
		r.u32()
	case 0x40, 0x43: // function
		r.each(labelled)
		if r.byte() == 0 {
			r.valueType()
		} else {
			r.byte()
		}
	case typeOfComponent:
		r.each(func() {
			if r.more() && r.bytes[r.at] == 0x03 {
				r.byte()
				r.externName()
				r.externType()
				return
			}
			r.declaration()
		})
	case typeOfInstance:
		members := []string{}
		r.each(func() {
			if member, ok := r.declaration(); ok {
				members = append(members, member)
			}
		})
		return members
	case 0x3f: // resource
		r.byte()
		if r.byte() != 0 {
			r.u32()
		}
	default:
		r.fail(fmt.Errorf("it has a type of an unknown kind, %#x", kind))
	}
	return nil
}

// declaration reads a part of an instance's type. It gives the name of an export that is not a type.
func (r *reader) declaration() (string, bool) {
	switch kind := r.byte(); kind {
	case 0x01:
		r.typeDefinition()
	case 0x02:
		r.alias()
	case 0x04:
		name := r.externName()
		sort, index := r.externType()
		return name, sort != sortType || index == subResource
	default:
		// Core types among them, which only components that take core modules as values have.
		r.fail(fmt.Errorf("it has a declaration of an unknown kind, %d", kind))
	}
	return "", false
}
