package pointsman

import (
	"context"
	"fmt"
	"time"
)

// Batches through a registry: many deployments at once, of which none spoils another's answer.

// batch is one under way.
type batch struct {
	held     held
	admitted []*admission
	// unreached takes a request that was not reached.
	unreached func(i int, err error)
	again     func(i int) asking
}

// newBatch admits what may be called of a batch, before any of it is.
func newBatch(held held, count int, unreached func(i int, err error), again func(i int) asking) batch {
	return batch{held, make([]*admission, count), unreached, again}
}

func (b *batch) begin(i int, deployment string, input func() uint64) error {
	admitted := b.held.versions.blame.begin(deployment, input, b.held.slot.registry.options.Clock)
	b.admitted[i] = &admitted
	if admitted.isOpen {
		return b.held.refuse(&admitted)
	}
	return nil
}

// run calls what was admitted, group by group, with the version that decides for it. What is left when the time is over
// was not reached.
func (b *batch) run(
	ctx context.Context, call func(ctx context.Context, plugin *Plugin, group []int) bool,
) {
	ctx, cancel := context.WithTimeout(ctx, b.held.slot.registry.options.BatchTime)
	defer cancel()
	for _, group := range order(b.admitted) {
		halve(group, func(group []int) bool {
			if isOver(ctx) {
				b.leave(group)
				return true
			}
			return call(ctx, b.held.version(b.admitted[group[0]]).plugin.held(), group)
		})
	}
}

// isOver tells whether the time is. A call looks at the deadline itself, and may notice before the context's timer.
func isOver(ctx context.Context) bool {
	end, hasEnd := ctx.Deadline()
	return ctx.Err() != nil || hasEnd && !time.Now().Before(end)
}

// leave says of a group that it was not reached.
func (b *batch) leave(group []int) {
	for _, i := range group {
		b.finish(i, judgement{outcome: OutcomeHost}, nil)
		b.unreached(i, fmt.Errorf("deployment `%s` %w", shownDeployment(b.admitted[i].deployment), ErrUnavailable))
	}
}

func (b *batch) finish(i int, judged judgement, err error) {
	b.held.finish(b.admitted[i], judged, notTimed, err, func() asking { return b.again(i) })
}

// EvaluateCycles decides cycles of many deployments with the strategy of this name: a result for each request, in the
// same order. Each must name its deployment, else its error is an [ArgumentError]. Requests share an instance, but for
// those of deployments that have failed; a failure spoils no other request. Each call has [Limits.Time], and all
// together have [RegistryOptions.BatchTime]: what is not reached in it has [ErrUnavailable].
//
// It fails as a whole with an [UnknownStrategyError], and where the registry was closed.
func (r *Registry) EvaluateCycles(ctx context.Context, name string, requests []Request) (Evaluated[[]Result], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[[]Result]{}, err
	}
	held, err := slot.hold(true)
	if err != nil {
		return Evaluated[[]Result]{}, err
	}
	defer held.release()
	results := make([]Result, len(requests))
	all := newBatch(held, len(requests), func(i int, err error) { results[i] = Result{Err: err} },
		func(i int) asking { return askTyped(&requests[i]) })
	for i := range requests {
		err := checkDeployment(requests[i].Deployment)
		if err == nil {
			err = all.begin(i, requests[i].Deployment, func() uint64 { return inputOf(&requests[i].Spec) })
		}
		results[i].Err = err
	}
	all.run(ctx, func(ctx context.Context, plugin *Plugin, group []int) bool {
		session, err := plugin.session(ctx, plugin.purpose)
		if err == nil {
			defer session.Close()
		}
		for at, i := range group {
			if isOver(ctx) {
				all.leave(group[at:])
				break
			}
			results[i] = Result{Plugin: plugin.ID(), Err: err}
			start := time.Now()
			if err == nil {
				guard := plugin.guard.under(requests[i].Policy)
				results[i].Plan, results[i].Err = session.evaluateUnder(ctx, guard, requests[i].Routes, &requests[i].Spec)
			}
			slot.counts.recordTime(time.Since(start))
			if results[i].Err != nil && isOver(ctx) {
				// Cut short by the batch's time.
				all.leave(group[at:])
				break
			}
			all.finish(i, judge(results[i].Err), results[i].Err)
		}
		return true
	})
	slot.observe(held.versions.current.plugin.ID(), func() []observedRequest {
		var observed []observedRequest
		for i := range results {
			if isDecided(&results[i]) {
				observed = append(observed, observedValues(&requests[i], results[i].Plan, results[i].Err))
			}
		}
		return observed
	})
	return Evaluated[[]Result]{held.versions.current.plugin.ID(), results}, nil
}

// isDecided tells whether a plugin was called for a result, and says something of it.
func isDecided(result *Result) bool {
	return result.Plugin != (PluginID{}) && judge(result.Err).outcome != OutcomeHost
}
