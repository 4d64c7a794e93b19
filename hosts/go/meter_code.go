package pointsman

import (
	"errors"
	"fmt"
)

// The code of single functions: what the meter puts into it.

// bytesShift says what an instruction that works on many bytes or elements at once costs: 1 for each 16.
const bytesShift = 4

// Instructions that leave compiled code for Go cost as much as so many others. Functions that have them are always charged.
const (
	refFuncCost = 100
	bulkCost    = 50
	// eachCost is what one element of a list costs that gets memory, besides what gives it.
	eachCost = 40
)

// function is the body of one that is being rewritten.
type function struct {
	reader
	meter      *meter
	parameters uint32
	// isShort tells that who calls it pays for it.
	isShort bool
	// locals is how many there are, parameters included.
	locals uint64
	edits  []edit
}

// edit is something to put into the code.
type edit struct {
	// at is the place, and until the end of what it replaces.
	at, until int
	// code is what is put there; nil for a charge.
	code []byte
	// weight is what is charged.
	weight int64
}

// rewrite gives the new body.
func (f *function) rewrite() []byte {
	var groups []byte
	count := f.count()
	for range count {
		start := f.at
		f.locals += uint64(f.u32())
		f.byte()
		groups = f.copied(groups, start)
	}
	f.locals += uint64(f.parameters)
	if f.locals > mostLocals {
		f.fail(fmt.Errorf("it has more than %d locals", mostLocals))
	}
	start := f.at
	f.edits = append(f.edits, edit{at: start, until: start})
	instructions, hasCalls := f.scan()
	if !f.isShort && (hasCalls || instructions >= longLeaf) {
		f.edits[0].weight = instructions
	}
	// Two locals more: how much fuel there is, and how much an instruction does.
	body := append(appendU32(nil, uint32(count)+2), groups...)
	body = append(body, 1, 0x7e, 1, 0x7f)
	from := start
	for _, edit := range f.edits {
		body = append(body, f.bytes[from:edit.at]...)
		from = edit.until
		switch {
		case edit.code != nil:
			body = append(body, edit.code...)
		case edit.weight > 0:
			body = f.charge(body, appendSigned([]byte{opI64Const}, edit.weight))
		}
	}
	return append(body, f.bytes[min(from, len(f.bytes)):]...)
}

// scan reads the code, and notes what is to be put where. It gives how many instructions it counts as and whether it leaves
// the function.
func (f *function) scan() (instructions int64, hasCalls bool) {
	type block struct {
		// charge is the edit where a loop is charged; 0 for other blocks.
		charge int
		before int64
	}
	blocks := []block{{}}
	blockCount, loops := uint64(1), uint64(0)
	for len(blocks) > 0 && f.err == nil {
		start := f.at
		read := f.instruction()
		instructions++
		replace := func(code ...byte) { f.edits = append(f.edits, edit{at: start, until: f.at, code: code}) }
		switch read.op {
		case opBlock, opIf:
			blockCount++
			blocks = append(blocks, block{})
		case opLoop:
			blockCount++
			loops++
			blocks = append(blocks, block{charge: len(f.edits), before: instructions})
			f.edits = append(f.edits, edit{at: f.at, until: f.at})
		case opEnd:
			if last := blocks[len(blocks)-1]; last.charge > 0 {
				f.edits[last.charge].weight = max(1, instructions-last.before)
			}
			blocks = blocks[:len(blocks)-1]
		case opCall:
			if cost := f.meter.costOfCall(read.index); cost > 0 {
				instructions += int64(cost)
			} else {
				hasCalls = true
			}
			replace(appendU32([]byte{opCall}, f.meter.shifted(&f.reader, read.index))...)
		case opCallIndirect:
			hasCalls = true
		case opRefFunc:
			hasCalls = true
			instructions += refFuncCost
			replace(appendU32([]byte{opRefFunc}, f.meter.shifted(&f.reader, read.index))...)
		case opGlobalGet, opGlobalSet:
			f.meter.checkGlobal(&f.reader, read.index)
		case opTableSet:
			f.meter.isRewindable = false
		case opMemorySize:
			replace(appendU32([]byte{opGlobalGet}, f.meter.size())...)
		case opMemoryGrow:
			hasCalls = true
			replace(appendU32([]byte{opCall}, f.meter.grow())...)
		case opBr, opBrIf, opBrTable:
			blockCount++
		case prefixMisc:
			if read.sub >= miscMemoryInit {
				hasCalls = true
				instructions += bulkCost
			}
			f.noteBulk(start, read.sub)
		}
		switch {
		case len(blocks) > mostDepth:
			f.fail(fmt.Errorf("it has more than %d blocks in each other", mostDepth))
		case loops > mostLoops:
			f.fail(fmt.Errorf("it has more than %d loops", mostLoops))
		}
	}
	if f.meter.work += blockCount * (f.locals + loops); f.meter.work > mostWork {
		f.fail(fmt.Errorf("it and those before it have more blocks with locals and loops than can be compiled in good time, %d", mostWork))
	}
	if f.more() {
		f.fail(errors.New("there is code after its end"))
	}
	return instructions, hasCalls
}

