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

// bytes is memory that was allocated. It is good until the next allocation.
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

// list copies a list whose elements have a size: first `strings` for each, which may allocate, then `element` into its place.
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

// spec is a spec whose strings and lists were copied.
type loweredSpec struct {
	revision, checks, config, memo span
	startedAt, now                 uint64
	// request counts from 1; 0 is none.
	request uint8
	hasMemo bool
	target  uint32
}

func (l *lowering) spec(spec *Spec) loweredSpec {
	mark := len(l.spans)
	lowered := loweredSpec{
		revision: l.string(spec.DeployingRevision, "spec.deploying_revision", -1),
		checks: lowerList(l, spec.Checks, sizeCheck, align4,
			func(i int, check *Check) { l.spans = append(l.spans, l.string(check.Name, "spec.checks[%d].name", i)) },
			func(to []byte, i int, check *Check) {
				putSpan(to, l.spans[mark+i])
				to[8] = l.enum(checkOutcomes, uint8(check.Outcome), "spec.checks[%d].outcome", i)
			}),
		config:    l.string(spec.config(), "spec.config", -1),
		startedAt: l.moment(spec.StartedAt, "spec.started_at", -1),
		now:       l.moment(spec.Now, "spec.now", -1),
		request:   uint8(spec.OperatorRequest),
		target:    spec.TargetReplicas,
		hasMemo:   spec.Memo != nil,
	}
	if spec.OperatorRequest != NoRequest {
		l.enum(operatorRequests, uint8(spec.OperatorRequest), "spec.operator_request", -1)
	}
	if spec.Memo != nil {
		lowered.memo = l.string(*spec.Memo, "spec.memo", -1)
	}
	l.spans = l.spans[:mark]
	return lowered
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// flat gives the parameters of evaluate-cycle. They are sixteen, just as many as are passed one by one.
func (l *lowering) flat(routes span, spec loweredSpec) {
	operator := uint64(0)
	if spec.request > 0 {
		operator = uint64(spec.request - 1)
	}
	copy(l.stack, []uint64{
		uint64(routes.at), uint64(routes.length),
		uint64(spec.revision.at), uint64(spec.revision.length), uint64(spec.target), spec.startedAt, spec.now,
		uint64(min(spec.request, 1)), operator,
		uint64(spec.checks.at), uint64(spec.checks.length), uint64(spec.config.at), uint64(spec.config.length),
		uint64(bit(spec.hasMemo)), uint64(spec.memo.at), uint64(spec.memo.length),
	})
}

// put writes a spec as a record.
func (s loweredSpec) put(to []byte) {
	putSpan(to, s.revision)
	le.PutUint32(to[8:], s.target)
	le.PutUint64(to[16:], s.startedAt)
	le.PutUint64(to[24:], s.now)
	to[32] = min(s.request, 1)
	to[33] = s.request - to[32]
	putSpan(to[36:], s.checks)
	putSpan(to[44:], s.config)
	to[52] = bit(s.hasMemo)
	putSpan(to[56:], s.memo)
}

// loweredPlan is a plan whose strings and lists were copied.
type loweredPlan struct {
	plan                                                             *RouteChanges
	rollouts, promote, traffic, drain, code, message, blocking, memo span
}

func (l *lowering) plan(plan *RouteChanges) loweredPlan {
	mark := len(l.spans)
	lowered := loweredPlan{
		plan: plan,
		rollouts: lowerList(l, plan.RolloutSpecs, sizeRolloutSpec, align8,
			func(i int, rollout *RolloutSpec) {
				l.spans = append(l.spans, l.string(rollout.Revision, "plan.rollout_specs[%d].revision", i))
			},
			func(to []byte, i int, rollout *RolloutSpec) {
				le.PutUint32(to, rollout.Count)
				putSpan(to[4:], l.spans[mark+i])
				to[12] = l.enum(trafficStatuses, uint8(rollout.TrafficStatus), "plan.rollout_specs[%d].traffic_status", i)
				le.PutUint64(to[16:], math.Float64bits(rollout.TrafficRatio))
			}),
	}
	l.spans = l.spans[:mark]
	lowered.promote = l.strings(plan.PromoteRouteIDs, "plan.promote_route_ids[%d]")
	lowered.traffic = lowerList(l, plan.TrafficChanges, sizeTrafficChange, align8,
		func(i int, change *TrafficChange) {
			l.spans = append(l.spans, l.string(change.RouteID, "plan.traffic_changes[%d].route_id", i))
		},
		func(to []byte, i int, change *TrafficChange) {
			putSpan(to, l.spans[mark+i])
			to[8] = l.enum(trafficStatuses, uint8(change.TrafficStatus), "plan.traffic_changes[%d].traffic_status", i)
			le.PutUint64(to[16:], math.Float64bits(change.TrafficRatio))
		})
	l.spans = l.spans[:mark]
	lowered.drain = l.strings(plan.DrainRouteIDs, "plan.drain_route_ids[%d]")
	lowered.code = l.string(plan.Reason.Code, "plan.reason.code", -1)
	lowered.message = l.string(plan.Reason.Message, "plan.reason.message", -1)
	lowered.blocking = l.strings(plan.Reason.BlockingRouteIDs, "plan.reason.blocking_route_ids[%d]")
	if plan.Memo != nil {
		lowered.memo = l.string(*plan.Memo, "plan.memo", -1)
	}
	return lowered
}

// putPlan writes a plan as a record.
func (l *lowering) putPlan(to []byte, p loweredPlan) {
	to[0] = l.enum(subSteps, uint8(p.plan.SubStep), "plan.sub_step", -1)
	for i, list := range []span{p.rollouts, p.promote, p.traffic, p.drain, p.code, p.message, p.blocking} {
		putSpan(to[4+i*sizeString:], list)
	}
	l.optionalMoment(to[64:], p.plan.NextEvaluationAt, "plan.next_evaluation_at", -1)
	to[80] = bit(p.plan.Memo != nil)
	putSpan(to[84:], p.memo)
}
