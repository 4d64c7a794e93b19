package pointsman

import "math"

// Specs and plans on their way into a plugin.

// loweredSpec is a spec whose strings and lists were copied.
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
