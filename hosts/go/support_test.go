package pointsman

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Helpers that the tests share.

var background = context.Background()

// cacheFolder keeps what was compiled: most tests have a host of their own.
var cacheFolder string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "pointsman")
	if err != nil {
		panic(err)
	}
	cacheFolder = folder
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// releaseFolder has the files of a release that a host runs.
var releaseFolder = filepath.Join("..", "..", "target", "release-files")

// builtComponent is where a built component is.
func builtComponent(t testing.TB, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "target", path)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not there: run `make components` first", path)
	}
	return path
}

// read gives a file's bytes.
func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// newHost is a host with limits of its own.
func newHost(t testing.TB, limits Limits, opts ...Option) *Host {
	t.Helper()
	builtComponent(t, "release-files/loader.wasm")
	opts = append([]Option{WithLimits(limits), WithReleaseFolder(releaseFolder), WithCache(cacheFolder)}, opts...)
	host, err := NewHost(background, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(background); err != nil {
			t.Error(err)
		}
	})
	return host
}

// shared is a host with the default limits, and the plugins on it, for all tests: compiling takes a while.
var shared struct {
	once                              sync.Once
	host                              *Host
	blueGreen, rollingUpdate, hostile *Plugin
}

func setUp(t testing.TB) {
	t.Helper()
	shared.once.Do(func() {
		host, err := NewHost(background, WithReleaseFolder(releaseFolder), WithCache(cacheFolder))
		if err != nil {
			t.Fatal(err)
		}
		shared.host = host
		shared.blueGreen = load(t, host, "plugins/blue_green.wasm")
		shared.hostile = load(t, host, "guests/hostile.wasm")
		shared.rollingUpdate = load(t, host, "plugins/rolling_update.wasm")
	})
}

func sharedHost(t testing.TB) *Host {
	setUp(t)
	return shared.host
}

func blueGreen(t testing.TB) *Plugin {
	setUp(t)
	return shared.blueGreen
}

func hostile(t testing.TB) *Plugin {
	setUp(t)
	return shared.hostile
}

// load loads a built component.
func load(t testing.TB, host *Host, path string) *Plugin {
	t.Helper()
	plugin, err := host.LoadFile(background, builtComponent(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return plugin
}

// patched is a component's bytes with some of them written over by others of the same length, everywhere.
func patched(t testing.TB, path, from, to string) []byte {
	t.Helper()
	component := readFile(t, builtComponent(t, path))
	if len(from) != len(to) || !bytes.Contains(component, []byte(from)) {
		t.Fatalf("%q cannot be written over %q in %s", to, from, path)
	}
	return bytes.ReplaceAll(component, []byte(from), []byte(to))
}

// hostileVersion is the version of the hostile guest that has this mode.
func hostileVersion(t testing.TB, mode string) []byte {
	t.Helper()
	return patched(t, "guests/hostile.wasm", fmt.Sprintf("hostile-mode:%-16s", "honest"),
		fmt.Sprintf("hostile-mode:%-16s", mode))
}

// versioned is a component with another version of its own, of as many bytes; that of the contract stays.
func versioned(t testing.TB, component []byte, version string) []byte {
	t.Helper()
	const own = "0.2.0"
	if len(version) != len(own) {
		t.Fatalf("%q cannot be written over %q", version, own)
	}
	changed := bytes.Clone(component)
	for at := 1; at+len(own) <= len(changed); at++ {
		if changed[at-1] != '@' && string(changed[at:at+len(own)]) == own {
			copy(changed[at:], version)
		}
	}
	return changed
}

// numbered is a component with a custom section more, and so another digest.
func numbered(component []byte, number byte) []byte {
	return append(bytes.Clone(component), 0, 3, 1, 'n', number)
}

// millisecond is a moment.
func millisecond(n int64) time.Time {
	return time.UnixMilli(n).UTC()
}

// specWith is a spec for v2 and three replicas, one millisecond after the start.
func specWith(config string) *Spec {
	return &Spec{DeployingRevision: "v2", TargetReplicas: 3, StartedAt: millisecond(0), Now: millisecond(1),
		Config: config}
}

// misdeed is a spec that tells the hostile guest what to do.
func misdeed(word string) *Spec {
	return specWith(fmt.Sprintf(`{"misdeed": "%s"}`, word))
}

// misdeedJSON is a request that tells the hostile guest what to do, as JSON.
func misdeedJSON(word string) string {
	return fmt.Sprintf(`{"routes":[],"spec":{"deploying_revision":"v2","target_replicas":3,"started_at":0,"now":1,`+
		`"config":{"misdeed":"%s"}}}`, word)
}

// readyRoutes are ready routes of v2 that are out of traffic: r-1, r-2 and so on.
func readyRoutes(count int) []Route {
	var routes []Route
	for i := range count {
		routes = append(routes, Route{
			ID: fmt.Sprintf("r-%d", i+1), Revision: "v2", Status: RouteRunning, Health: HealthHealthy,
			TrafficStatus: TrafficInactive, CreatedAt: millisecond(0),
		})
	}
	return routes
}

// vector is a request of the corpus and the answer that every host must give.
type vector struct {
	name     string
	request  string
	response string
}

// corpus is that of a strategy, in the order of its names.
func corpus(t testing.TB, strategy string) []vector {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "tests", "vectors", strategy, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no corpus of %s: %v", strategy, err)
	}
	var vectors []vector
	for _, file := range files {
		var read struct{ Request, Response json.RawMessage }
		if err := json.Unmarshal(readFile(t, file), &read); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		vectors = append(vectors, vector{filepath.Base(file), compact(t, read.Request), compact(t, read.Response)})
	}
	return vectors
}

func compact(t testing.TB, value []byte) string {
	t.Helper()
	var to bytes.Buffer
	if err := json.Compact(&to, value); err != nil {
		t.Fatal(err)
	}
	return to.String()
}
