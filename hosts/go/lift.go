package pointsman

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// The contract's types on their way out of a plugin, by the canonical ABI. Nothing that a plugin returns is believed:
// pointers and lengths are checked against its memory, words against the contract's, text for being UTF-8, and all of
// it together against the response limit before it is copied.

// malformedError names the fault of a response.
type malformedError struct{ error }

func malformed(err error) error {
	return &malformedError{err}
}

// lifting copies values out of an instance's memory. The first thing that is wrong stays in err, and what comes after
// is zero.
type lifting struct {
	memory []byte
	// allowance is the rest of what may be copied, in bytes as the host holds them.
	allowance int
	err       error
}

func (l *lifting) malformed(format string, args ...any) {
	if l.err == nil {
		l.err = malformed(fmt.Errorf(format, args...))
	}
}

// bytes is a part of the memory; zeros where there is no such part.
func (l *lifting) bytes(at uint32, size uint64, align uint32) []byte {
	switch end := uint64(at) + size; {
	case l.err != nil:
	case end > uint64(len(l.memory)):
		l.malformed("it points to %d bytes at %#x, its memory has %d", size, at, len(l.memory))
	case at%align != 0:
		l.malformed("it points to %#x, which is not a multiple of %d", at, align)
	default:
		return l.memory[at:end:end]
	}
	return nil
}

// record is a record's bytes; never less than its size.
func (l *lifting) record(at uint32, size uint64, align uint32) []byte {
	if bytes := l.bytes(at, size, align); bytes != nil {
		return bytes
	}
	return make([]byte, size)
}

// spend takes from the allowance.
func (l *lifting) spend(size uint64) bool {
	if l.err == nil && size > uint64(l.allowance) {
		l.err = ErrResponse
	}
	if l.err != nil {
		return false
	}
	l.allowance -= int(size)
	return true
}

func spanAt(from []byte) span {
	return span{le.Uint32(from), le.Uint32(from[4:])}
}

func (l *lifting) string(from []byte) string {
	s := spanAt(from)
	if s.length == 0 || !l.spend(uint64(s.length)) {
		return ""
	}
	bytes := l.bytes(s.at, uint64(s.length), 1)
	if !utf8.Valid(bytes) {
		l.malformed("it returns a string that is not UTF-8")
		return ""
	}
	return string(bytes)
}

func (l *lifting) optionalString(from []byte) *string {
	if !l.isSome(from[0]) {
		return nil
	}
	text := l.string(from[inOption4:])
	return &text
}

func (l *lifting) isSome(tag byte) bool {
	if tag > 1 {
		l.malformed("it returns an option that is neither none nor some")
	}
	return tag == 1
}

// isError tells how a result stands.
func (l *lifting) isError(tag byte) bool {
	if tag > 1 {
		l.malformed("it returns a result that is neither ok nor an error")
	}
	return tag == 1
}

func (l *lifting) enum(w words, tag byte) uint8 {
	if int(tag) >= len(w) {
		l.malformed("it returns a word that is none of %s", w.list())
		return 0
	}
	return tag + 1
}

// moment is a number of milliseconds since 1970, all of which a time can be.
func moment(millis uint64) time.Time {
	return time.Unix(int64(millis/1000), int64(millis%1000)*1e6).UTC()
}

func (l *lifting) optionalMoment(from []byte) time.Time {
	if !l.isSome(from[0]) {
		return time.Time{}
	}
	return moment(le.Uint64(from[inOption8:]))
}

// elements are the bytes of a list's elements, which the host will hold in so many bytes each; nil where it is empty.
func (l *lifting) elements(from []byte, size uint64, align uint32, held uintptr) []byte {
	s := spanAt(from)
	bytes := l.bytes(s.at, uint64(s.length)*size, align)
	if s.length == 0 || bytes == nil || !l.spend(uint64(s.length)*uint64(held)) {
		return nil
	}
	return bytes
}

// liftList copies a list; nil where it is empty.
func liftList[T any](l *lifting, from []byte, size uint64, align uint32, element func(from []byte) T) []T {
	var zero T
	bytes := l.elements(from, size, align, unsafe.Sizeof(zero))
	if bytes == nil {
		return nil
	}
	list := make([]T, 0, uint64(len(bytes))/size)
	for ; len(bytes) > 0 && l.err == nil; bytes = bytes[size:] {
		list = append(list, element(bytes[:size]))
	}
	return list
}

// column copies the strings that the elements of a list begin with. One allocation is for all of them: who keeps one
// keeps all.
func (l *lifting) column(elements []byte, size int) []string {
	total := uint64(0)
	for at := 0; at < len(elements); at += size {
		total += uint64(le.Uint32(elements[at+4:]))
	}
	if len(elements) == 0 || !l.spend(total) {
		return nil
	}
	var all strings.Builder
	all.Grow(int(total))
	for at := 0; at < len(elements); at += size {
		s := spanAt(elements[at:])
		if s.length > 0 {
			all.Write(l.bytes(s.at, uint64(s.length), align1))
		}
	}
	if l.err != nil {
		return nil
	}
	text, list := all.String(), make([]string, 0, len(elements)/size)
	isValid := utf8.ValidString(text)
	for at := 0; at < len(elements); at += size {
		length := le.Uint32(elements[at+4:])
		list = append(list, text[:length])
		text = text[length:]
		// All of it can be valid where a character begins in one string and ends in the next.
		isValid = isValid && (text == "" || utf8.RuneStart(text[0]))
	}
	if !isValid {
		l.malformed("it returns a string that is not UTF-8")
		return nil
	}
	return list
}

func (l *lifting) strings(from []byte) []string {
	return l.column(l.elements(from, sizeString, align4, unsafe.Sizeof("")), sizeString)
}

func (l *lifting) labels(from []byte) map[string]string {
	texts := l.column(l.elements(from, sizeLabel, align4, 2*unsafe.Sizeof("")), sizeString)
	if texts == nil {
		return nil
	}
	labels := make(map[string]string, len(texts)/2)
	for i := 0; i < len(texts); i += 2 {
		labels[texts[i]] = texts[i+1]
	}
	if len(labels) < len(texts)/2 {
		l.malformed("it returns two labels of one key")
	}
	return labels
}

func (l *lifting) traffic(tag byte) TrafficStatus {
	return TrafficStatus(l.enum(trafficStatuses, tag))
}

func ratio(from []byte) float64 {
	return math.Float64frombits(le.Uint64(from))
}
