package pointsman

import "context"

// Trials of a registry: a version is tried beside the current one before it decides anything.

// Shadow tries the plugin in a file in the shadow of the current one for a name: both decide, the current one's answers
// count, and what the other decides differently is recorded; see [Shadow]. Before that it must pass what it must pass
// for a swap. Where there is no plugin of this name yet, it is loaded and not tried; a version that is tried already
// changes nothing; one that was tried until now is discarded.
//
// It fails with a [SwapError], and with [ErrInvalidOptions] for a trial that has no end.
func (r *Registry) Shadow(ctx context.Context, name, path string, trial Trial) (Swap, error) {
	if err := trial.validate(); err != nil {
		return Swap{}, err
	}
	return r.swap(ctx, swapRequest{name: name, evenQuarantined: true, trial: &trial}, path)
}

// LastShadow is the last version of a strategy that was tried, whatever came of it; nil where none was. It fails with
// an [UnknownStrategyError].
func (r *Registry) LastShadow(name string) (*Shadow, error) {
	slot, err := r.slot(name)
	if err != nil {
		return nil, err
	}
	return slot.lastShadow.Load(), nil
}

// Trials gives the status of each version that is tried or waits to be promoted, by the name of its strategy.
func (r *Registry) Trials() map[string]ShadowStatus {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	trials := map[string]ShadowStatus{}
	for name, slot := range r.slots {
		if tried := slot.tried.Load(); tried != nil {
			trials[name] = tried.Status()
		}
	}
	return trials
}

// Promote makes the version that is tried the current one, however its trial stands.
//
// It fails with an [UnknownStrategyError], with a [NoShadowError], and with a [SwapError] where the version does not
// pass the checks that are set by now; it goes on being tried then.
func (r *Registry) Promote(ctx context.Context, name string) (Swap, error) {
	slot, err := r.slot(name)
	if err != nil {
		return Swap{}, err
	}
	slot.change.Lock()
	defer slot.change.Unlock()
	tried := slot.tried.Load()
	if tried == nil {
		return Swap{}, &NoShadowError{name}
	}
	if err := slot.checks.pass(ctx, tried.version); err != nil {
		return Swap{}, err
	}
	swap := slot.switchTo(tried.version)
	r.quarantine.release(swap.Plugin.Digest)
	r.report(swapRequest{}, swap.Plugin.Name, swap, nil)
	return swap, nil
}

// DiscardShadow ends the trial of a strategy without a result, and gives its version back. It fails with an
// [UnknownStrategyError] and with a [NoShadowError].
func (r *Registry) DiscardShadow(name string) error {
	slot, err := r.slot(name)
	if err != nil {
		return err
	}
	slot.change.Lock()
	defer slot.change.Unlock()
	if !slot.discardTried() {
		return &NoShadowError{name}
	}
	return nil
}