// noteBulk notes what is to be done about an instruction that may do much at once.
func (f *function) noteBulk(start int, sub uint32) {
	switch sub {
	case miscTableInit, miscTableCopy, miscTableGrow, miscTableFill, miscDataDrop, miscElemDrop:
		f.meter.isRewindable = false
	}
	switch sub {
	case miscMemoryInit, miscMemoryCopy, miscMemoryFill, miscTableInit, miscTableCopy, miscTableGrow, miscTableFill:
		// How much is on top of the stack, and stays there.
		code := appendU32([]byte{opLocalTee}, f.amount())
		price := append(appendU32([]byte{opLocalGet}, f.amount()), opI64ExtendI32U, opI64Const, bytesShift, opI64ShrU)
		f.edits = append(f.edits, edit{at: start, until: start, code: f.charge(code, price)})
	}
}

func (f *function) left() uint32   { return uint32(f.locals) }
func (f *function) amount() uint32 { return uint32(f.locals) + 1 }

// charge appends code that takes a price, which an expression gives, from the fuel, and calls the host where there is too
// little.
func (f *function) charge(to []byte, price []byte) []byte {
	to = appendU32(append(to, opGlobalGet), f.meter.fuel())
	to = append(append(to, price...), opI64Sub)
	to = appendU32(append(to, opLocalTee), f.left())
	to = appendU32(append(to, opGlobalSet), f.meter.fuel())
	to = appendU32(append(to, opLocalGet), f.left())
	to = append(to, opI64Const, 0, opI64LtS, opIf, emptyBlock, opCall, tick)
	to = appendU32(append(to, opGlobalSet), f.meter.fuel())
	return append(to, opEnd)
}

// growBody is the function that stands for memory.grow. The plugin sees a memory of `size` pages, whatever the memory proper
// has: that is more by what there is to spare, or was. A growth beyond the limit ends the
// call where it is asked for, so that it cannot be taken for a trap of the plugin's own.
func (m *meter) growBody() []byte {
	if !m.hasMemory {
		return []byte{0, opUnreachable, opEnd}
	}
	const delta, wanted, more = 0, 1, 2
	code := []byte{1, 2, 0x7f}
	op := func(bytes ...byte) { code = append(code, bytes...) }
	global := func(op byte, index uint32) { code = appendU32(append(code, op), index) }
	constant := func(value uint32) { code = appendSigned(append(code, opI32Const), int64(int32(value))) }

	// More pages than there can be, or than are left: size > most - delta.
	op(opLocalGet, delta)
	constant(m.most)
	op(opI32GtU)
	global(opGlobalGet, m.size())
	constant(m.most)
	op(opLocalGet, delta, opI32Sub, opI32GtU, 0x72, opIf, emptyBlock) // i32.or
	constant(1)
	global(opGlobalSet, m.refused())
	op(opCall, tick, opUnreachable, opEnd)

	global(opGlobalGet, m.size())
	op(opLocalGet, delta, opI32Add, opLocalTee, wanted)
	op(opMemorySize, 0, opI32Sub, opLocalTee, more)
	constant(0)
	op(0x4a, opIf, emptyBlock) // i32.gt_s
	op(opLocalGet, more, opMemoryGrow, 0)
	constant(0xffffffff)
	op(0x46, opIf, emptyBlock) // i32.eq: beyond the module's own maximum
	constant(0xffffffff)
	op(0x0f, opEnd, opEnd) // return

	global(opGlobalGet, m.size())
	op(opLocalGet, wanted)
	global(opGlobalSet, m.size())
	op(opEnd)
	return code
}

// eachBody is the function that gets memory for several strings or lists. Their lengths are in memory; it writes in front of each
// where it is:
//
//	for ; count > 0; count-- {
//		at[0] = at[1] > 0 ? cabi_realloc(0, 0, align, at[1] * size) : align
//		at += stride
//	}
func (m *meter) eachBody() []byte {
	if !m.hasMemory || !m.hasRealloc {
		return []byte{0, opUnreachable, opEnd}
	}
	const at, count, stride, size, align, locals = 0, 1, 2, 3, 4, 5
	// Loads and stores are of four bytes, which are a multiple of as many away from the beginning.
	const aligned = 2
	f := function{meter: m, locals: locals}
	// How much fuel there is.
	code := []byte{1, 1, 0x7e}
	op := func(bytes ...byte) { code = append(code, bytes...) }

	op(opBlock, emptyBlock, opLoop, emptyBlock, opLocalGet, count, opI32Eqz, opBrIf, 1)
	code = f.charge(code, appendSigned([]byte{opI64Const}, eachCost))
	op(opLocalGet, at, opLocalGet, at, opI32Load, aligned, 4, opIf, 0x7f)
	op(opI32Const, 0, opI32Const, 0, opLocalGet, align, opLocalGet, at, opI32Load, aligned, 4, opLocalGet, size, opI32Mul)
	code = appendU32(append(code, opCall), m.realloc)
	op(opElse, opLocalGet, align, opEnd, opI32Store, aligned, 0)
	op(opLocalGet, at, opLocalGet, stride, opI32Add, opLocalSet, at)
	op(opLocalGet, count, opI32Const, 1, opI32Sub, opLocalSet, count, opBr, 0, opEnd, opEnd, opEnd)
	return code
}
