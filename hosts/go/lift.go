package pointsman

import (
	"errors"
	"fmt"
	"math"
	"strings"
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

// column copies the strings that the elements of a list begin with. One allocation is for all of them: who keeps one keeps all.
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

func (l *lifting) rollout(from []byte) RolloutSpec {
	return RolloutSpec{
		Count: le.Uint32(from[rolloutCount:]), Revision: l.string(from[rolloutRevision:]), TrafficStatus: l.traffic(from[rolloutTraffic]),
		TrafficRatio: ratio(from[rolloutRatio:]), Labels: l.labels(from[rolloutLabels:]),
	}
}

func (l *lifting) trafficChanges(from []byte) []TrafficChange {
	elements := l.elements(from, sizeTrafficChange, align8, unsafe.Sizeof(TrafficChange{}))
	ids := l.column(elements, sizeTrafficChange)
	if ids == nil {
		return nil
	}
	changes := make([]TrafficChange, len(ids))
	for i, id := range ids {
		from := elements[i*sizeTrafficChange:]
		changes[i] = TrafficChange{id, l.traffic(from[changeTraffic]), ratio(from[changeRatio:])}
	}
	return changes
}

func commitmentAt(from []byte) Commitment {
	return Commitment{LeastServing: le.Uint32(from), MostLive: le.Uint32(from[4:])}
}

func (l *lifting) progress(from []byte) *Progress {
	if !l.isSome(from[0]) {
		return nil
	}
	from = from[inOption8:]
	return &Progress{Step: le.Uint32(from), Steps: le.Uint32(from[4:]), Share: ratio(from[8:])}
}

func (l *lifting) plan(from []byte) *RouteChanges {
	plan := &RouteChanges{
		SubStep:         SubStep(l.enum(subSteps, from[planSubStep])),
		RolloutSpecs:    liftList(l, from[planRollouts:], sizeRolloutSpec, align8, l.rollout),
		PromoteRouteIDs: l.strings(from[planPromote:]),
		TrafficChanges:  l.trafficChanges(from[planTraffic:]),
		DrainRouteIDs:   l.strings(from[planDrain:]),
		Reason: Reason{
			Code: l.string(from[planCode:]), Message: l.string(from[planMessage:]), BlockingRouteIDs: l.strings(from[planBlocking:]),
		},
		NextEvaluationAt: l.optionalMoment(from[planNext:]),
		Memo:             l.optionalString(from[planMemo:]),
		Commitment:       commitmentAt(from[planCommitment:]),
		Progress:         l.progress(from[planProgress:]),
		Labels:           l.labels(from[planLabels:]),
	}
	if gate := l.optionalString(from[planGate:]); gate != nil {
		plan.Gate = *gate
	}
	return plan
}

// refusals are the kinds of what a plugin has against its input, in the contract's order, with their codes in JSON.
var refusals = []struct {
	kind error
	code string
}{{ErrInvalidConfig, "invalid_config"}, {ErrInvalidSpec, "invalid_spec"}, {ErrInvalidRoutes, "invalid_routes"}}

// evaluation is result<route-changes, evaluation-error>.
func (l *lifting) evaluation(at uint32) (*RouteChanges, *RefusedError) {
	from := l.record(at, sizeEvaluation, align8)
	if !l.isError(from[0]) {
		return l.plan(from[resultPlan:]), nil
	}
	kind := from[resultErrorKind]
	if int(kind) >= len(refusals) {
		l.malformed("it returns an error that the contract does not have")
		return nil, nil
	}
	return nil, &RefusedError{Kind: refusals[kind].kind, Message: l.string(from[resultErrorMessage:])}
}

// textOrError is result<string, string>.
func (l *lifting) textOrError(at uint32) (text string, err error) {
	from := l.record(at, sizeTextOrError, align4)
	text = l.string(from[resultText:])
	if l.isError(from[0]) {
		return "", errors.New(text)
	}
	return text, nil
}

// configVerdict is result<commitment, string>.
func (l *lifting) configVerdict(at uint32) (Commitment, error) {
	from := l.record(at, sizeConfigVerdict, align4)
	if l.isError(from[0]) {
		return Commitment{}, errors.New(l.string(from[resultText:]))
	}
	return commitmentAt(from[resultText:]), nil
}

func (l *lifting) description(at uint32) Description {
	from := l.record(at, sizeDescription, align4)
	return Description{
		Name: l.string(from), Version: l.string(from[8:]), Summary: l.string(from[16:]), ConfigSchema: l.string(from[24:]),
	}
}

func (l *lifting) violations(at uint32) []Violation {
	return liftList(l, l.record(at, sizeString, align4), sizeViolation, align4, func(from []byte) Violation {
		return Violation{
			Code: ViolationCode(l.string(from[violationCode:])), RouteIDs: l.strings(from[violationIDs:]),
			Message: l.string(from[violationMessage:]),
		}
	})
}
