package pointsman

import (
	"errors"
	"unsafe"
)

// Results of the contract's functions, read from an instance's memory.

func (l *lifting) rollout(from []byte) RolloutSpec {
	return RolloutSpec{
		Count: le.Uint32(from[rolloutCount:]), Revision: l.string(from[rolloutRevision:]),
		TrafficStatus: l.traffic(from[rolloutTraffic]),
		TrafficRatio:  ratio(from[rolloutRatio:]), Labels: l.labels(from[rolloutLabels:]),
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
			Code: l.string(from[planCode:]), Message: l.string(from[planMessage:]),
			BlockingRouteIDs: l.strings(from[planBlocking:]),
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
