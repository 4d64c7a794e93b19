package pointsman

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Folders that go and come, and what else is in them.

func TestAFolderThatGoesAndComesBackIsWatchedAgain(t *testing.T) {
	outer := t.TempDir()
	inner, staged := filepath.Join(outer, "plugins"), filepath.Join(outer, "staged")
	if err := errors.Join(os.Mkdir(inner, 0o700), os.Mkdir(staged, 0o700)); err != nil {
		t.Fatal(err)
	}
	write(t, inner, "a.wasm", hostileVersion(t, "honest"))
	write(t, staged, "a.wasm", hostileVersion(t, "second"))
	w := watchFolder(t, inner, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "loaded")

	if err := errors.Join(os.RemoveAll(inner), os.Rename(staged, inner)); err != nil {
		t.Fatal(err)
	}
	w.expect("a.wasm", "swapped")
	write(t, inner, "a.wasm", hostileVersion(t, "third"))
	w.expect("a.wasm", "swapped")
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	if _, err := mustRegistry(t, sharedHost(t), RegistryOptions{}).Watch(background, "no/such/folder",
		WatchOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestNothingIsLoadedOnceTheWatchIsClosed(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.watch.Close()
	select {
	case <-w.watch.done:
	default:
		t.Error("its goroutine goes on")
	}
	write(t, folder, "a.wasm", hostileVersion(t, "second"))
	if len(w.told) != 1 || statusOf(t, w.registry, "hostile").Previous != nil {
		t.Errorf("%d were told of", len(w.told))
	}
}

func TestALogThatIsWrittenAllTheTimeKeepsNothingFromBeingLoaded(t *testing.T) {
	folder := t.TempDir()
	w := watchFolder(t, folder, WatchOptions{Quiet: 200 * time.Millisecond}, RegistryOptions{})
	log, err := os.Create(filepath.Join(folder, "manager.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write(t, folder, "a.wasm", hostileVersion(t, "honest"))
	lines := time.NewTicker(5 * time.Millisecond)
	defer lines.Stop()
	for end := time.Now().Add(long); len(w.told) == 0 && time.Now().Before(end); <-lines.C {
		if _, err := log.WriteString("a line\n"); err != nil {
			t.Fatal(err)
		}
	}
	w.expect("a.wasm", "loaded")
}

func TestAContextThatIsOverWatchesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err := newRegistry(t, Limits{}, RegistryOptions{}).Watch(ctx, t.TempDir(), WatchOptions{}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAPipeIsNoPluginAndKeepsNobodyWaiting(t *testing.T) {
	folder := t.TempDir()
	if err := exec.Command("mkfifo", filepath.Join(folder, "a.wasm")).Run(); err != nil {
		t.Skip(err)
	}
	write(t, folder, "b.wasm", hostileVersion(t, "honest"))
	w := watchFolder(t, folder, WatchOptions{}, RegistryOptions{})
	w.expect("a.wasm", "unreadable")
	w.expect("b.wasm", "loaded")
}
