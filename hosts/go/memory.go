package pointsman

// The memory of instances, taken from the system and not from Go's heap where the system is known: what is reserved
// costs nothing until it is used, growing copies nothing, and the garbage collector has nothing to do with it. And what
// was used can be given back and had anew, zeroed, without a touch on what was not: a plugin reserves a megabyte for
// its stack, of which it uses a few kilobytes.

// worthGiving is from how many bytes on it is cheaper to give memory back than to zero it.
const worthGiving = 128 << 10

// hotStack is the part of the stack, which ends where a plugin's data begins, is zeroed in place. Every call uses it.
const hotStack = 32 << 10

// guestMemory is the memory of one instance; it implements wazero's experimental.LinearMemory.
type guestMemory struct {
	// bytes are all that it may come to have, where they are the system's; else what it has.
	bytes    []byte
	isMapped bool
}

// newGuestMemory reserves memory.
func newGuestMemory(most uint64) *guestMemory {
	if bytes, err := reserve(most); err == nil {
		return &guestMemory{bytes: bytes, isMapped: true}
	}
	// The system does not reserve what is not used, or is none that is known here.
	return &guestMemory{}
}

// Reallocate makes it so large. It never becomes smaller.
func (m *guestMemory) Reallocate(size uint64) []byte {
	if !m.isMapped && size > uint64(len(m.bytes)) {
		m.bytes = append(m.bytes, make([]byte, size-uint64(len(m.bytes)))...)
	}
	return m.bytes[:size]
}

// Free gives it back.
func (m *guestMemory) Free() {
	if m.isMapped {
		giveUp(m.bytes)
	}
	m.bytes, m.isMapped = nil, false
}

// zero makes a part of it zero.
func (m *guestMemory) zero(from, to int) {
	if m.isMapped && to-from >= worthGiving {
		from, to = giveBack(m.bytes, from, to)
	}
	clear(m.bytes[from:to])
}
