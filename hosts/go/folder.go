package pointsman

import (
	"context"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// lookForFolder is the retry interval while the watched folder is missing.
const lookForFolder = time.Second

// folder is one as it is known.
type folder struct {
	registry *Registry
	path     string
	options  WatchOptions
	// watcher is nil where the folder is looked at every so often.
	watcher *fsnotify.Watcher
	// seen has the files that something was done about, with their digests or why they could not be read.
	seen map[string]string
	// read has the files that were read and are loaded unless they change.
	read map[string]componentFile
	// isStale tells that something has changed since the last look, isLost that the folder is gone, and its watch with it.
	isStale, isLost bool
}

// wait is for how long nothing has to happen before something is done.
func (f *folder) wait() time.Duration {
	switch {
	case f.isStale || len(f.read) > 0:
		return f.options.Quiet
	case f.isLost:
		return lookForFolder
	case f.options.Poll > 0:
		return f.options.Poll
	default:
		// For ever: only an event is waited for.
		return math.MaxInt64
	}
}

// note takes note of an event; what it is about has to be read again. It tells whether the event changes anything.
func (f *folder) note(event fsnotify.Event) bool {
	if event.Name == f.path && event.Has(fsnotify.Remove|fsnotify.Rename) {
		f.lose()
		return true
	}
	if event.Op == fsnotify.Write && !isPlugin(event.Name) {
		// A log that is written to all the time keeps nobody from loading plugins.
		return false
	}
	delete(f.read, filepath.Join(f.path, filepath.Base(event.Name)))
	f.isStale = true
	return true
}

// forget starts from nothing: anything may have changed.
func (f *folder) forget() {
	clear(f.read)
	f.isStale = true
}

func (f *folder) lose() {
	f.registry.host.log.Error("the folder is gone; what it held goes on", "folder", f.path)
	f.isLost, f.isStale = true, false
	clear(f.read)
}

// look reads what has changed.
func (f *folder) look() {
	f.isStale = false
	paths, err := pluginsIn(f.path)
	if err != nil {
		f.lose()
		return
	}
	maps.DeleteFunc(f.seen, func(path, _ string) bool { return !slices.Contains(paths, path) })
	for _, path := range paths {
		if _, isRead := f.read[path]; isRead {
			continue
		}
		file, err := f.registry.host.read(path)
		switch {
		case err != nil:
			if f.seen[path] != err.Error() {
				f.seen[path] = err.Error()
				f.tell(path, Swap{}, &SwapError{Plugin: PluginID{Name: path}, Kind: ErrSwapLoad, Cause: err})
			}
		case len(file.bytes) == 0:
			// Somebody has just begun to write it.
		case f.seen[path] != file.id.Digest:
			f.read[path] = file
		}
	}
}

// load loads what was read and has not changed since, in the order of the files' names.
func (f *folder) load(ctx context.Context) {
	for _, path := range slices.Sorted(maps.Keys(f.read)) {
		file := f.read[path]
		delete(f.read, path)
		// Not every change has its event: none where the folder is looked at every so often, none of what a link points to.
		if again, err := f.registry.host.read(path); err != nil || again.id.Digest != file.id.Digest {
			f.isStale = true
			continue
		}
		f.seen[path] = file.id.Digest
		swap, err := f.registry.changeTo(ctx, swapRequest{}, file)
		f.tell(path, swap, err)
	}
}

func (f *folder) tell(path string, swap Swap, err error) {
	f.registry.report(swapRequest{}, path, swap, err)
	if f.options.OnChange == nil {
		return
	}
	// The other files, and the next change of this one, are none of the callback's business.
	if words, hasPanicked := contained(func() { f.options.OnChange(FileResult{path, swap, err}) }); hasPanicked {
		f.registry.host.log.Error("the callback of a watched folder panicked", "file", path, "panic", words)
	}
}

// lookForFolder watches the folder again once it is back.
func (f *folder) lookForFolder() {
	if info, err := os.Stat(f.path); err != nil || !info.IsDir() {
		return
	}
	if f.watcher != nil {
		// The old watch may still be there, and is of no use.
		_ = f.watcher.Remove(f.path)
		if f.watcher.Add(f.path) != nil {
			return
		}
	}
	f.registry.host.log.Info("the folder is back", "folder", f.path)
	f.isLost = false
	f.forget()
}

// pluginsIn are the plugins in a folder, in the order of their names: every `*.wasm` that is not hidden.
func pluginsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if path := filepath.Join(folder, entry.Name()); isPlugin(path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func isPlugin(path string) bool {
	return filepath.Ext(path) == ".wasm" && !strings.HasPrefix(filepath.Base(path), ".")
}
