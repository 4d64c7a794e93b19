package pointsman

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// The contract's types on their way into a plugin, by the component model's canonical ABI: each string and each list
// lies in memory of its own that the plugin gave (`cabi_realloc`) and owns.
//
// A call into the plugin costs more than copying what it gives memory for. So the elements of a list are written first,
// with the lengths of their strings in place, and one call of a function that the meter has added (`allocateEach`)
// gives memory to all of them.

// le writes and reads numbers as WebAssembly has them.
var le = binary.LittleEndian

// span is where a string or a list is.
type span struct{ at, length uint32 }

// lowering copies values into an instance. The first thing that goes wrong stays in err.
type lowering struct {
	*instance
	// isValid tells that all text is known to be UTF-8.
	isValid bool
	err     error
}

func (l *lowering) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// invalid makes the error of an argument that cannot be handed over.
func (l *lowering) invalid(argument, format string, args ...any) {
	l.fail(&ArgumentError{Argument: argument, Problem: fmt.Sprintf(format, args...)})
}

// allocate gets memory from the plugin, and checks that it is memory. What is empty has none.
func (l *lowering) allocate(size uint64, align uint32) uint32 {
	if l.err != nil || size == 0 {
		return align
	}
	if size > math.MaxUint32 {
		l.fail(ErrMemory)
		return align
	}
	l.stack[0], l.stack[1], l.stack[2], l.stack[3] = 0, 0, uint64(align), size
	if err := l.realloc.CallWithStack(&l.call, l.stack); err != nil {
		l.fail(err)
		return align
	}
	at := uint32(l.stack[0])
	if _, ok := l.memory.Read(at, uint32(size)); !ok || at%align != 0 {
		l.fail(errForeignMemory)
		return align
	}
	return at
}

var errForeignMemory = malformed(errors.New("it gives memory that it does not have"))

// bytes is memory that was allocated; good until the next allocation.
func (l *lowering) bytes(at uint32, size uint64) []byte {
	if l.err == nil {
		if bytes, ok := l.memory.Read(at, uint32(size)); ok {
			return bytes
		}
		// It was there when it was given, and memory never shrinks.
		l.fail(errForeignMemory)
	}
	// Nobody looks at it.
	return make([]byte, size)
}

// list gets memory for a list, and the bytes to write it to.
func (l *lowering) list(length int, size uint64, align uint32) (span, []byte) {
	at := l.allocate(uint64(length)*size, align)
	if l.err != nil {
		return span{}, nil
	}
	return span{at, uint32(length)}, l.bytes(at, uint64(length)*size)
}

// putSpan writes where something is.
func putSpan(to []byte, s span) {
	le.PutUint32(to, s.at)
	le.PutUint32(to[4:], s.length)
}

// path names an argument; made only where there is something to say about it.
func path(argument string, i int) string {
	if i < 0 {
		return argument
	}
	return fmt.Sprintf(argument, i)
}

// valid checks that a text can be handed over.
func (l *lowering) valid(text, argument string, i int) {
	switch {
	case uint64(len(text)) > math.MaxUint32:
		l.fail(ErrMemory)
	case !l.isValid && !utf8.ValidString(text):
		l.invalid(path(argument, i), "is not UTF-8")
	}
}

// length writes the length of a text, which stringsAt gives a place to. Its path in the argument is `argument`, with
// `%d` for `i`.
func (l *lowering) length(to []byte, text, argument string, i int) {
	l.valid(text, argument, i)
	putSpan(to, span{align1, uint32(len(text))})
}

// stringsAt copies the strings whose lengths were written into the elements of a list, one in each: the first at `at`,
// the others `stride` bytes further on each.
func (l *lowering) stringsAt(at uint32, count int, stride uint32, text func(i int) string) {
	l.allocateEach(at, count, stride, align1, align1)
	if l.err != nil {
		return
	}
	memory := l.bytes(0, uint64(l.memory.Size()))
	for i := range count {
		from := text(i)
		place := uint64(le.Uint32(memory[at:]))
		if place+uint64(len(from)) > uint64(len(memory)) {
			l.fail(errForeignMemory)
			return
		}
		copy(memory[place:], from)
		at += stride
	}
}

