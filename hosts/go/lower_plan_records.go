package pointsman

import "math"

// Plans and policies on their way into the guard.

// loweredPlan is a plan whose strings and lists were copied.
type loweredPlan struct {
	*RouteChanges
	rollouts, promote, traffic, drain, code, message, blocking, labels span
	gate, memo                                                         optionalText
}

func (l *lowering) plan(plan *RouteChanges) loweredPlan {
	return loweredPlan{
		RouteChanges: plan,
		rollouts:     l.rollouts(plan.RolloutSpecs),
		promote:      l.strings(plan.PromoteRouteIDs, "plan.promote_route_ids[%d]"),
		traffic:      l.trafficChanges(plan.TrafficChanges),
		drain:        l.strings(plan.DrainRouteIDs, "plan.drain_route_ids[%d]"),
		code:         l.string(plan.Reason.Code, "plan.reason.code", -1),
		message:      l.string(plan.Reason.Message, "plan.reason.message", -1),
		blocking:     l.strings(plan.Reason.BlockingRouteIDs, "plan.reason.blocking_route_ids[%d]"),
		gate:         l.optionalText(plan.Gate, plan.Gate != "", "plan.gate"),
		memo:         l.optionalText(orEmpty(plan.Memo), plan.Memo != nil, "plan.memo"),
		labels:       l.labels(plan.Labels, "plan.labels", -1),
	}
}

func (l *lowering) rollouts(rollouts []RolloutSpec) span {
	lowered, to := l.list(len(rollouts), sizeRolloutSpec, align8)
	if l.err != nil {
		return lowered
	}
	for i := range rollouts {
		rollout, to := &rollouts[i], to[i*sizeRolloutSpec:][:sizeRolloutSpec]
		le.PutUint32(to[rolloutCount:], rollout.Count)
		l.length(to[rolloutRevision:], rollout.Revision, "plan.rollout_specs[%d].revision", i)
		to[rolloutTraffic] = l.enum(trafficStatuses, uint8(rollout.TrafficStatus), "plan.rollout_specs[%d].traffic_status", i)
		le.PutUint64(to[rolloutRatio:], math.Float64bits(rollout.TrafficRatio))
	}
	l.stringsAt(lowered.at+rolloutRevision, len(rollouts), sizeRolloutSpec,
		func(i int) string { return rollouts[i].Revision })
	for i := range rollouts {
		l.labelsInto(lowered.at+uint32(i)*sizeRolloutSpec+rolloutLabels, rollouts[i].Labels,
			"plan.rollout_specs[%d].labels", i)
	}
	return lowered
}

func (l *lowering) trafficChanges(changes []TrafficChange) span {
	lowered, to := l.list(len(changes), sizeTrafficChange, align8)
	if l.err != nil {
		return lowered
	}
	for i := range changes {
		change, to := &changes[i], to[i*sizeTrafficChange:][:sizeTrafficChange]
		l.length(to[changeID:], change.RouteID, "plan.traffic_changes[%d].route_id", i)
		to[changeTraffic] = l.enum(trafficStatuses, uint8(change.TrafficStatus), "plan.traffic_changes[%d].traffic_status", i)
		le.PutUint64(to[changeRatio:], math.Float64bits(change.TrafficRatio))
	}
	l.stringsAt(lowered.at+changeID, len(changes), sizeTrafficChange, func(i int) string { return changes[i].RouteID })
	return lowered
}

// putPlan writes a plan as a record.
func (l *lowering) putPlan(to []byte, p loweredPlan) {
	to[planSubStep] = l.enum(subSteps, uint8(p.SubStep), "plan.sub_step", -1)
	putSpan(to[planRollouts:], p.rollouts)
	putSpan(to[planPromote:], p.promote)
	putSpan(to[planTraffic:], p.traffic)
	putSpan(to[planDrain:], p.drain)
	putSpan(to[planCode:], p.code)
	putSpan(to[planMessage:], p.message)
	putSpan(to[planBlocking:], p.blocking)
	p.gate.put(to[planGate:])
	l.optionalMoment(to[planNext:], p.NextEvaluationAt, "plan.next_evaluation_at", -1)
	p.memo.put(to[planMemo:])
	p.Commitment.put(to[planCommitment:])
	to[planProgress] = bit(p.Progress != nil)
	if p.Progress != nil {
		to := to[planProgress+inOption8:]
		le.PutUint32(to, p.Progress.Step)
		le.PutUint32(to[4:], p.Progress.Steps)
		le.PutUint64(to[8:], math.Float64bits(p.Progress.Share))
	}
	putSpan(to[planLabels:], p.labels)
}

// guardCheck puts the parameters of the guard's check on the stack; those of check-ids where there is no policy. All of
// it came through a plugin, or from a text that did.
func (l *lowering) guardCheck(routes []Route, spec *Spec, plan *RouteChanges, policy *Policy) {
	l.isValid = true
	loweredRoutes, loweredSpec, loweredPlan := l.routes(routes), l.spec(spec), l.plan(plan)
	size := uint64(sizeCheckIDsParams)
	if policy != nil {
		size = sizeCheckParams
	}
	at := l.allocate(size, align8)
	to := l.bytes(at, size)
	putSpan(to[paramRoutes:], loweredRoutes)
	loweredSpec.put(to[paramSpec:])
	l.putPlan(to[paramPlan:], loweredPlan)
	if policy != nil {
		policy.put(to[paramPolicy:])
	}
	l.stack[0] = uint64(at)
}

// put writes a policy as a record, which has no defaults.
func (p Policy) put(to []byte) {
	for i, amount := range []Amount{p.MaxUnavailable, p.MaxSurge, p.CompleteAt} {
		to := to[i*sizeAmount:]
		to[0] = byte(amount.unit - amountCount)
		le.PutUint32(to[4:], amount.value)
	}
}
