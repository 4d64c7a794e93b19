package pointsman

import "math"

// Routes and specs on their way into a plugin. What has strings and lists of its own is copied first,
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

// evaluation puts the parameters of evaluate-cycle on the stack: there are more than are passed one by one.
func (l *lowering) evaluation(routes []Route, spec *Spec) {
	loweredRoutes, loweredSpec := l.routes(routes), l.spec(spec)
	at := l.allocate(sizeEvaluateParams, align8)
	to := l.bytes(at, sizeEvaluateParams)
	putSpan(to[paramRoutes:], loweredRoutes)
	loweredSpec.put(to[paramSpec:])
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
