package pointsman

import (
	"bytes"
	"fmt"
)

// How deep blocks are nested in functions.
//
// Functions are most of a component's bytes, and hardly any could be too deep: each block begins with one of four bytes, so that
// counting those bounds the depth. Only where that is not enough the code is read.

const opTryTable = 0x1f

// body measures the body of a function.
func (s *structure) body(body []byte) {
	most, limit := uint64(0), parts[PartBlocks].limit
	for _, begins := range []byte{opBlock, opLoop, opIf, opTryTable} {
		most += uint64(bytes.Count(body, []byte{begins}))
	}
	if most > limit {
		s.blocks(&reader{bytes: body})
	}
}

// blocks follows how deep the blocks of a function are.
func (s *structure) blocks(r *reader) {
	r.each(func() {
		r.u32()
		switch value := r.byte(); value {
		case 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f:
		default:
			r.fail(fmt.Errorf("it has a local of an unknown type, %#x", value))
		}
	})
	depth := uint64(0)
	for s.err == nil && r.more() {
		switch r.block().op {
		case opBlock, opLoop, opIf, opTryTable:
			depth++
			s.atMost(PartBlocks, depth)
		case opEnd:
			// The last one ends the function.
			depth -= min(depth, 1)
		}
	}
	if r.err != nil {
		s.fail(r.err)
	}
}

// block reads an instruction, or the beginning of a block with handlers of exceptions. This host runs none of those; but too many
// blocks are too many, whatever they are.
func (r *reader) block() instruction {
	if r.bytes[r.at] != opTryTable {
		return r.instruction()
	}
	read := instruction{op: r.byte()}
	r.signed(33)
	r.each(func() {
		// Two of the four kinds of handlers name a tag.
		if r.byte() < 2 {
			r.u32()
		}
		r.u32()
	})
	return read
}
