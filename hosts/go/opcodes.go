package pointsman

import "fmt"

// Opcodes that the meter looks at or writes.
const (
	opUnreachable   = 0x00
	opBlock         = 0x02
	opLoop          = 0x03
	opIf            = 0x04
	opElse          = 0x05
	opEnd           = 0x0b
	opBr            = 0x0c
	opBrIf          = 0x0d
	opBrTable       = 0x0e
	opCall          = 0x10
	opCallIndirect  = 0x11
	opSelectTyped   = 0x1c
	opLocalGet      = 0x20
	opLocalSet      = 0x21
	opLocalTee      = 0x22
	opGlobalGet     = 0x23
	opGlobalSet     = 0x24
	opTableGet      = 0x25
	opTableSet      = 0x26
	opI32Load       = 0x28
	opI32Store      = 0x36
	opMemorySize    = 0x3f
	opMemoryGrow    = 0x40
	opI32Const      = 0x41
	opI64Const      = 0x42
	opF32Const      = 0x43
	opF64Const      = 0x44
	opI32Eqz        = 0x45
	opI32GtU        = 0x4b
	opI64LtS        = 0x53
	opI32Add        = 0x6a
	opI32Sub        = 0x6b
	opI32Mul        = 0x6c
	opI64Sub        = 0x7d
	opI64ShrU       = 0x88
	opI64ExtendI32U = 0xad
	opRefNull       = 0xd0
	opRefFunc       = 0xd2
	prefixMisc      = 0xfc
	prefixVector    = 0xfd

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

// instruction is one that was read.
type instruction struct {
	// op is the opcode; of those with a prefix, the prefix.
	op byte
	// sub is what comes after a prefix.
	sub uint32
	// index is the first index among the immediates, where they are indices.
	index uint32
}

// instruction reads one instruction with its immediates. What is not in the table below is an error: an instruction whose
// length is not known cannot be skipped, and one whose cost is not known must not be let through. Tail calls, threads,
// exceptions, garbage collection and relaxed SIMD are such; wazero does not run them by default either.
func (r *reader) instruction() instruction {
	op := r.byte()
	read := instruction{op: op}
	switch {
	case op == opBlock || op == opLoop || op == opIf:
		r.signed(33)
	case op == opBr || op == opBrIf:
		r.u32()
	case op == opBrTable:
		r.each(func() { r.u32() })
		r.u32()
	case op == opCall || op == opRefFunc || op >= opLocalGet && op <= opTableSet:
		read.index = r.u32()
	case op == opCallIndirect:
		read.index = r.u32()
		r.u32()
	case op == opSelectTyped:
		r.each(func() { r.byte() })
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.memoryArgument()
	case op == opMemorySize || op == opMemoryGrow:
		if r.byte() != 0 {
			r.fail(fmt.Errorf("it uses more than one memory"))
		}
	case op == opI32Const:
		r.signed(32)
	case op == opI64Const:
		r.signed(64)
	case op == opF32Const:
		r.take(4)
	case op == opF64Const:
		r.take(8)
	case op == opRefNull:
		r.byte()
	case op == prefixMisc:
		read.sub = r.u32()
		read.index = r.misc(read.sub)
	case op == prefixVector:
		read.sub = r.u32()
		r.vector(read.sub)
	case op <= 0x01, op == 0x05, op == opEnd, op == 0x0f, op == 0x1a, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
		// No immediates: unreachable, nop, else, end, return, drop, select, all that computes, ref.is_null.
	default:
		r.fail(fmt.Errorf("it has an instruction that this host does not know, %#x", op))
	}
	return read
}

// memoryArgument reads an alignment and an offset.
func (r *reader) memoryArgument() {
	// With the bit 0x40 an index of a memory would follow.
	if r.u32() >= 0x40 {
		r.fail(fmt.Errorf("it uses more than one memory"))
	}
	r.u32()
}

// misc reads the immediates of an instruction after 0xfc, and gives the first.
func (r *reader) misc(sub uint32) uint32 {
	immediates := 0
	switch sub {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating conversions
	case miscDataDrop, miscMemoryFill, miscElemDrop, miscTableGrow, miscTableSize, miscTableFill:
		immediates = 1
	case miscMemoryInit, miscMemoryCopy, miscTableInit, miscTableCopy:
		immediates = 2
	default:
		r.fail(fmt.Errorf("it has an instruction that this host does not know, 0xfc %d", sub))
	}
	var first uint32
	for i := range immediates {
		if index := r.u32(); i == 0 {
			first = index
		}
	}
	return first
}

// vector reads the immediates of an instruction after 0xfd.
func (r *reader) vector(sub uint32) {
	switch {
	case sub <= 11 || sub == 92 || sub == 93: // loads and stores
		r.memoryArgument()
	case sub == 12 || sub == 13: // const, shuffle
		r.take(16)
	case sub >= 21 && sub <= 34: // lanes
		r.byte()
	case sub >= 84 && sub <= 91: // loads and stores of lanes
		r.memoryArgument()
		r.byte()
	case sub > 255:
		r.fail(fmt.Errorf("it has an instruction that this host does not know, 0xfd %d", sub))
	}
}
