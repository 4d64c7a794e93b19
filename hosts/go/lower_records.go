package pointsman

import "math"

// Routes, specs, plans and policies on their way into a plugin. What has strings and lists of its own is copied first,
// which allocates, and written as a record then: memory that was given is good until the next allocation.

// optionalText is a string that may be none, copied.
type optionalText struct {
	isThere bool
	text    span
}

func (o optionalText) put(to []byte) {
	to[0] = bit(o.isThere)
	putSpan(to[inOption4:], o.text)
}

func (l *lowering) optionalText(text string, isThere bool, argument string) optionalText {
	if !isThere {
		return optionalText{}
	}
	return optionalText{true, l.string(text, argument, -1)}
}

// orEmpty is a text that may not be there.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (l *lowering) routes(routes []Route) span {
	lowered, to := l.list(len(routes), sizeRoute, align8)
	if l.err != nil {
		return lowered
	}
	hasLabels := false
	for i := range routes {
		route, to := &routes[i], to[i*sizeRoute:][:sizeRoute]
		l.length(to[routeID:], route.ID, "routes[%d].id", i)
		l.length(to[routeRevision:], route.Revision, "routes[%d].revision", i)
		to[routeStatus] = l.enum(routeStatuses, uint8(route.Status), "routes[%d].status", i)
		to[routeHealth] = l.enum(healthStatuses, uint8(route.Health), "routes[%d].health", i)
		to[routeTraffic] = l.enum(trafficStatuses, uint8(route.TrafficStatus), "routes[%d].traffic_status", i)
		le.PutUint64(to[routeRatio:], math.Float64bits(route.TrafficRatio))
		le.PutUint64(to[routeCreated:], l.moment(route.CreatedAt, "routes[%d].created_at", i))
		l.optionalMoment(to[routeUpdated:], route.StatusUpdatedAt, "routes[%d].status_updated_at", i)
		l.optionalEnum(to[routeEnd:], routeEnds, uint8(route.End), "routes[%d].end", i)
		putSpan(to[routeLabels:], span{at: align4})
		hasLabels = hasLabels || len(route.Labels) > 0
	}
	l.stringsAt(lowered.at+routeID, len(routes), sizeRoute, func(i int) string { return routes[i].ID })
	l.stringsAt(lowered.at+routeRevision, len(routes), sizeRoute, func(i int) string { return routes[i].Revision })
	for i := range routes {
		if hasLabels && len(routes[i].Labels) > 0 {
			l.labelsInto(lowered.at+uint32(i)*sizeRoute+routeLabels, routes[i].Labels, "routes[%d].labels", i)
		}
	}
	return lowered
}

// labelsInto copies labels, and writes where they are.
func (l *lowering) labelsInto(at uint32, labels map[string]string, argument string, i int) {
	lowered := l.labels(labels, argument, i)
	putSpan(l.bytes(at, sizeString), lowered)
}

// loweredSpec is a spec whose strings and lists were copied.
type loweredSpec struct {
	*Spec
	deploying, gates, checks, labels, config span
	stable, memo                             optionalText
	startedAt, now                           uint64
}

func (l *lowering) spec(spec *Spec) loweredSpec {
	return loweredSpec{
		Spec:      spec,
		deploying: l.string(spec.DeployingRevision, "spec.deploying_revision", -1),
		stable:    l.optionalText(spec.StableRevision, spec.StableRevision != "", "spec.stable_revision"),
		startedAt: l.moment(spec.StartedAt, "spec.started_at", -1),
		now:       l.moment(spec.Now, "spec.now", -1),
		gates:     l.strings(spec.Operator.PassedGates, "spec.operator.passed_gates[%d]"),
		checks:    l.checks(spec.Checks),
		labels:    l.labels(spec.Labels, "spec.labels", -1),
		config:    l.string(spec.config(), "spec.config", -1),
		memo:      l.optionalText(orEmpty(spec.Memo), spec.Memo != nil, "spec.memo"),
	}
}

func (l *lowering) checks(checks []Check) span {
	lowered, to := l.list(len(checks), sizeCheck, align8)
	if l.err != nil {
		return lowered
	}
	for i := range checks {
		check, to := &checks[i], to[i*sizeCheck:][:sizeCheck]
		l.length(to[checkName:], check.Name, "spec.checks[%d].name", i)
		to[checkOutcome] = l.enum(checkOutcomes, uint8(check.Outcome), "spec.checks[%d].outcome", i)
		l.optionalMoment(to[checkObserved:], check.ObservedAt, "spec.checks[%d].observed_at", i)
	}
	l.stringsAt(lowered.at+checkName, len(checks), sizeCheck, func(i int) string { return checks[i].Name })
	return lowered
}

// put writes a spec as a record.
func (s loweredSpec) put(to []byte) {
	putSpan(to[specDeploying:], s.deploying)
	s.stable.put(to[specStable:])
	le.PutUint32(to[specTarget:], s.TargetReplicas)
	le.PutUint64(to[specStarted:], s.startedAt)
	le.PutUint64(to[specNow:], s.now)
	to[specAbort], to[specPause], to[specPromote] = bit(s.Operator.Abort), bit(s.Operator.Pause), bit(s.Operator.Promote)
	putSpan(to[specGates:], s.gates)
	putSpan(to[specChecks:], s.checks)
	to[specLimits] = bit(s.Limits != nil)
	if s.Limits != nil {
		s.Limits.put(to[specLimits+inOption4:])
	}
	to[specPlaces] = bit(s.FreePlaces != nil)
	if s.FreePlaces != nil {
		le.PutUint32(to[specPlaces+inOption4:], *s.FreePlaces)
	}
	le.PutUint32(to[specSteps:], s.WeightSteps.Steps())
	putSpan(to[specLabels:], s.labels)
	putSpan(to[specConfig:], s.config)
	s.memo.put(to[specMemo:])
}

func (c *Commitment) put(to []byte) {
	le.PutUint32(to, c.LeastServing)
	le.PutUint32(to[4:], c.MostLive)
}

// put writes a policy as a record, which has no defaults.
func (p Policy) put(to []byte) {
	for i, amount := range []Amount{p.MaxUnavailable, p.MaxSurge, p.CompleteAt} {
		to := to[i*sizeAmount:]
		to[0] = byte(amount.unit - amountCount)
		le.PutUint32(to[4:], amount.value)
	}
}

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

// evaluation puts the parameters of evaluate-cycle on the stack: there are more than are passed one by one.
func (l *lowering) evaluation(routes []Route, spec *Spec) {
	loweredRoutes, loweredSpec := l.routes(routes), l.spec(spec)
	at := l.allocate(sizeEvaluateParams, align8)
	to := l.bytes(at, sizeEvaluateParams)
	putSpan(to[paramRoutes:], loweredRoutes)
	loweredSpec.put(to[paramSpec:])
	l.stack[0] = uint64(at)
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

// configCheck puts the parameters of check-config on the stack.
func (l *lowering) configCheck(config string, target uint32, limits *Commitment) {
	text := l.string(config, "config", -1)
	if limits == nil {
		limits = &Commitment{}
		l.stack[3] = 0
	} else {
		l.stack[3] = 1
	}
	l.stack[0], l.stack[1], l.stack[2] = uint64(text.at), uint64(text.length), uint64(target)
	l.stack[4], l.stack[5] = uint64(limits.LeastServing), uint64(limits.MostLive)
}