// allocateEach gets memory for several strings or lists, of elements of this size, whose lengths are in memory already.
func (l *lowering) allocateEach(at uint32, count int, stride, size, align uint32) {
	if l.err != nil || count == 0 {
		return
	}
	if l.each != nil {
		copy(l.stack, []uint64{uint64(at), uint64(count), uint64(stride), uint64(size), uint64(align)})
		if err := l.each.CallWithStack(&l.call, l.stack); err != nil {
			l.fail(err)
		}
		return
	}
	for ; count > 0 && l.err == nil; count-- {
		length := uint64(le.Uint32(l.bytes(at+4, 4)))
		given := l.allocate(length*uint64(size), align)
		le.PutUint32(l.bytes(at, 4), given)
		at += stride
	}
}

// string copies a string.
func (l *lowering) string(text, argument string, i int) span {
	l.valid(text, argument, i)
	at := l.allocate(uint64(len(text)), align1)
	if l.err == nil && len(text) > 0 {
		l.memory.WriteString(at, text)
	}
	return span{at, uint32(len(text))}
}

func (l *lowering) strings(list []string, argument string) span {
	lowered, to := l.list(len(list), sizeString, align4)
	if l.err != nil {
		return lowered
	}
	for i, text := range list {
		l.length(to[i*sizeString:], text, argument, i)
	}
	l.stringsAt(lowered.at, len(list), sizeString, func(i int) string { return list[i] })
	return lowered
}

// labels copies labels, sorted by their keys.
func (l *lowering) labels(labels map[string]string, argument string, i int) span {
	if len(labels) == 0 {
		return span{at: align4}
	}
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key, labels[key])
	}
	// A label is two strings, one after the other.
	lowered, to := l.list(len(labels), sizeLabel, align4)
	if l.err != nil {
		return lowered
	}
	for place, text := range texts {
		l.length(to[place*sizeString:], text, argument, i)
	}
	l.stringsAt(lowered.at, len(texts), sizeString, func(place int) string { return texts[place] })
	return lowered
}

// enum gives the case of a word.
func (l *lowering) enum(w words, value uint8, argument string, i int) byte {
	if !w.has(value) {
		l.invalid(path(argument, i), "is none of %s", w.list())
	}
	return value - 1
}

// optionalEnum writes the case of a word, or that there is none.
func (l *lowering) optionalEnum(to []byte, w words, value uint8, argument string, i int) {
	to[0] = 0
	if value != 0 {
		to[0], to[inOptionEnum] = 1, l.enum(w, value, argument, i)
	}
}

// millisOf gives milliseconds since 1970, where they fit.
func millisOf(at time.Time) (uint64, bool) {
	const last = math.MaxUint64 / 1000
	seconds, millis := at.Unix(), uint64(at.Nanosecond())/1e6
	isMoment := seconds >= 0 && seconds <= last && (seconds < last || millis <= math.MaxUint64%1000)
	return uint64(seconds)*1000 + millis, isMoment
}

// moment gives milliseconds since 1970.
func (l *lowering) moment(at time.Time, argument string, i int) uint64 {
	millis, isMoment := millisOf(at)
	if !isMoment {
		l.invalid(path(argument, i), "is %s, not a moment from 1970 on that fits milliseconds in 64 bits",
			at.UTC().Format(time.RFC3339))
	}
	return millis
}

func (l *lowering) optionalMoment(to []byte, at time.Time, argument string, i int) {
	to[0] = 0
	if !at.IsZero() {
		to[0] = 1
		le.PutUint64(to[inOption8:], l.moment(at, argument, i))
	}
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
