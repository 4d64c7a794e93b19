package pointsman

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
)

// Log lines of swaps, for operators.

// report tells operators what came of a file.
func (r *Registry) report(request swapRequest, path string, swap Swap, err error) {
	log := r.host.log.With("file", shown(filepath.Clean(path)))
	switch {
	case err != nil:
		if kept := r.kept(request, path, err); kept != nil {
			version := kept.versions.Load().current.description.Version
			log.Error("swap failed; keeping "+version, "strategy", kept.name, "error", err)
			return
		}
		log.Error("swap failed", "error", err)
	case swap.Outcome == Loaded:
		log.Info("loaded", "plugin", swap.Plugin)
	case swap.Outcome == Swapped:
		log.Info("swapped", "from", swap.From, "to", swap.Plugin)
	case swap.Outcome == Shadowing:
		log.Info("trying a version in the shadow", "current", swap.From, "shadow", swap.Plugin)
	case swap.Outcome == Unchanged:
		log.Debug("unchanged", "plugin", swap.Plugin)
	case swap.Outcome == Quarantined:
		log.Warn("not swapped: this version failed before, and is quarantined", "plugin", swap.Plugin)
	}
}

// kept is the strategy whose version is kept where a swap fails; nil where none is known. What cannot be loaded does
// not say which one it is: then it is the one that the file's name was loaded as.
func (r *Registry) kept(request swapRequest, path string, err error) *slot {
	name := request.name
	var failed *SwapError
	if errors.As(err, &failed) && failed.strategy != "" {
		name = failed.strategy
	}
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	if name != "" {
		return r.slots[name]
	}
	for _, name := range slices.Sorted(maps.Keys(r.slots)) {
		if slot := r.slots[name]; slot.versions.Load().current.plugin.ID().Name == filepath.Base(path) {
			return slot
		}
	}
	return nil
}
