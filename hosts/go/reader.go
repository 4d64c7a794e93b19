package pointsman

import (
	"errors"
	"unicode/utf8"
)

// errDamaged is what is wrong with most bytes that are no WebAssembly.
var errDamaged = errors.New("it ends too early or has a number that is too long")

// reader reads WebAssembly's binary format. The first thing that is wrong makes everything after it zero, and stays in err, so
// that only loops need to look at it.
type reader struct {
	bytes []byte
	at    int
	err   error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.at = len(r.bytes)
}

// more tells whether there is something left to read.
func (r *reader) more() bool {
	return r.at < len(r.bytes)
}

func (r *reader) byte() byte {
	if !r.more() {
		r.fail(errDamaged)
		return 0
	}
	b := r.bytes[r.at]
	r.at++
	return b
}

// take is the next n bytes.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.bytes)-r.at) {
		r.fail(errDamaged)
		return nil
	}
	taken := r.bytes[r.at : r.at+int(n)]
	r.at += int(n)
	return taken
}

// u32 reads an unsigned LEB128 number of 32 bits.
func (r *reader) u32() uint32 {
	var value uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if value > 1<<32-1 {
				break
			}
			return uint32(value)
		}
	}
	r.fail(errDamaged)
	return 0
}

// signed skips a signed LEB128 number of so many bits.
func (r *reader) signed(bits int) {
	for shift := 0; shift < bits; shift += 7 {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail(errDamaged)
}

// count reads how many elements follow. Each has a byte or more, which keeps a lie from costing memory.
func (r *reader) count() int {
	n := r.u32()
	if uint64(n) > uint64(len(r.bytes)-r.at) {
		r.fail(errDamaged)
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	bytes := r.take(uint64(r.u32()))
	if !utf8.Valid(bytes) {
		r.fail(errors.New("it has a name that is not UTF-8"))
	}
	return string(bytes)
}

// each reads a list.
func (r *reader) each(element func()) {
	for range r.count() {
		if r.err != nil {
			return
		}
		element()
	}
}

// appendU32 writes an unsigned LEB128 number.
func appendU32(to []byte, value uint32) []byte {
	for value >= 0x80 {
		to = append(to, byte(value)|0x80)
		value >>= 7
	}
	return append(to, byte(value))
}

// appendSigned writes a signed LEB128 number.
func appendSigned(to []byte, value int64) []byte {
	for {
		b := byte(value & 0x7f)
		value >>= 7
		if (value == 0 && b&0x40 == 0) || (value == -1 && b&0x40 != 0) {
			return append(to, b)
		}
		to = append(to, b|0x80)
	}
}

func appendName(to []byte, name string) []byte {
	return append(appendU32(to, uint32(len(name))), name...)
}
