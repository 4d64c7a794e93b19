package pointsman

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A folder that is watched: what is loaded from it and what is not.

// long is longer than any change here takes to be seen, so that a broken watch ends.
const long = time.Minute

// told describes a file's result in words.
type told struct{ name, what string }

// watched is a registry that watches a folder, and what it tells of its files.
type watched struct {
	t        *testing.T
	registry *Registry
	told     chan told
	watch    *Watch
}

func watchFolder(t *testing.T, folder string, how WatchOptions, options RegistryOptions) *watched {
	t.Helper()
	return watchRegistry(t, newRegistry(t, Limits{}, options), folder, how)
}

func watchRegistry(t *testing.T, registry *Registry, folder string, how WatchOptions) *watched {
	t.Helper()
	w := &watched{t: t, registry: registry, told: make(chan told, 100)}
	how.OnChange = func(result FileResult) {
		what := string(result.Swap.Outcome)
		switch {
		case errors.Is(result.Err, ErrRead):
			what = "unreadable"
		case result.Err != nil:
			what = "failed"
		}
		w.told <- told{filepath.Base(result.Path), what}
	}
	watch, err := w.registry.Watch(background, folder, how)
	if err != nil {
		t.Fatal(err)
	}
	w.watch = watch
	t.Cleanup(watch.Close)
	return w
}

// expect checks what is told next.
func (w *watched) expect(name, what string) {
	w.t.Helper()
	select {
	case found := <-w.told:
		if found != (told{name, what}) {
			w.t.Fatalf("found %v, expected %s %s", found, name, what)
		}
	case <-time.After(long):
		w.t.Fatalf("nothing is told of %s", name)
	}
}

func (w *watched) current() string {
	w.t.Helper()
	return statusOf(w.t, w.registry, "hostile").Current.Plugin.Name
}

func TestWhatIsThereIsLoadedAndWhatChangesIsSwapped(t *testing.T) {
	for name, poll := range map[string]time.Duration{"by events": 0, "by looking": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, folder, "a.wasm", hostileVersion(t, "honest"))
			write(t, folder, "notes.txt", []byte("not a plugin"))
			write(t, folder, ".hidden.wasm", hostileVersion(t, "hidden"))
			w := watchFolder(t, folder, WatchOptions{Poll: poll}, RegistryOptions{})
			// Told before Watch returned.
			if len(w.told) != 1 {
				t.Errorf("%d were told of", len(w.told))
			}
			w.expect("a.wasm", "loaded")

			write(t, folder, "a.wasm", hostileVersion(t, "second"))
			w.expect("a.wasm", "swapped")
			write(t, folder, "b.wasm", versioned(t, hostileVersion(t, "third"), "0.3.0"))
			w.expect("b.wasm", "swapped")
			if err := os.Remove(filepath.Join(folder, "b.wasm")); err != nil {
				t.Fatal(err)
			}
			// The newest that is there runs.
			w.expect("a.wasm", "swapped")
			if err := os.Remove(filepath.Join(folder, "a.wasm")); err != nil {
				t.Fatal(err)
			}
			write(t, folder, "c.wasm", []byte("not a component"))
			w.expect("c.wasm", "failed")
			if name := w.current(); name != "a.wasm" {
				t.Errorf("%s: what is removed goes on", name)
			}
			write(t, folder, "c.wasm", hostileVersion(t, "second"))
			w.expect("c.wasm", "unchanged")
		})
	}
}

func TestAFileThatIsBeingWrittenIsNotLoaded(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	// Far longer than the pauses below, on however busy a machine.
	w := watchFolder(t, folder, WatchOptions{Quiet: 300 * time.Millisecond}, RegistryOptions{})
	w.expect("a.wasm", "loaded")
	component := hostileVersion(t, "second")

	file, err := os.Create(filepath.Join(folder, "a.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	// A piece every so often, and never as long a pause as makes a file quiet: nothing is told until the last.
	pieces := time.NewTicker(5 * time.Millisecond)
	defer pieces.Stop()
	for piece := range 40 {
		<-pieces.C
		from, to := len(component)*piece/40, len(component)*(piece+1)/40
		if _, err := file.Write(component[from:to]); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "swapped")
}

func TestAWriterThatGivesUpLeavesAFileThatDoesNotLoad(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "loaded")
	component := hostileVersion(t, "second")

	if err := os.WriteFile(filepath.Join(folder, "a.wasm"), component[:len(component)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "failed")
	if name := answeredBy(t, w.registry); name != "a.wasm" {
		t.Error(name)
	}
	if err := os.WriteFile(filepath.Join(folder, "a.wasm"), component, 0o600); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "swapped")
}

func TestALinkThatComesToPointElsewhereIsAChange(t *testing.T) {
	// As in a folder that Kubernetes mounts: a.wasm -> ..data/a.wasm, ..data -> one of the folders beside it.
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for version, mode := range map[string]string{"..1": "honest", "..2": "second"} {
		if err := os.Mkdir(at(version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, at(version), "a.wasm", hostileVersion(t, mode))
	}
	if err := errors.Join(os.Symlink("..1", at("..data")), os.Symlink("..data/a.wasm", at("a.wasm"))); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "loaded")

	if err := errors.Join(os.Symlink("..2", at("..data_tmp")), os.Rename(at("..data_tmp"), at("..data"))); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "swapped")
}

func TestAVersionThatWasQuarantinedIsNotLoadedAgainUntilSomebodySaysSo(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{RevertAfter: 1})
	w.expect("a.wasm", "loaded")
	write(t, folder, "a.wasm", hostileVersion(t, "broken"))
	w.expect("a.wasm", "swapped")
	mustFail(t, w.registry, "good", ErrTrap)
	w.registry.background.wait()
	if reverts := statusOf(t, w.registry, "hostile").Reverts; reverts != 1 {
		t.Error(reverts)
	}
	// The same version under another name.
	again := write(t, folder, "b.wasm", hostileVersion(t, "broken"))
	w.expect("b.wasm", "quarantined")
	if _, err := w.registry.EvaluateCycle(background, "hostile", "a", nil, misdeed("good")); err != nil {
		t.Error(err)
	}
	if swap := mustSwap(t, w.registry, "hostile", again); swap.Outcome != Swapped {
		t.Error(swap)
	}
}

func TestAFileThatCannotBeReadIsToldOnce(t *testing.T) {
	folder := t.TempDir()
	// A link to nowhere, which no user, however mighty, can read.
	if err := os.Symlink("nowhere", filepath.Join(folder, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "unreadable")
	write(t, folder, "b.wasm", hostileVersion(t, "honest"))
	w.expect("b.wasm", "loaded")
}
