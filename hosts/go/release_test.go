package pointsman

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// Release files, and errors where they are missing.

// release is the files of one, some of them others than they should be.
func releaseWith(t *testing.T, others map[string][]byte) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{guardFile, loaderFile} {
		content, isOther := others[name]
		if !isOther {
			content = readFile(t, filepath.Join(releaseFolder, name))
		}
		if content != nil {
			files[name] = &fstest.MapFile{Data: content}
		}
	}
	return files
}

func TestAHostIsMadeFromAnyFileSystem(t *testing.T) {
	for name, option := range map[string]Option{
		"a folder": WithReleaseFolder(releaseFolder), "a file system": WithRelease(os.DirFS(releaseFolder)),
		"memory": WithRelease(releaseWith(t, nil)),
	} {
		host, err := NewHost(background, option, WithCache(cacheFolder))
		if err != nil || host.GuardID() != sharedHost(t).GuardID() {
			t.Fatal(name, host, err)
		}
		if err := host.Close(background); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAHostWithoutAReleaseSaysWhatIsMissing(t *testing.T) {
	folder := t.TempDir()
	for name, c := range map[string]struct {
		options  []Option
		kind     error
		contains string
	}{
		"nothing": {nil, ErrNoRelease,
			"`guard.wasm` and `loader.wasm` of a release: use WithRelease(components.Release()), or name their folder"},
		"no folder": {[]Option{WithReleaseFolder("no/such")}, fs.ErrNotExist,
			"`loader.wasm` in folder `no/such` cannot be read: "},
		"an empty folder": {[]Option{WithReleaseFolder(folder)}, ErrNoRelease,
			"`loader.wasm` in folder `" + folder + "` cannot be read: "},
		"no guard": {[]Option{WithRelease(releaseWith(t, map[string][]byte{guardFile: nil}))}, ErrNoRelease,
			"`guard.wasm` cannot be read: file does not exist"},
		"no loader": {[]Option{WithRelease(releaseWith(t, map[string][]byte{loaderFile: nil}))}, ErrNoRelease,
			"`loader.wasm` cannot"},
	} {
		if _, err := NewHost(background, c.options...); !errors.Is(err, c.kind) || !strings.Contains(err.Error(),
			c.contains) {
			t.Errorf("%s: found %v, expected %v with %q", name, err, c.kind, c.contains)
		}
	}
}

func TestAFileOfAReleaseThatIsAnotherOneIsToldOf(t *testing.T) {
	strategy := readFile(t, builtComponent(t, "plugins/blue_green.wasm"))
	_, err := NewHost(background, WithRelease(releaseWith(t, map[string][]byte{guardFile: strategy})),
		WithCache(cacheFolder))
	if !errors.Is(err, ErrNotAGuard) || !strings.HasPrefix(err.Error(), "`guard.wasm` ") {
		t.Errorf("a strategy is no guard: %v", err)
	}
	for name, program := range map[string][]byte{
		"a component": strategy, "text": []byte("loader"), "another module": strategyCore().bytes(),
	} {
		_, err := NewHost(background, WithRelease(releaseWith(t, map[string][]byte{loaderFile: program})))
		if err == nil || !strings.HasPrefix(err.Error(), "the loader cannot be used: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
