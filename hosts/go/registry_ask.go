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

// CheckConfig is [Plugin.CheckConfig] of the current version of a strategy. It fails also with an
// [UnknownStrategyError].
func (r *Registry) CheckConfig(
	ctx context.Context, name, config string, targetReplicas uint32,
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
	commitment, err := plugin.CheckConfig(ctx, config, targetReplicas)
	return Evaluated[Commitment]{plugin.ID(), commitment}, err
}
