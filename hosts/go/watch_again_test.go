package pointsman

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Files that are tried again, and watched paths that are links.

func TestAFileThatFailsForAReasonThatPassesIsTriedAgain(t *testing.T) {
	folder, clock := t.TempDir(), &clock{now: time.Unix(0, 0)}
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	registry := newRegistry(t, Limits{}, RegistryOptions{Clock: clock.read})
	var failures atomic.Int32
	failures.Store(3)
	registry.read = func(path string) (componentFile, error) {
		if filepath.Base(path) == "a.wasm" && failures.Add(-1) >= 0 {
			cause := &fs.PathError{Op: "read", Path: path, Err: syscall.EIO}
			return componentFile{}, &LoadError{Name: path, Kind: ErrRead, Cause: cause}
		}
		return registry.host.read(path)
	}
	w := watchRegistry(t, registry, folder, WatchOptions{Quiet: time.Millisecond, Poll: time.Millisecond})
	w.expect("a.wasm", "unreadable")

	// Not before its time: the folder is looked at meanwhile, as another file tells.
	clock.advance(firstRetry - time.Millisecond)
	write(t, folder, "b.wasm", []byte("no component"))
	w.expect("b.wasm", "failed")
	if left := failures.Load(); left != 2 {
		t.Errorf("it was read %d times", 3-left)
	}
	looks := time.NewTicker(5 * time.Millisecond)
	defer looks.Stop()
	for end := time.Now().Add(long); len(w.told) == 0 && time.Now().Before(end); <-looks.C {
		clock.advance(firstRetry)
	}
	w.expect("a.wasm", "loaded")
}

func TestRetriesComeAfterLongerAndLongerAndEndWithTheReason(t *testing.T) {
	clock := &clock{now: time.Unix(0, 0)}
	registry := newRegistry(t, Limits{}, RegistryOptions{Clock: clock.read})
	known := newFolder(registry, t.TempDir(), WatchOptions{})
	passing := &LoadError{Name: "a", Kind: ErrRead, Cause: syscall.EIO}
	for _, expected := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		known.settle("a", unreadable("a", passing))
		if found := known.again["a"]; found.wait != expected*time.Second || !found.at.Equal(clock.now.Add(found.wait)) {
			t.Errorf("%+v, expected %d s", found, expected)
		}
	}
	for _, err := range []error{
		nil, &LoadError{Name: "a", Kind: ErrNotWasm}, &LoadError{Name: "a", Kind: ErrRead, Cause: errNotRegular},
		&SwapError{Kind: ErrSwapRival},
	} {
		known.settle("a", passing)
		known.settle("a", err)
		if len(known.again) != 0 {
			t.Errorf("%v is no reason that passes", err)
		}
	}
	known.settle("a", &SwapError{Kind: ErrSwapDescribe, Cause: &CallError{Kind: ErrInstances}})
	if len(known.again) != 1 {
		t.Error("too many instances are a reason that passes")
	}
}

func TestAWatchedPathThatIsALinkMayComeToPointElsewhere(t *testing.T) {
	outer := t.TempDir()
	at := func(name string) string { return filepath.Join(outer, name) }
	for name, mode := range map[string]string{"1": "honest", "2": "second"} {
		if err := os.Mkdir(at(name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, at(name), "a.wasm", hostileVersion(t, mode))
	}
	if err := os.Symlink("1", at("plugins")); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, at("plugins"), WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "loaded")
	if err := errors.Join(os.Symlink("2", at("new")), os.Rename(at("new"), at("plugins"))); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "swapped")
	// The events are those of the other folder now.
	write(t, at("2"), "a.wasm", hostileVersion(t, "third"))
	w.expect("a.wasm", "swapped")
	write(t, at("1"), "a.wasm", hostileVersion(t, "fourth"))
	write(t, at("2"), "b.wasm", []byte("no component"))
	w.expect("b.wasm", "failed")
}

func TestFilesThatComeAndGoKeepNothingFromBeingLoaded(t *testing.T) {
	folder := t.TempDir()
	w := watchFolder(t, folder, WatchOptions{Quiet: 100 * time.Millisecond}, RegistryOptions{})
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	files := time.NewTicker(5 * time.Millisecond)
	defer files.Stop()
	for end := time.Now().Add(long); len(w.told) == 0 && time.Now().Before(end); <-files.C {
		other := filepath.Join(folder, "b.wasm")
		if err := errors.Join(os.WriteFile(other, nil, 0o600), os.Remove(other)); err != nil {
			t.Fatal(err)
		}
	}
	w.expect("a.wasm", "loaded")
}

func TestAnEmptyFileIsNotTold(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", nil)
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	write(t, folder, "b.wasm", hostileVersion(t, "honest"))
	w.expect("b.wasm", "loaded")
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	w.expect("a.wasm", "unchanged")
}

func TestAPipeIsNotOpened(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "a.wasm")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for name, read := range map[string]func() error{
		"load": func() error { _, err := sharedHost(t).LoadFile(background, pipe); return err },
		"swap": func() error {
			_, err := newRegistry(t, Limits{}, RegistryOptions{}).Swap(background, "hostile", pipe)
			return err
		},
		"load a folder": func() error {
			results, err := newRegistry(t, Limits{}, RegistryOptions{}).LoadDir(background, filepath.Dir(pipe))
			return errors.Join(err, results[0].Err)
		},
	} {
		if err := read(); !errors.Is(err, ErrRead) || !errors.Is(err, errNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
