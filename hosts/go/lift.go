package pointsman

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
	"unsafe"
)

// The contract's types on their way out of a plugin, by the canonical ABI. Nothing that a plugin returns is believed: pointers
// and lengths are checked against its memory, words against the contract's, text for being UTF-8, and all of it together
// against the response limit before it is copied.

// malformedError says what is wrong with a response.
type malformedError struct{ error }

func malformed(err error) error {
	return &malformedError{err}
}

// lifting copies values out of an instance's memory. The first thing that is wrong stays in err, and what comes after is zero.
type lifting struct {
	memory []byte
	// allowance is how much more may be copied, in bytes as the host holds them.
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
	text := l.string(from[4:])
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
	return moment(le.Uint64(from[8:]))
}

// liftList copies a list; nil where it is empty.
func liftList[T any](l *lifting, from []byte, size uint64, align uint32, element func(from []byte) T) []T {
	var zero T
	s := spanAt(from)
	bytes := l.bytes(s.at, uint64(s.length)*size, align)
	if s.length == 0 || bytes == nil || !l.spend(uint64(s.length)*uint64(unsafe.Sizeof(zero))) {
		return nil
	}
	list := make([]T, 0, s.length)
	for ; len(bytes) > 0 && l.err == nil; bytes = bytes[size:] {
		list = append(list, element(bytes[:size]))
	}
	return list
}

func (l *lifting) strings(from []byte) []string {
	return liftList(l, from, sizeString, align4, l.string)
}

func (l *lifting) plan(from []byte) *RouteChanges {
	rollout := func(from []byte) RolloutSpec {
		return RolloutSpec{
			Count: le.Uint32(from), Revision: l.string(from[4:]), TrafficStatus: TrafficStatus(l.enum(trafficStatuses, from[12])),
			TrafficRatio: math.Float64frombits(le.Uint64(from[16:])),
		}
	}
	change := func(from []byte) TrafficChange {
		return TrafficChange{
			RouteID: l.string(from), TrafficStatus: TrafficStatus(l.enum(trafficStatuses, from[8])),
			TrafficRatio: math.Float64frombits(le.Uint64(from[16:])),
		}
	}
	return &RouteChanges{
		SubStep:          SubStep(l.enum(subSteps, from[0])),
		RolloutSpecs:     liftList(l, from[4:], sizeRolloutSpec, align8, rollout),
		PromoteRouteIDs:  l.strings(from[12:]),
		TrafficChanges:   liftList(l, from[20:], sizeTrafficChange, align8, change),
		DrainRouteIDs:    l.strings(from[28:]),
		Reason:           Reason{Code: l.string(from[36:]), Message: l.string(from[44:]), BlockingRouteIDs: l.strings(from[52:])},
		NextEvaluationAt: l.optionalMoment(from[64:]),
		Memo:             l.optionalString(from[80:]),
	}
}

// evaluation is result<route-changes, evaluation-error>.
func (l *lifting) evaluation(at uint32) (*RouteChanges, *RefusedError) {
	from := l.record(at, sizeEvaluation, align8)
	if !l.isError(from[0]) {
		return l.plan(from[8:]), nil
	}
	kinds := []error{ErrInvalidConfig, ErrInvalidRoutes}
	if int(from[8]) >= len(kinds) {
		l.malformed("it returns an error that the contract does not have")
		return nil, nil
	}
	return nil, &RefusedError{Kind: kinds[from[8]], Message: l.string(from[12:])}
}

// textOrError is result<string, string>.
func (l *lifting) textOrError(at uint32) (text string, err error) {
	from := l.record(at, sizeTextOrError, align4)
	text = l.string(from[4:])
	if l.isError(from[0]) {
		return "", errors.New(text)
	}
	return text, nil
}

// onlyError is result<_, string>.
func (l *lifting) onlyError(at uint32) error {
	from := l.record(at, sizeTextOrError, align4)
	if l.isError(from[0]) {
		return errors.New(l.string(from[4:]))
	}
	return nil
}

func (l *lifting) description(at uint32) Description {
	from := l.record(at, sizeDescription, align4)
	return Description{
		Name: l.string(from), Version: l.string(from[8:]), Summary: l.string(from[16:]), ConfigSchema: l.string(from[24:]),
	}
}

func (l *lifting) violations(at uint32) []Violation {
	return liftList(l, l.record(at, sizeString, align4), sizeViolation, align4, func(from []byte) Violation {
		return Violation{Code: ViolationCode(l.string(from)), RouteIDs: l.strings(from[8:]), Message: l.string(from[16:])}
	})
}
