package pointsman

import "context"

// Calls through a registry: by the strategy's name, and counted.

// Evaluated is a result, and which plugin gave it.
type Evaluated[T any] struct {
	// Plugin is the plugin that gave it.
	Plugin PluginID
	// Value is its result.
	Value T
}

// EvaluateCycle decides one cycle with the strategy of this name. It fails as [Plugin.EvaluateCycle] does, and with an
// [UnknownStrategyError] or a [CircuitOpenError].
func (r *Registry) EvaluateCycle(
	ctx context.Context, name string, routes []Route, spec *Spec,
) (Evaluated[*RouteChanges], error) {
	return evaluate(r, name, func(plugin *Plugin) (*RouteChanges, judgement, error) {
		plan, err := plugin.EvaluateCycle(ctx, routes, spec)
		return plan, judge(err), err
	})
}

// EvaluateCycleUnder is EvaluateCycle for a deployment that has a policy of its own.
func (r *Registry) EvaluateCycleUnder(
	ctx context.Context, name string, policy Policy, routes []Route, spec *Spec,
) (Evaluated[*RouteChanges], error) {
	return evaluate(r, name, func(plugin *Plugin) (*RouteChanges, judgement, error) {
		plan, err := plugin.EvaluateCycleUnder(ctx, policy, routes, spec)
		return plan, judge(err), err
	})
}

// EvaluateCycles decides cycles of many rollouts with the strategy of this name, as [Plugin.EvaluateCycles] does.
// However many requests of it fail, a batch counts as one failure; one without requests calls nothing and counts as
// nothing.
func (r *Registry) EvaluateCycles(ctx context.Context, name string, requests []Request) (Evaluated[[]Result], error) {
	if len(requests) == 0 {
		slot, err := r.slot(name)
		if err != nil {
			return Evaluated[[]Result]{}, err
		}
		return Evaluated[[]Result]{slot.versions.Load().current.plugin.ID(), []Result{}}, nil
	}
	return evaluate(r, name, func(plugin *Plugin) ([]Result, judgement, error) {
		results, err := plugin.EvaluateCycles(ctx, requests)
		judged := judge(err)
		for _, result := range results {
			judged.add(judge(result.Err))
		}
		return results, judged, err
	})
}

// EvaluateCyclesJSON is EvaluateCycles through the JSON entry point; see [Plugin.EvaluateCyclesJSON].
func (r *Registry) EvaluateCyclesJSON(ctx context.Context, name, requests string) (Evaluated[string], error) {
	return evaluate(r, name, func(plugin *Plugin) (string, judgement, error) {
		answers, err := plugin.answers(ctx, requests)
		judged := judge(err)
		if len(answers.violations) > 0 {
			judged.add(judgement{OutcomeRejected, answers.violations})
		}
		return answers.text, judged, err
	})
}

func evaluate[T any](r *Registry, name string, call func(plugin *Plugin) (T, judgement, error)) (Evaluated[T], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[T]{}, err
	}
	return callCurrent(slot, call)
}
