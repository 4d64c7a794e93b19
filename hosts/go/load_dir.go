package pointsman

import (
	"cmp"
	"context"
	"maps"
	"slices"
)

// Loading a folder once, and what is loaded where it has nothing good.

// LoadDir loads every `*.wasm` file of a folder that is not hidden, each under the name that it says it has. Of several
// files of one strategy the newest version runs, by semantic versioning; of those that have the same version and are
// not the same, none is switched to ([ErrSwapRival]). What cannot be loaded keeps nothing else from being loaded. Where
// nothing is loaded of a strategy whose last good version is in the state folder, that is loaded; it comes last in the
// list.
//
// It fails only where the folder cannot be read; what came of each file is in the list, in the order of their names.
func (r *Registry) LoadDir(ctx context.Context, folder string) ([]FileResult, error) {
	paths, err := pluginsIn(folder)
	if err != nil {
		return nil, err
	}
	var results []FileResult
	var files []fileRead
	for _, path := range paths {
		file, err := r.host.read(path)
		if err != nil {
			failed := unreadable(path, err)
			r.report(swapRequest{}, path, Swap{}, failed)
			results = append(results, FileResult{Path: path, Err: failed})
			continue
		}
		files = append(files, fileRead{path, file})
	}
	results = append(results, r.changeAll(ctx, swapRequest{}, files, map[string]heldFile{})...)
	slices.SortFunc(results, func(a, b FileResult) int { return cmp.Compare(a.Path, b.Path) })
	return append(results, r.complete(ctx)...), nil
}

// complete is what comes after a folder was loaded: the last good versions of strategies of which nothing was, and
// warnings of what is missing.
func (r *Registry) complete(ctx context.Context) []FileResult {
	results := r.fallBack(ctx)
	r.checkGuards()
	return results
}

// fallBack loads the last good version of each strategy of which nothing was loaded.
func (r *Registry) fallBack(ctx context.Context) []FileResult {
	if r.state == nil {
		return nil
	}
	var results []FileResult
	for _, name := range r.state.strategies() {
		if _, err := r.slot(name); err == nil {
			continue
		}
		good := r.state.readGood(name)
		if good == nil || r.quarantine.has(good.file.id.Digest) {
			continue
		}
		swap, err := r.changeTo(ctx, swapRequest{name: name}, good.file)
		r.report(swapRequest{name: name}, good.path, swap, err)
		if err == nil {
			why := "nothing else loads"
			if len(r.quarantine.of(name)) > 0 {
				why = "another version is quarantined"
			}
			r.host.log.Warn("loaded the last good version "+shown(good.version)+": "+why, "strategy", name)
		}
		results = append(results, FileResult{good.path, swap, err})
	}
	return results
}

// checkGuards tells operators of guards for strategies that are not there: `rolling_update` is a file, not a name.
func (r *Registry) checkGuards() {
	r.mutex.RLock()
	known := slices.Sorted(maps.Keys(r.slots))
	r.mutex.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(r.options.Guards)) {
		if !slices.Contains(known, name) {
			r.host.log.Warn("there is a guard for a strategy that is not loaded", "strategy", shown(name),
				"loaded", cmp.Or(listed(known), "none"))
		}
	}
}
