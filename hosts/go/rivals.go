package pointsman

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// Several files of one strategy in a folder: the newest version runs, however they are named or came there, so that
// after a restart the same runs as before.

// heldFile is a file of a folder of which it is known what is in it.
type heldFile struct {
	path, digest, strategy, version string
}

func (v *version) heldIn(path string) heldFile {
	return heldFile{path, v.plugin.ID().Digest, v.description.Name, v.description.Version}
}

// fileRead is a file of a folder, read.
type fileRead struct {
	path string
	file componentFile
}

// objection says why a file is not switched to beside the others of its folder; nil where it may be. `current` is the
// digest of what runs.
func (f *heldFile) objection(held map[string]heldFile, current string) *SwapError {
	for _, path := range slices.Sorted(maps.Keys(held)) {
		other := held[path]
		if other.strategy != f.strategy || other.digest == f.digest {
			continue
		}
		order, name, detail := compareVersions(other.version, f.version), shown(filepath.Base(other.path)), ""
		if order == 0 {
			detail = fmt.Sprintf("`%s` has version %s of `%s`, too: remove one of them, or give them different versions",
				name, other.version, f.strategy)
		} else if order > 0 && other.digest == current {
			detail = fmt.Sprintf("`%s` has %s, which is newer than %s", name, other.version, f.version)
		}
		if detail != "" {
			id := PluginID{filepath.Base(f.path), f.digest}
			return &SwapError{Plugin: id, Kind: ErrSwapRival, Detail: detail, strategy: f.strategy}
		}
	}
	return nil
}

// changeAll makes the newest version of each strategy in a folder the current one; the results are in the order of the
// files, and told. `held` are all files of the folder as far as they are known; those that are given are noted there.
func (r *Registry) changeAll(
	ctx context.Context, request swapRequest, files []fileRead, held map[string]heldFile,
) []FileResult {
	results := make([]FileResult, len(files))
	versions := map[string]*version{}
	places := map[string]int{}
	for i, each := range files {
		delete(held, each.path)
		places[each.path] = i
		results[i] = FileResult{Path: each.path}
		if current := r.running(each.file.id.Digest); current != nil {
			held[each.path] = current.heldIn(each.path)
			results[i].Swap = Swap{Outcome: Unchanged, Plugin: current.plugin.ID()}
		} else if r.quarantine.has(each.file.id.Digest) {
			results[i].Swap = Swap{Outcome: Quarantined, Plugin: each.file.id}
		} else if loaded, err := r.load(ctx, "", each.file); err != nil {
			results[i].Err = err
		} else {
			versions[each.path] = loaded
			held[each.path] = loaded.heldIn(each.path)
		}
	}
	// The newest comes last, to stay; what is to be reverted to is before it.
	order := slices.SortedFunc(maps.Keys(versions), func(a, b string) int {
		return cmp.Or(compareVersions(held[a].version, held[b].version), cmp.Compare(a, b))
	})
	for _, path := range order {
		result, each := &results[places[path]], held[path]
		if failed := each.objection(held, r.currentDigest(each.strategy)); failed != nil {
			versions[path].plugin.Close()
			result.Err = failed
		} else {
			result.Swap, result.Err = r.install(ctx, request, versions[path])
		}
	}
	for _, result := range results {
		r.report(request, result.Path, result.Swap, result.Err)
	}
	return results
}

// running is the current version with this digest; nil where no strategy runs on it.
func (r *Registry) running(digest string) *version {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	for _, slot := range r.slots {
		if current := slot.versions.Load().current; current.plugin.ID().Digest == digest {
			return current
		}
	}
	return nil
}

// currentDigest is that of the version that a strategy runs on; empty where it is not there.
func (r *Registry) currentDigest(name string) string {
	slot, err := r.slot(name)
	if err != nil {
		return ""
	}
	return slot.versions.Load().current.plugin.ID().Digest
}
