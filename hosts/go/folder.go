package pointsman

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A folder of plugins: what changed in it, and loading that once it is whole.
//
// A file is loaded only when it is whole, as far as can be told: it is read once nothing about it has changed for a
// while, and what was read is thrown away if it has another digest after as long again. Files are told by what a link
// points to, so a link that comes to point elsewhere, as in folders that Kubernetes mounts, is a change like any other.

const (
	// firstRetry and longestRetry are the times until a file is tried again that failed for a reason that may pass.
	firstRetry, longestRetry = time.Second, time.Minute
)

// folder is one as it is known.
type folder struct {
	registry *Registry
	path     string
	options  WatchOptions
	// known has the files that something was done about, as they were then; nil for one that was not there.
	known map[string]fs.FileInfo
	// told has their digests, or why they could not be read.
	told map[string]string
	// pending has the files that have changed.
	pending map[string]*pendingFile
	// held has the files of which it is known what is in them.
	held map[string]heldFile
	// again has the files that failed for a reason that may pass.
	again map[string]retry
	// isLost tells that the folder is gone.
	isLost bool
}

// pendingFile is a file that has changed.
type pendingFile struct {
	info  fs.FileInfo
	since time.Time
	// read is what was read once it was quiet, and has to be the same after as long again.
	read *componentFile
}

// retry is when a file is tried again, and how long that was waited for.
type retry struct {
	at   time.Time
	wait time.Duration
}

func newFolder(registry *Registry, path string, options WatchOptions) *folder {
	return &folder{
		registry: registry, path: path, options: options, known: map[string]fs.FileInfo{}, told: map[string]string{},
		pending: map[string]*pendingFile{}, held: map[string]heldFile{}, again: map[string]retry{},
	}
}

// touch has a file read again, whose properties may be those that it had.
func (f *folder) touch(path string) {
	delete(f.known, path)
	delete(f.pending, path)
}

// forget has every file read again: anything may have changed.
func (f *folder) forget() {
	clear(f.known)
	clear(f.pending)
}

// look looks once, and loads what is whole. It tells whether there are files to wait for.
func (f *folder) look(ctx context.Context) bool {
	paths, err := pluginsIn(f.path)
	log := f.registry.host.log.With("folder", shown(f.path))
	if err != nil {
		if !f.isLost {
			log.Error("the folder is gone; what it held goes on", "error", shown(err.Error()))
		}
		f.isLost = true
		return false
	}
	if f.isLost {
		log.Info("the folder is back")
		f.isLost = false
	}
	f.drop(paths)
	now := f.registry.options.Clock()
	for path, again := range f.again {
		if !now.Before(again.at) {
			delete(f.known, path)
		}
	}
	var whole []fileRead
	for _, path := range paths {
		if file := f.lookAt(path); file != nil {
			whole = append(whole, fileRead{path, *file})
		}
	}
	if len(whole) > 0 && ctx.Err() == nil {
		f.load(ctx, whole)
	}
	return len(f.pending) > 0
}

// drop forgets the files that are gone.
func (f *folder) drop(paths []string) {
	for path, gone := range f.held {
		if !slices.Contains(paths, path) {
			delete(f.held, path)
			// Another file of the strategy may be the newest now.
			f.lookAnew(gone.strategy, "")
		}
	}
	isGone := func(path string) bool { return !slices.Contains(paths, path) }
	maps.DeleteFunc(f.known, func(path string, _ fs.FileInfo) bool { return isGone(path) })
	maps.DeleteFunc(f.told, func(path, _ string) bool { return isGone(path) })
	maps.DeleteFunc(f.pending, func(path string, _ *pendingFile) bool { return isGone(path) })
	maps.DeleteFunc(f.again, func(path string, _ retry) bool { return isGone(path) })
}

// lookAt gives a file that has changed and is whole.
func (f *folder) lookAt(path string) *componentFile {
	info, _ := os.Stat(path)
	if known, isKnown := f.known[path]; isKnown && isSame(known, info) {
		delete(f.pending, path)
		return nil
	}
	now := time.Now()
	pending := f.pending[path]
	if pending == nil || !isSame(pending.info, info) {
		f.pending[path] = &pendingFile{info: info, since: now}
		return nil
	}
	if now.Sub(pending.since) < f.options.Quiet {
		return nil
	}
	return f.read(path, pending, now)
}

// read reads a file that is quiet, and gives it once it was for twice as long.
func (f *folder) read(path string, pending *pendingFile, now time.Time) *componentFile {
	file, err := f.registry.read(path)
	if err != nil {
		f.done(path, pending)
		f.settle(path, err)
		if f.told[path] != err.Error() {
			f.told[path] = err.Error()
			failed := unreadable(path, err)
			f.registry.report(swapRequest{}, path, Swap{}, failed)
			f.tell(FileResult{Path: path, Err: failed})
		}
		return nil
	}
	switch {
	case len(file.bytes) == 0 || f.told[path] == file.id.Digest:
		// Somebody has just begun to write it, or has only touched it.
		f.done(path, pending)
	case pending.read != nil && pending.read.id.Digest == file.id.Digest:
		f.done(path, pending)
		f.told[path] = file.id.Digest
		return &file
	default:
		pending.read, pending.since = &file, now
	}
	return nil
}

// load loads what is whole, together: of several versions of a strategy the newest is to run.
func (f *folder) load(ctx context.Context, whole []fileRead) {
	before := maps.Clone(f.held)
	results := f.registry.changeAll(ctx, swapRequest{trial: f.options.Trial}, whole, f.held)
	for _, result := range results {
		f.settle(result.Path, result.Err)
		if _, isAgain := f.again[result.Path]; isAgain {
			// What was read is not what failed.
			delete(f.told, result.Path)
		}
		if was, wasHeld := before[result.Path]; wasHeld && was != f.held[result.Path] {
			f.lookAnew(was.strategy, result.Path)
		}
	}
	for _, result := range results {
		f.tell(result)
	}
}

// lookAnew has the other files of a strategy loaded again, because this one is gone or has changed.
func (f *folder) lookAnew(strategy, but string) {
	for path, held := range f.held {
		if held.strategy == strategy && path != but {
			delete(f.known, path)
			delete(f.told, path)
		}
	}
}

// settle has a file tried again that failed for a reason that may pass.
func (f *folder) settle(path string, err error) {
	if !mayPass(err) {
		delete(f.again, path)
		return
	}
	wait := firstRetry
	if last, isAgain := f.again[path]; isAgain {
		wait = min(last.wait*2, longestRetry)
	}
	f.again[path] = retry{f.registry.options.Clock().Add(wait), wait}
}

// mayPass tells whether a file may be as it should be, and failed because the system had no place, no leave or no time
// for it.
func mayPass(err error) bool {
	isUnread := errors.Is(err, ErrRead) && !errors.Is(err, errNotRegular)
	return isUnread || errors.Is(err, ErrInstances)
}

func (f *folder) done(path string, pending *pendingFile) {
	f.known[path] = pending.info
	delete(f.pending, path)
}

func (f *folder) tell(result FileResult) {
	if f.options.OnChange == nil {
		return
	}
	// The other files, and the next change of this one, are none of the callback's business.
	if words, hasPanicked := contained(func() { f.options.OnChange(result) }); hasPanicked {
		f.registry.host.log.Error("the callback of a watched folder panicked", "file", shown(result.Path),
			"panic", shown(words))
	}
}

// isSame tells whether nothing about a file has changed, as far as its properties say.
func isSame(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
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
