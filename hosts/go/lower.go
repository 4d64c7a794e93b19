package pointsman

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// The contract's types on their way into a plugin, by the component model's canonical ABI: each string and each list lies in
// memory of its own that the plugin gave (`cabi_realloc`) and owns. Sizes and offsets follow from wit/strategy.wit and
// wit/guard/guard.wit; the tests over the corpus and those of the guard would not pass with any of them wrong.

// Sizes and alignments of records, in bytes.
const (
	sizeString        = 8 // pointer and length; a list alike
	sizeRoute         = 56
	sizeCheck         = 12
	sizeSpec          = 64
	sizeRolloutSpec   = 24
	sizeTrafficChange = 24
	sizeRouteChanges  = 96
	sizePolicy        = 12
	sizeViolation     = 24
	sizeDescription   = 32
	sizeEvaluation    = 8 + sizeRouteChanges // result<route-changes, evaluation-error>
	sizeTextOrError   = 12                   // result<string, string>, and result<_, string>
	align4, align8    = 4, 8
	offsetGuardSpec   = sizeString
	offsetGuardPlan   = offsetGuardSpec + sizeSpec
	offsetGuardPolicy = offsetGuardPlan + sizeRouteChanges
	sizeGuardCheckIDs = offsetGuardPolicy
	sizeGuardCheck    = offsetGuardPolicy + sizePolicy + 4 // to a multiple of the alignment
	paramsEvaluate    = 16
)

// le writes and reads numbers as WebAssembly has them.
var le = binary.LittleEndian

// span is where a string or a list is.
type span struct{ at, length uint32 }

// lowering copies values into an instance. The first thing that goes wrong stays in err.
type lowering struct {
	*instance
	err error
}

func (l *lowering) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

// invalid says that an argument cannot be handed over.
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
		l.fail(malformed(errors.New("it gives memory that it does not have")))
		return align
	}
	return at
}

// bytes is memory that was allocated; good until the next allocation.
func (l *lowering) bytes(at uint32, size uint64) []byte {
	if l.err == nil {
		if bytes, ok := l.memory.Read(at, uint32(size)); ok {
			return bytes
		}
	}
	// Nobody looks at it: either something is wrong, or it is empty.
	return make([]byte, size)
}

// string copies a string. Its path in the argument is `argument`, with `%d` for `i`.
func (l *lowering) string(text string, argument string, i int) span {
	if !utf8.ValidString(text) {
		l.invalid(path(argument, i), "is not UTF-8")
	}
	at := l.allocate(uint64(len(text)), 1)
	if l.err == nil && len(text) > 0 {
		l.memory.WriteString(at, text)
	}
	return span{at, uint32(len(text))}
}

// path names an argument; made only where there is something to say about it.
func path(argument string, i int) string {
	if i < 0 {
		return argument
	}
	return fmt.Sprintf(argument, i)
}

// enum gives the case of a word.
func (l *lowering) enum(w words, value uint8, argument string, i int) byte {
	if !w.has(value) {
		l.invalid(path(argument, i), "is none of %s", w.list())
	}
	return value - 1
}

// moment gives milliseconds since 1970.
func (l *lowering) moment(at time.Time, argument string, i int) uint64 {
	const last = math.MaxUint64 / 1000
	seconds, millis := at.Unix(), uint64(at.Nanosecond())/1e6
	if seconds < 0 || seconds > last || seconds == last && millis > math.MaxUint64%1000 {
		l.invalid(path(argument, i), "is %s, not a moment from 1970 on that fits milliseconds in 64 bits", at.UTC().Format(time.RFC3339))
	}
	return uint64(seconds)*1000 + millis
}

// lowerList copies a list whose elements have a size: first `strings` of each, which allocates, then `put` into its place.
func lowerList[T any](l *lowering, list []T, size uint64, align uint32, strings func(i int, element *T), put func(to []byte, i int, element *T)) span {
	for i := range list {
		if l.err != nil {
			return span{}
		}
		strings(i, &list[i])
	}
	at := l.allocate(uint64(len(list))*size, align)
	if l.err != nil {
		return span{}
	}
	to := l.bytes(at, uint64(len(list))*size)
	for i := range list {
		put(to[uint64(i)*size:], i, &list[i])
	}
	return span{at, uint32(len(list))}
}

func putSpan(to []byte, s span) {
	le.PutUint32(to, s.at)
	le.PutUint32(to[4:], s.length)
}

func (l *lowering) strings(list []string, argument string) span {
	mark := len(l.spans)
	lowered := lowerList(l, list, sizeString, align4,
		func(i int, text *string) { l.spans = append(l.spans, l.string(*text, argument, i)) },
		func(to []byte, i int, _ *string) { putSpan(to, l.spans[mark+i]) })
	l.spans = l.spans[:mark]
	return lowered
}

func (l *lowering) routes(routes []Route) span {
	mark := len(l.spans)
	lowered := lowerList(l, routes, sizeRoute, align8,
		func(i int, route *Route) {
			l.spans = append(l.spans, l.string(route.ID, "routes[%d].id", i), l.string(route.Revision, "routes[%d].revision", i))
		},
		func(to []byte, i int, route *Route) {
			putSpan(to, l.spans[mark+2*i])
			putSpan(to[8:], l.spans[mark+2*i+1])
			to[16] = l.enum(routeStatuses, uint8(route.Status), "routes[%d].status", i)
			to[17] = l.enum(healthStatuses, uint8(route.Health), "routes[%d].health", i)
			to[18] = l.enum(trafficStatuses, uint8(route.TrafficStatus), "routes[%d].traffic_status", i)
			le.PutUint64(to[24:], math.Float64bits(route.TrafficRatio))
			le.PutUint64(to[32:], l.moment(route.CreatedAt, "routes[%d].created_at", i))
			l.optionalMoment(to[40:], route.StatusUpdatedAt, "routes[%d].status_updated_at", i)
		})
	l.spans = l.spans[:mark]
	return lowered
}

func (l *lowering) optionalMoment(to []byte, at time.Time, argument string, i int) {
	to[0] = 0
	if !at.IsZero() {
		to[0] = 1
		le.PutUint64(to[8:], l.moment(at, argument, i))
	}
}
