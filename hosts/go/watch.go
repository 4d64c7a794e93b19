package pointsman

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Watching a folder: when it is looked at.
//
// Every event of the system leads to a look at the whole folder, and so does a second without any: events may be lost,
// there is none where the watched path is a link that comes to point to another folder, and none of what a link in the
// folder points to.

const (
	// backstop is the interval of looks where the system tells of every change.
	backstop = time.Second
)

// WatchOptions say how a folder is watched. A field that is zero has its default; one that is out of its range is
// refused.
type WatchOptions struct {
	// Quiet is for how long nothing about a file may change before it is read, and again before it is loaded; default 50
	// ms.
	Quiet time.Duration
	// Poll is the interval of looking, in place of the system's events; default is events. For file systems that have
	// none: NFS, and some folders that are mounted into containers. Quiet is then at least this long.
	Poll time.Duration
	// Trial has each new version tried in the shadow of the current one first; see [Registry.Shadow]. Nil swaps at once.
	Trial *Trial
	// OnChange is called with what came of each file, on the goroutine that watches. A panic in it is logged.
	OnChange func(FileResult)
}

// WatchError says that a folder cannot be watched.
type WatchError struct {
	// Folder is its path.
	Folder string
	// Cause is why.
	Cause error
}

func (e *WatchError) Error() string {
	return shown(fmt.Sprintf("folder `%s` cannot be watched: %v", e.Folder, e.Cause))
}

// Unwrap gives the cause.
func (e *WatchError) Unwrap() error {
	return e.Cause
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
// It returns once what is there was loaded. It fails with a [WatchError] where the folder cannot be read or the
// system does not watch it.
func (r *Registry) Watch(ctx context.Context, path string, options WatchOptions) (*Watch, error) {
	fail := func(err error) (*Watch, error) { return nil, &WatchError{path, err} }
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	for name, interval := range map[string]time.Duration{"Quiet": options.Quiet, "Poll": options.Poll} {
		if interval < 0 {
			return fail(fmt.Errorf("%w: `%s` is %v; it must be more than 0, or 0 for the default", ErrInvalidOptions, name,
				interval))
		}
	}
	if options.Trial != nil {
		if err := options.Trial.validate(); err != nil {
			return fail(err)
		}
		options.Trial = cloned(options.Trial)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	if _, err := os.ReadDir(absolute); err != nil {
		return fail(err)
	}
	if options.Quiet == 0 {
		options.Quiet = 50 * time.Millisecond
	}
	options.Quiet = max(options.Quiet, options.Poll)
	watched := &watcher{folder: newFolder(r, absolute, options)}
	if options.Poll <= 0 {
		events, err := fsnotify.NewWatcher()
		if err != nil {
			return fail(err)
		}
		watched.events = events
		if err := watched.rewatch(); err != nil {
			return fail(errors.Join(err, events.Close()))
		}
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

// watcher has a folder looked at.
type watcher struct {
	*folder
	// events are the system's; nil where the folder is looked at every so often.
	events *fsnotify.Watcher
	// watched is the folder that they are of; nil where they are of none.
	watched fs.FileInfo
}

// rewatch has the system tell of the folder that is at the path now.
func (w *watcher) rewatch() error {
	info, err := os.Stat(w.path)
	if err != nil || w.watched != nil && os.SameFile(info, w.watched) {
		return err
	}
	// Of the old one nothing more is of use; it may be gone.
	_ = w.events.Remove(w.path)
	w.watched = nil
	if err := w.events.Add(w.path); err != nil {
		return err
	}
	w.watched = info
	return nil
}

// note takes note of an event, and tells whether it changes anything.
func (w *watcher) note(event fsnotify.Event) bool {
	if event.Name == w.path {
		if event.Has(fsnotify.Remove | fsnotify.Rename) {
			w.watched = nil
		}
		return true
	}
	if isPlugin(event.Name) {
		w.touch(filepath.Join(w.path, filepath.Base(event.Name)))
		return true
	}
	// A log that is written to all the time leads to no look; what is put in place may be what links point to.
	return event.Has(fsnotify.Create | fsnotify.Remove | fsnotify.Rename)
}

func (w *watcher) run(ctx context.Context, hasLooked chan struct{}) {
	var events chan fsnotify.Event
	var failures chan error
	if w.events != nil {
		defer w.events.Close()
		events, failures = w.events.Events, w.events.Errors
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	// A look is due as soon as can be, or files are waited for, so that no event makes it earlier.
	isDue := true
	wake := func() {
		if !isDue {
			isDue = true
			timer.Reset(0)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			if w.note(event) {
				wake()
			}
		case err := <-failures:
			w.registry.host.log.Warn("events may have been lost", "folder", shown(w.path), "error", shown(err.Error()))
			w.forget()
			wake()
		case <-timer.C:
			isDue = w.lookOnce(ctx)
			if !isDue && hasLooked != nil {
				for _, result := range w.registry.complete(ctx) {
					w.tell(result)
				}
				close(hasLooked)
				hasLooked = nil
			}
			timer.Reset(w.wait(isDue))
		}
	}
}

// lookOnce looks at the folder that is at the path now, and tells whether there are files to wait for.
func (w *watcher) lookOnce(ctx context.Context) bool {
	if w.events != nil {
		// Where that fails it is tried again at the next look, which there is without events as well.
		if err := w.rewatch(); err != nil {
			w.watched = nil
		}
	}
	return w.look(ctx)
}

// wait is the time until the next look.
func (w *watcher) wait(isPending bool) time.Duration {
	switch {
	case isPending:
		return w.options.Quiet
	case w.options.Poll > 0:
		return w.options.Poll
	default:
		return backstop
	}
}
