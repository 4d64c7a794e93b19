package pointsman

import (
	"context"
	"fmt"
	"time"
)

// Calls through a registry: by the strategy's name, for a deployment, and counted.

// longestDeployment is the longest key of a deployment, in bytes.
const longestDeployment = 256

// Evaluated is a result, and which plugin gave it.
type Evaluated[T any] struct {
	// Plugin is the plugin that gave it; of a batch, the current version.
	Plugin PluginID
	// Value is its result.
	Value T
}

// EvaluateCycle decides one cycle of a deployment with the strategy of this name. The deployment's key is any text of 1
// to 256 bytes, the same for all of its cycles; the plugin does not see it.
//
// It fails as [Plugin.EvaluateCycle] does, and with an [UnknownStrategyError], a [CircuitOpenError], or an
// [ArgumentError] for the key.
func (r *Registry) EvaluateCycle(
	ctx context.Context, name, deployment string, routes []Route, spec *Spec,
) (Evaluated[*RouteChanges], error) {
	return r.evaluate(ctx, name, &Request{Routes: routes, Deployment: deployment}, spec)
}

// EvaluateCycleUnder is EvaluateCycle for a deployment that has a policy of its own.
func (r *Registry) EvaluateCycleUnder(
	ctx context.Context, name, deployment string, policy Policy, routes []Route, spec *Spec,
) (Evaluated[*RouteChanges], error) {
	return r.evaluate(ctx, name, &Request{Routes: routes, Policy: &policy, Deployment: deployment}, spec)
}

func (r *Registry) evaluate(
	ctx context.Context, name string, request *Request, spec *Spec,
) (Evaluated[*RouteChanges], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[*RouteChanges]{}, err
	}
	if err := checkDeployment(request.Deployment); err != nil {
		return Evaluated[*RouteChanges]{}, err
	}
	held, admitted, err := slot.begin(request.Deployment, func() uint64 { return inputOf(spec) })
	if err != nil {
		return Evaluated[*RouteChanges]{}, err
	}
	defer held.release()
	if admitted.isOpen {
		return Evaluated[*RouteChanges]{}, held.refuse(&admitted)
	}
	plugin := held.version(&admitted).plugin
	start := time.Now()
	var plan *RouteChanges
	if request.Policy != nil {
		plan, err = plugin.held().EvaluateCycleUnder(ctx, *request.Policy, request.Routes, spec)
	} else {
		plan, err = plugin.held().EvaluateCycle(ctx, request.Routes, spec)
	}
	judged := judge(err)
	copied := func() *Request {
		whole := *request
		whole.Spec = *spec
		return &whole
	}
	held.finish(&admitted, judged, time.Since(start), err, func() asking { return askTyped(copied()) })
	if judged.outcome != OutcomeHost {
		slot.observe(plugin.ID(), func() []observedRequest {
			return []observedRequest{observedValues(copied(), plan, err)}
		})
	}
	if err != nil {
		return Evaluated[*RouteChanges]{}, err
	}
	return Evaluated[*RouteChanges]{plugin.ID(), plan}, nil
}

func checkDeployment(key string) error {
	switch {
	case key == "":
		return &ArgumentError{"deployment", "is empty; every call through a registry is of a deployment"}
	case len(key) > longestDeployment:
		return &ArgumentError{"deployment", fmt.Sprintf("has %d bytes; at most %d are allowed", len(key),
			longestDeployment)}
	}
	return nil
}

// shownDeployment is a deployment's key in messages.
func shownDeployment(key string) string { return tidied(key, longestDeployment) }
