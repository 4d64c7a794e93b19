package pointsman

import (
	"context"
	"fmt"
)

// Changing a strategy's version: everything that can fail first, then the switch.

// swapRequest is a file, and what a swap may do with it.
type swapRequest struct {
	// name is the strategy that it must be; empty for the one that it says it is.
	name string
	// evenQuarantined tells whether a version is taken that is quarantined.
	evenQuarantined bool
	// trial has the terms, where it is tried first; may be nil.
	trial *Trial
}

// swap makes the plugin in a file the current one, and tells of it.
func (r *Registry) swap(ctx context.Context, request swapRequest, path string) (Swap, error) {
	file, err := r.host.read(path)
	if err != nil {
		err = unreadable(path, err)
		r.report(request, path, Swap{}, err)
		return Swap{}, err
	}
	swap, err := r.changeTo(ctx, request, file)
	r.report(request, path, swap, err)
	return swap, err
}

// unreadable is what it means for a swap that a file cannot be read.
func unreadable(path string, err error) *SwapError {
	return &SwapError{Plugin: PluginID{Name: path}, Kind: ErrSwapLoad, Cause: err}
}

// changeTo is swap for a file that was read.
func (r *Registry) changeTo(ctx context.Context, request swapRequest, file componentFile) (Swap, error) {
	if r.closed() {
		return Swap{}, &SwapError{Plugin: file.id, Kind: ErrSwapLoad, Cause: ErrClosed}
	}
	// Before the work of loading it.
	if slot, err := r.slot(request.name); err == nil {
		slot.change.Lock()
		done, isDone := slot.nothingToDo(request, file.id)
		slot.change.Unlock()
		if isDone {
			return done, nil
		}
	} else if !request.evenQuarantined && r.quarantine.has(file.id.Digest) {
		return Swap{Outcome: Quarantined, Plugin: file.id}, nil
	}
	version, err := r.load(ctx, request.name, file)
	if err != nil {
		return Swap{}, err
	}
	return r.install(ctx, request, version)
}

// load loads a version that is not switched to yet. It fails with a [SwapError].
func (r *Registry) load(ctx context.Context, expected string, file componentFile) (*version, error) {
	fail := func(kind error, detail string, cause error) (*version, error) {
		return nil, &SwapError{Plugin: file.id, Kind: kind, Detail: detail, Cause: cause, strategy: expected}
	}
	plugin, err := r.host.load(ctx, file, &strategyContract)
	if err != nil {
		return fail(ErrSwapLoad, "", err)
	}
	isKept := false
	defer func() {
		if !isKept {
			plugin.Close()
		}
	}()
	description, err := plugin.forBackground().Describe(ctx)
	if err != nil {
		return fail(ErrSwapDescribe, "", err)
	}
	if problem := checkDescription(&description); problem != "" {
		return fail(ErrSwapDescription, fmt.Sprintf("plugin %s describes itself wrongly: %s", file.id, problem), nil)
	}
	name := description.Name
	if expected != "" && expected != name {
		return fail(ErrSwapName, fmt.Sprintf("plugin %s is the strategy `%s`, not `%s`", file.id, name, shown(expected)), nil)
	}
	isKept = true
	made := &version{plugin: plugin.WithGuard(r.guard(name)), description: description}
	if r.state != nil {
		made.content = file.bytes
	}
	return made, nil
}

// install switches to a version that was loaded, or closes it.
func (r *Registry) install(ctx context.Context, request swapRequest, version *version) (Swap, error) {
	isKept := false
	defer func() {
		if !isKept {
			version.plugin.Close()
		}
	}()
	id := version.plugin.ID()
	closed := &SwapError{Plugin: id, Kind: ErrSwapLoad, Cause: ErrClosed}
	slot, isNew, failed := r.slotFor(ctx, version)
	switch {
	case failed != nil:
		return Swap{}, failed
	case slot == nil:
		return Swap{}, closed
	case isNew:
		isKept = true
		r.quarantine.release(id.Digest)
		return Swap{Outcome: Loaded, Plugin: id}, nil
	}
	slot.change.Lock()
	defer slot.change.Unlock()
	if r.closed() {
		return Swap{}, closed
	}
	if done, isDone := slot.nothingToDo(request, id); isDone {
		return done, nil
	}
	if err := slot.checks.pass(ctx, version); err != nil {
		return Swap{}, err
	}
	isKept = true
	if request.trial != nil {
		return slot.try(version, *request.trial), nil
	}
	swap := slot.switchTo(version)
	r.quarantine.release(id.Digest)
	return swap, nil
}

// slotFor gives the slot of a version's strategy; a new one with this version, where there is none, once it has passed
// the checks that were set before; none where the registry is closed.
func (r *Registry) slotFor(ctx context.Context, first *version) (*slot, bool, *SwapError) {
	name := first.description.Name
	for {
		r.mutex.RLock()
		slot, isThere := r.slots[name]
		checks, isClosed := r.checks[name], r.isClosed
		r.mutex.RUnlock()
		if isClosed {
			return nil, false, nil
		}
		if isThere {
			return slot, false, nil
		}
		if err := checks.pass(ctx, first); err != nil {
			return nil, false, err
		}
		if slot := r.add(first, checks); slot != nil {
			return slot, true, nil
		}
		// It was closed, another was first, or the checks are others by now.
	}
}

// add adds a strategy with its first version, unless something has changed since that passed its checks.
func (r *Registry) add(first *version, passed *Checks) *slot {
	name := first.description.Name
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, isThere := r.slots[name]; r.isClosed || isThere || r.checks[name] != passed {
		return nil
	}
	slot := newSlot(r, name, first)
	slot.checks = passed
	delete(r.checks, name)
	r.slots[name] = slot
	return slot
}

// nothingToDo tells whether a plugin need not be changed to, or must not. It is part of a change.
func (s *slot) nothingToDo(request swapRequest, id PluginID) (Swap, bool) {
	if current := s.versions.Load().current.plugin.ID(); current.Digest == id.Digest {
		return Swap{Outcome: Unchanged, Plugin: current}, true
	}
	if tried := s.tried.Load(); request.trial != nil && tried != nil && tried.version.plugin.ID().Digest == id.Digest {
		return Swap{Outcome: Unchanged, Plugin: id}, true
	}
	if !request.evenQuarantined && s.registry.quarantine.has(id.Digest) {
		return Swap{Outcome: Quarantined, Plugin: id}, true
	}
	return Swap{}, false
}
