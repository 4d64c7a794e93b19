package pointsman

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
)

// Trial of a new version in the shadow of the current one.
//
// Both decide every request; the current version's answer counts. The shadow runs on a goroutine of its own, after the
// caller has its answer, so that neither its errors nor the time it takes reach the caller. Where requests come faster
// than it decides them it skips some, and counts how many. It is told the memo that the current version wrote.

// mostObservations is the number of calls that wait for the shadow at most. Each is copied, so this bounds memory.
const mostObservations = 32

// tried is a version that is tried, and the queue of what it is to decide.
type tried struct {
	*Shadow
	slot    *slot
	version *version
	queue   chan observation
	// waiting counts what is in the queue or on its way there.
	waiting atomic.Int32
	cancel  context.CancelFunc
	done    chan struct{}
}

// observation is a call and what the current version decided in it.
type observation struct {
	current  PluginID
	requests []observedRequest
}

// observedRequest is one of a call: in Go values, or in JSON.
type observedRequest struct {
	deployment string
	values     *Request
	json       string
	decision   Decision
}

// observedValues is a request in Go values, which the caller may go on to change.
func observedValues(request *Request, plan *RouteChanges, err error) observedRequest {
	return observedRequest{deployment: request.Deployment, values: request.clone(), decision: decisionOf(plan, err)}
}

// text is the request as JSON.
func (o *observedRequest) text() string {
	if o.values == nil {
		return o.json
	}
	// What was handed to a plugin can be written.
	text, _ := o.values.MarshalJSON()
	return string(text)
}

// try puts a version beside the current one, during a change. One that was there until now is discarded.
func (s *slot) try(version *version, trial Trial) Swap {
	s.discardTried()
	ctx, cancel := context.WithCancel(context.Background())
	made := &tried{
		Shadow: newShadow(version.status(), trial, s.registry.options.Clock()), slot: s, version: version,
		queue: make(chan observation, mostObservations), cancel: cancel, done: make(chan struct{}),
	}
	s.tried.Store(made)
	s.lastShadow.Store(made.Shadow)
	go made.run(ctx)
	return Swap{Outcome: Shadowing, From: s.versions.Load().current.plugin.ID(), Plugin: version.plugin.ID()}
}

// discardTried ends a trial without a result, during a change, and tells whether there was one.
func (s *slot) discardTried() bool {
	old := s.tried.Swap(nil)
	if old == nil {
		return false
	}
	old.end(ComparisonDiscarded)
	old.cancel()
	old.version.plugin.Close()
	return true
}

// promoted notes, during a change, that a version is the current one now, if it is the one that was tried.
func (s *slot) promoted(current *version) {
	old := s.tried.Load()
	if old == nil || old.version.plugin.ID().Digest != current.plugin.ID().Digest {
		return
	}
	s.tried.Store(nil)
	old.end(ComparisonPromoted)
	old.cancel()
	if old.version != current {
		old.version.plugin.Close()
	}
}

// observe hands a call and its result over, if there is a trial and room for it. Only then is anything copied.
func (s *slot) observe(current PluginID, requests func() []observedRequest) {
	tried := s.tried.Load()
	if tried == nil || !tried.isRunning.Load() {
		return
	}
	if tried.waiting.Add(1) > mostObservations {
		tried.waiting.Add(-1)
		tried.skipped.Add(1)
		return
	}
	if copied := requests(); len(copied) > 0 {
		// There is a place for each that is counted.
		tried.queue <- observation{current, copied}
	} else {
		tried.waiting.Add(-1)
	}
}

// run decides what the current version decided, until the trial is over.
func (t *tried) run(ctx context.Context) {
	defer close(t.done)
	for {
		select {
		case <-ctx.Done():
			return
		case observed := <-t.queue:
			t.waiting.Add(-1)
			for i := range observed.requests {
				if !t.isRunning.Load() {
					return
				}
				t.compare(ctx, observed.current, &observed.requests[i])
				result := t.result(t.slot.registry.options.Clock(), t.slot.registry.options.RevertAfter)
				if result != "" {
					t.conclude(ctx, result)
					return
				}
			}
		}
	}
}

// compare calls the shadow with the same, and records the decisions; not where that says nothing about it.
func (t *tried) compare(ctx context.Context, current PluginID, observed *observedRequest) {
	plugin := t.version.plugin.forBackground()
	start := time.Now()
	var decision Decision
	var judged judgement
	if observed.values != nil {
		of := observed.values
		plan, err := plugin.WithGuard(plugin.guard.under(of.Policy)).EvaluateCycle(ctx, of.Routes, &of.Spec)
		if judged = judge(err); judged.outcome != OutcomeHost {
			decision = decisionOf(plan, err)
		}
	} else {
		answered, err := plugin.answers(ctx, "["+observed.json+"]")
		if judged = judge(err); err == nil {
			judged, decision = answered.judged[0], decisionOfJSON(answered.all[0])
		} else {
			decision = Decision{Failed: err.Error()}
		}
	}
	if ctx.Err() != nil {
		// Cut short, which says nothing either.
		return
	}
	t.counts.record(judged, time.Since(start))
	if judged.outcome == OutcomeHost {
		return
	}
	log := t.slot.log().With("deployment", shownDeployment(observed.deployment), "current", current, "shadow",
		t.version.plugin.ID())
	if judged.outcome.IsFailure() {
		log.Warn("the shadow has no plan", "outcome", judged.outcome, "error", shown(decision.Message+decision.Failed))
	}
	if fields := t.record(current, observed, decision); len(fields) > 0 {
		var words []string
		for _, field := range fields {
			words = append(words, field.String())
		}
		log.Warn("the shadow decides differently", "differences", shown(strings.Join(words, "; ")))
	}
}

// conclude draws the consequences of a trial that is over.
func (t *tried) conclude(ctx context.Context, result Comparison) {
	t.slot.change.Lock()
	defer t.slot.change.Unlock()
	if !t.isRunning.Load() {
		// Somebody ended it meanwhile.
		return
	}
	status := t.Status()
	t.slot.log().Info("trial over", "shadow", status.Version.Plugin, "comparison", result, "evaluations",
		status.Evaluations, "differences", status.Differences, "skipped", status.Skipped)
	if result != ComparisonPassed || !t.trial.AutoPromote {
		t.end(result)
		return
	}
	registry, file := t.slot.registry, status.Version.Plugin.Name
	// They may be others than when the trial began.
	if err := t.slot.checks.pass(ctx, t.version); err != nil {
		registry.report(swapRequest{name: t.slot.name}, file, Swap{}, err)
		t.end(ComparisonFailed)
		return
	}
	swap := t.slot.switchTo(t.version)
	registry.quarantine.release(swap.Plugin.Digest)
	registry.report(swapRequest{}, file, swap, nil)
}
