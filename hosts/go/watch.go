package pointsman

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Loading what appears in a folder.
//
// A file is loaded only when it is whole, as far as can be told: it is read once nothing about it has changed for a
// while, and what was read is thrown away if anything changes for as long again. A writer that pauses for longer leaves
// half a component, which does not load, and the whole is loaded once it is there. What a rename puts in place is whole
// from the start.
//
// Every change leads to a look at the whole folder, and files are told by their digests: so a link that comes to point
// elsewhere, as in folders that Kubernetes mounts, is found like any other change, and a lost event costs nothing once
// the next comes.

// WatchOptions say how a folder is watched. A field that is zero has its default.
type WatchOptions struct {
	// Quiet is for how long nothing about a file may change before it is read, and again before it is loaded; default 50
	// ms.
	Quiet time.Duration
	// Poll is the interval of looking, in place of the system's events; default is events. For file systems that have
	// none: NFS, and some folders that are mounted into containers. Quiet is then at least this long.
	Poll time.Duration
	// OnChange is called with what came of each file, on the goroutine that watches. A panic in it is logged.
	OnChange func(FileResult)
}

// Watch is a folder that is watched, until it is closed.
type Watch struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// Watch loads a folder as [Registry.LoadDir] does, and from then on whatever changes in it, until the [Watch] is closed
// or the context ends. A file that is being written is not loaded. A version that is quarantined is not loaded again,
// and removing a file takes no strategy away.
//
// It returns once what is there was loaded. It fails where the folder cannot be read or the system does not watch it.
func (r *Registry) Watch(ctx context.Context, path string, options WatchOptions) (*Watch, error) {
	fail := func(err error) (*Watch, error) {
		return nil, fmt.Errorf("folder `%s` cannot be watched: %w", path, err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	if _, err := os.ReadDir(absolute); err != nil {
		return fail(err)
	}
	if options.Quiet <= 0 {
		options.Quiet = 50 * time.Millisecond
	}
	options.Quiet = max(options.Quiet, options.Poll)
	watched := &folder{
		registry: r, path: absolute, options: options, seen: map[string]string{}, read: map[string]componentFile{},
		isStale: true,
	}
	if options.Poll <= 0 {
		watcher, err := fsnotify.NewWatcher()
		if err != nil {
			return fail(err)
		}
		if err := watcher.Add(absolute); err != nil {
			return fail(errors.Join(err, watcher.Close()))
		}
		watched.watcher = watcher
	}
	ctx, cancel := context.WithCancel(ctx)
	watch := &Watch{cancel, make(chan struct{})}
	hasLooked := make(chan struct{})
	go func() {
		defer close(watch.done)
		watched.run(ctx, hasLooked)
	}()
	select {
	case <-hasLooked:
	case <-watch.done:
	}
	return watch, nil
}

// Close stops watching. Nothing is loaded once it has returned: it waits for what is being loaded, so
// [WatchOptions.OnChange] must not call it.
func (w *Watch) Close() {
	w.cancel()
	<-w.done
}

func (f *folder) run(ctx context.Context, hasLooked chan struct{}) {
	var events chan fsnotify.Event
	var failures chan error
	if f.watcher != nil {
		defer f.watcher.Close()
		events, failures = f.watcher.Events, f.watcher.Errors
	}
	// What changes nothing here, such as a log that is written to, puts nothing off.
	timer := time.NewTimer(f.wait())
	defer timer.Stop()
	for {
		if hasLooked != nil && !f.isStale && len(f.read) == 0 {
			close(hasLooked)
			hasLooked = nil
		}
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			if f.note(event) {
				timer.Reset(f.wait())
			}
		case err := <-failures:
			f.registry.host.log.Warn("events may have been lost", "folder", f.path, "error", err)
			f.forget()
			timer.Reset(f.wait())
		case <-timer.C:
			switch {
			case f.isLost:
				f.lookForFolder()
			case !f.isStale && len(f.read) > 0:
				f.load(ctx)
			default:
				f.look()
			}
			timer.Reset(f.wait())
		}
	}
}
