package pointsman

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The cache of compiled code: what is damaged in it is not run, and costs nobody anything but time.

// cachedHost is a host with a cache of its own, and what it logs.
func cachedHost(t *testing.T, folder string) (*Host, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	return newHost(t, Limits{}, WithCache(folder), WithLogger(logger)), &log
}

// entries are the files in a cache folder. Nothing else is there.
func cacheEntries(t *testing.T, folder string) []string {
	t.Helper()
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, entry := range found {
		if !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), ".") {
			t.Errorf("%s was left", entry.Name())
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v: only its owner may write code that is run", info.Mode(), err)
		}
		paths = append(paths, filepath.Join(folder, entry.Name()))
	}
	return paths
}

// decides checks that a plugin works.
func decides(t *testing.T, host *Host) {
	t.Helper()
	plugin := load(t, host, "guests/hostile.wasm")
	defer plugin.Close()
	if plan, err := plugin.EvaluateCycle(background, given(), misdeed("none")); err != nil || plan == nil {
		t.Fatal(err)
	}
}

func TestWhatIsKeptIsNotCompiledAgain(t *testing.T) {
	folder := t.TempDir()
	host, _ := cachedHost(t, folder)
	decides(t, host)
	entries := cacheEntries(t, folder)
	// The guard and the plugin; the loader is the process's, and was compiled before.
	if len(entries) < 2 {
		t.Fatal(entries)
	}
	before := map[string]os.FileInfo{}
	for _, path := range entries {
		before[path], _ = os.Stat(path)
	}
	again, log := cachedHost(t, folder)
	decides(t, again)
	for _, path := range cacheEntries(t, folder) {
		if info, err := os.Stat(path); err != nil || before[path] == nil || !os.SameFile(info, before[path]) {
			t.Errorf("%s was written anew, %v", path, err)
		}
	}
	if strings.Contains(log.String(), "cache") {
		t.Error(log.String())
	}
}

func TestAFlippedBitIsAMissAndTheEntryIsWrittenAnew(t *testing.T) {
	folder := t.TempDir()
	host, _ := cachedHost(t, folder)
	decides(t, host)
	whole := map[string][]byte{}
	for _, path := range cacheEntries(t, folder) {
		whole[path] = readFile(t, path)
	}
	random := rand.New(rand.NewPCG(29, 31))
	for round := range 6 {
		for path, content := range whole {
			flipped := bytes.Clone(content)
			// Also where wazero itself has no checksum: at the front are the addresses of functions.
			at := random.IntN(min(len(flipped), []int{400, 20_000, len(flipped)}[round%3]))
			flipped[at] ^= 1 << random.IntN(8)
			if round == 5 {
				flipped = flipped[:len(flipped)/2]
			}
			if err := os.WriteFile(path, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		damaged, log := cachedHost(t, folder)
		decides(t, damaged)
		if found := strings.Count(log.String(), "an entry of the cache is damaged"); found != len(whole) {
			t.Errorf("%d of %d were told: %s", found, len(whole), log)
		}
		for path, content := range whole {
			if !bytes.Equal(readFile(t, path), content) {
				t.Errorf("%s is not what it was", path)
			}
		}
	}
}

func TestAnEntryThatTheRuntimeDoesNotTakeIsMadeAnew(t *testing.T) {
	folder := t.TempDir()
	host, _ := cachedHost(t, folder)
	decides(t, host)
	for _, path := range cacheEntries(t, folder) {
		name, code, err := readEntry(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, entryOf(name, append([]byte("other"), code...)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, _ := cachedHost(t, folder)
	decides(t, again)
	for _, path := range cacheEntries(t, folder) {
		if _, code, err := readEntry(path); err != nil || bytes.HasPrefix(code, []byte("other")) {
			t.Error(path, err)
		}
	}
}

func TestAnEntryWithANameOfAnotherFolderIsDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "entry")
	for _, name := range []string{"../../x", "a/b", ".", ""} {
		if err := os.WriteFile(path, entryOf(name, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readEntry(path); err != errDamaged {
			t.Errorf("%q: %v", name, err)
		}
	}
}
