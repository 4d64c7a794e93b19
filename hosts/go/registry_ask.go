package pointsman

import "context"

// Questions to a registry's current versions that are of no deployment, and say nothing of the version.

// Current is the current version of a strategy. It fails with an [UnknownStrategyError].
func (r *Registry) Current(name string) (VersionStatus, error) {
	slot, err := r.slot(name)
	if err != nil {
		return VersionStatus{}, err
	}
	return slot.versions.Load().current.status(), nil
}

// Describe gives what the current version of a strategy said of itself when it was loaded. It fails with an
// [UnknownStrategyError].
func (r *Registry) Describe(name string) (Evaluated[Description], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[Description]{}, err
	}
	current := slot.versions.Load().current
	return Evaluated[Description]{current.plugin.ID(), current.description}, nil
}

// CurrentPlugin is the plugin of the current version of a strategy: calls of it by itself count for nothing, and are no
// deployment's. It is the registry's to close: once it was swapped away, and is none to revert to any more, calls of it
// fail with [ErrClosed]. It fails with an [UnknownStrategyError].
func (r *Registry) CurrentPlugin(name string) (*Plugin, error) {
	slot, err := r.slot(name)
	if err != nil {
		return nil, err
	}
	return slot.versions.Load().current.plugin, nil
}

// CheckConfig is [Plugin.CheckConfig] of the current version of a strategy. It counts for nothing, and fails also with
// an [UnknownStrategyError].
func (r *Registry) CheckConfig(
	ctx context.Context, name, config string, targetReplicas uint32,
) (Evaluated[Commitment], error) {
	return r.checkConfig(ctx, name, nil, config, targetReplicas)
}

// CheckConfigUnder is CheckConfig for a deployment that has a policy of its own.
func (r *Registry) CheckConfigUnder(
	ctx context.Context, name string, policy Policy, config string, targetReplicas uint32,
) (Evaluated[Commitment], error) {
	return r.checkConfig(ctx, name, &policy, config, targetReplicas)
}

func (r *Registry) checkConfig(
	ctx context.Context, name string, policy *Policy, config string, targetReplicas uint32,
) (Evaluated[Commitment], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[Commitment]{}, err
	}
	held, err := slot.hold(false)
	if err != nil {
		return Evaluated[Commitment]{}, err
	}
	defer held.release()
	plugin := held.versions.current.plugin.held()
	commitment, err := plugin.WithGuard(plugin.guard.under(policy)).CheckConfig(ctx, config, targetReplicas)
	return Evaluated[Commitment]{plugin.ID(), commitment}, err
}
