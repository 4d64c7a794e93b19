package pointsman

// Which functions need no charge of their own, because their callers can pay for them.

const (
	// short is up to how many instructions, those of what it calls included, a function is paid for by its callers.
	short = 256
	// shortDepth is how deep such functions call each other at most.
	shortDepth = 8
)

// outline is what a function does, as far as its cost goes.
type outline struct {
	instructions uint32
	calls        []uint32
}

// findShort finds the functions that come to an end by themselves after few instructions: without loops, without instructions
// that do much at once, and calling only such functions. An allocator's entry points are a chain of them, in every plugin.
func (m *meter) findShort(code []byte) {
	m.short = make([]uint32, len(m.functions))
	outlines := make([]*outline, len(m.functions))
	r := reader{bytes: code}
	for i := range min(r.count(), len(m.functions)) {
		outlines[i] = outlineOf(r.take(uint64(r.u32())))
	}
	for range shortDepth {
		for i, outline := range outlines {
			if outline != nil && m.short[i] == 0 {
				m.short[i] = m.costOf(outline)
			}
		}
	}
}

// outlineOf reads a function; nil where it cannot be short. What is wrong with it is found out where it is rewritten.
func outlineOf(body []byte) *outline {
	r := reader{bytes: body}
	r.each(func() { r.u32(); r.byte() })
	var found outline
	for r.more() {
		read := r.instruction()
		switch found.instructions++; read.op {
		case opLoop, opCallIndirect, opMemoryGrow, opRefFunc, opTableSet:
			return nil
		case opCall:
			found.calls = append(found.calls, read.index)
		case prefixMisc:
			if read.sub >= miscMemoryInit {
				return nil
			}
		}
		if r.err != nil || found.instructions > short {
			return nil
		}
	}
	return &found
}

// costOf is how many instructions a function comes to with what it calls; 0 where it is not known yet, or not short.
func (m *meter) costOf(of *outline) uint32 {
	cost := of.instructions
	for _, callee := range of.calls {
		called := m.costOfCall(callee)
		// Neither is more than `short`, so that it cannot overflow before it is too much.
		if cost += called; called == 0 || cost > short {
			return 0
		}
	}
	return cost
}

// costOfCall is what a call of a short function costs; 0 for others.
func (m *meter) costOfCall(index uint32) uint32 {
	if int(index) >= len(m.short) {
		return 0
	}
	return m.short[index]
}
