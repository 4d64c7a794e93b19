package pointsman

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A folder that keeps the quarantine and the last good versions over restarts.

// restarts is a folder of plugins and one of state, which registries use one after the other.
type restarts struct {
	t              testing.TB
	plugins, state string
	host           *Host
	log            *bytes.Buffer
}

func newRestarts(t testing.TB) *restarts {
	t.Helper()
	var log bytes.Buffer
	folder := t.TempDir()
	r := &restarts{t: t, plugins: filepath.Join(folder, "plugins"), state: filepath.Join(folder, "state"), log: &log}
	if err := os.Mkdir(r.plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	r.host = newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	return r
}

func (r *restarts) registry() *Registry {
	return mustRegistry(r.t, r.host, RegistryOptions{State: r.state})
}

func (r *restarts) loadDir(registry *Registry, folder string) []FileResult {
	r.t.Helper()
	results, err := registry.LoadDir(background, folder)
	if err != nil {
		r.t.Fatal(err)
	}
	return results
}

func (r *restarts) succeed(registry *Registry, deployments ...string) {
	r.t.Helper()
	for _, deployment := range deployments {
		if _, err := evaluateFor(registry, deployment, "none"); err != nil {
			r.t.Fatal(err)
		}
	}
}

// reverted leaves a folder in which a version was reverted to the one before it, which was good. It gives its digest.
func (r *restarts) reverted() string {
	r.t.Helper()
	registry := r.registry()
	mustSwap(r.t, registry, "hostile", write(r.t, r.plugins, "a.wasm", hostileVersion(r.t, "meek")))
	r.succeed(registry, "x", "y", "z")
	bad := mustSwap(r.t, registry, "hostile", write(r.t, r.plugins, "a.wasm", hostileVersion(r.t, "honest"))).Plugin
	for _, deployment := range []string{"a", "b", "c"} {
		if _, err := evaluateFor(registry, deployment, "trap"); !errors.Is(err, ErrTrap) {
			r.t.Fatal(err)
		}
	}
	if reverts := statusOf(r.t, registry, "hostile").Reverts; reverts != 1 {
		r.t.Fatal(reverts)
	}
	return bad.Digest
}

// goodName is the name of the file in which a last good version of the hostile guest is kept.
func goodName(component []byte) string {
	return "hostile-" + strings.TrimPrefix(newPluginID("", component).Digest, "sha256:")[:12] + ".wasm"
}

func (r *restarts) said(text string) {
	r.t.Helper()
	if !strings.Contains(r.log.String(), text) {
		r.t.Errorf("%q is not in the log:\n%s", text, r.log)
	}
}

func TestARestartKeepsTheQuarantineAndTheLastGoodVersion(t *testing.T) {
	r := newRestarts(t)
	digest := r.reverted()

	registry := r.registry()
	results := r.loadDir(registry, r.plugins)
	good := filepath.Join(r.state, "good", goodName(hostileVersion(t, "meek")))
	if len(results) != 2 || results[0].Swap.Outcome != Quarantined || results[0].Swap.Plugin.Digest != digest ||
		results[1].Path != good || results[1].Swap.Outcome != Loaded {
		t.Fatalf("%+v", results)
	}
	r.said("loaded the last good version 0.2.0: another version is quarantined")
	if _, err := evaluateFor(registry, "a", "trap"); err != nil {
		t.Error(err)
	}
	if found := statusOf(t, registry, "hostile").Quarantined; !slices.Equal(found, []string{digest}) {
		t.Error(found)
	}

	if !registry.Release(digest) {
		t.Error("it is in quarantine")
	}
	if results := r.loadDir(r.registry(), r.plugins); len(results) != 1 || results[0].Swap.Outcome != Loaded {
		t.Errorf("%+v", results)
	}
}

func TestToSwapToAVersionByHandLiftsItsQuarantineToo(t *testing.T) {
	r := newRestarts(t)
	r.reverted()
	mustSwap(t, r.registry(), "hostile", filepath.Join(r.plugins, "a.wasm"))
	if results := r.loadDir(r.registry(), r.plugins); len(results) != 1 || results[0].Swap.Outcome != Loaded {
		t.Errorf("%+v", results)
	}
}

func TestAWatchFallsBackToo(t *testing.T) {
	r := newRestarts(t)
	r.reverted()
	w := watchFolder(t, r.plugins, WatchOptions{}, RegistryOptions{State: r.state})
	w.expect("a.wasm", "quarantined")
	w.expect(goodName(hostileVersion(t, "meek")), "loaded")
	write(t, r.plugins, "b.wasm", versioned(t, hostileVersion(t, "cautious"), "0.3.0"))
	w.expect("b.wasm", "swapped")
}

func TestTheStateIsWhatOtherHostsRead(t *testing.T) {
	r := newRestarts(t)
	digest := r.reverted()
	var kept struct {
		Format      int
		Quarantined []map[string]any
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(r.state, "quarantine.json")), &kept); err != nil ||
		kept.Format != 1 || len(kept.Quarantined) != 1 {
		t.Fatalf("%+v, %v", kept, err)
	}
	entry := kept.Quarantined[0]
	if at, isNumber := entry["at"].(float64); !isNumber || at < 1 {
		t.Errorf("%v", entry)
	}
	delete(entry, "at")
	for name, expected := range map[string]string{
		"digest": digest, "strategy": "hostile", "version": "0.2.0",
		"reason": "reverted to 0.2.0: 3 deployments pinned (a, b, c)",
	} {
		if entry[name] != expected {
			t.Errorf("%s is %v, expected %s", name, entry[name], expected)
		}
		delete(entry, name)
	}
	if len(entry) != 0 {
		t.Errorf("%v is more than the format has", entry)
	}
	good := filepath.Join(r.state, "good")
	var about aboutGood
	err := json.Unmarshal(readFile(t, filepath.Join(good, "hostile.json")), &about)
	if err != nil || about.Format != 1 || about.Strategy != "hostile" || about.Version != "0.2.0" || about.At < 1 {
		t.Errorf("%+v, %v", about, err)
	}
	component := readFile(t, filepath.Join(good, goodName(hostileVersion(t, "meek"))))
	if !bytes.Equal(component, hostileVersion(t, "meek")) || about.Digest != newPluginID("", component).Digest {
		t.Errorf("%+v", about)
	}
	entries, err := os.ReadDir(good)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: parts of files are left", entries, err)
	}
}

// What the Python host writes, field by field.
func TestAStateOfAnotherHostIsRead(t *testing.T) {
	r := newRestarts(t)
	good := filepath.Join(r.state, "good")
	if err := os.MkdirAll(good, 0o700); err != nil {
		t.Fatal(err)
	}
	bad := write(t, r.plugins, "a.wasm", hostileVersion(t, "honest"))
	digest := newPluginID("", readFile(t, bad)).Digest
	write(t, r.state, "quarantine.json", []byte(`{
  "format": 1,
  "quarantined": [
    {
      "digest": "`+digest+`",
      "strategy": "hostile",
      "version": "0.2.0",
      "reason": "reverted to 0.1.0: 1 deployment pinned (ä)",
      "at": 1790000000000
    }
  ]
}`))
	component := hostileVersion(t, "meek")
	write(t, good, goodName(component), component)
	write(t, good, "hostile.json", []byte(`{"format": 1, "strategy": "hostile", "version": "0.1.0", "digest": "`+
		newPluginID("", component).Digest+`", "at": 1790000000000}`))

	results := r.loadDir(r.registry(), r.plugins)

	if len(results) != 2 || results[0].Swap.Outcome != Quarantined || results[1].Swap.Outcome != Loaded {
		t.Errorf("%+v\n%s", results, r.log)
	}
}

func TestAVersionIsGoodOnceItSucceededForSeveral(t *testing.T) {
	r := newRestarts(t)
	digest := func() string {
		content, err := os.ReadFile(filepath.Join(r.state, "good", "hostile.json"))
		if errors.Is(err, os.ErrNotExist) {
			return ""
		}
		var about aboutGood
		if err := errors.Join(err, json.Unmarshal(content, &about)); err != nil {
			t.Fatal(err)
		}
		return about.Digest
	}
	registry := r.registry()
	mustSwap(t, registry, "hostile", write(t, r.plugins, "a.wasm", hostileVersion(t, "honest")))
	r.succeed(registry, "a", "a")
	if found := digest(); found != "" {
		t.Error(found)
	}
	r.succeed(registry, "a")
	first := digest()
	if first == "" {
		t.Error("there is no other deployment")
	}
	r.succeed(registry, "b", "c", "d")

	mustSwap(t, registry, "hostile", write(t, r.plugins, "a.wasm", hostileVersion(t, "cautious")))
	r.succeed(registry, "a", "a", "b", "b")
	if found := digest(); found != first {
		t.Error(found)
	}
	// In batches, too.
	batch := []Request{{Spec: *misdeed("none"), Deployment: "c"}}
	if _, err := registry.EvaluateCycles(background, "hostile", batch); err != nil {
		t.Fatal(err)
	}
	if found := digest(); found == first {
		t.Error(found)
	}
	if entries, err := os.ReadDir(filepath.Join(r.state, "good")); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v: the one before is not gone", entries, err)
	}
}

// A crash between any two writes leaves the last good version: a component alone is nothing yet.
func TestAComponentThatNothingPointsToIsInNobodysWay(t *testing.T) {
	r := newRestarts(t)
	r.reverted()
	write(t, filepath.Join(r.state, "good"), "hostile-0123456789ab.wasm", hostileVersion(t, "broken"))
	if results := r.loadDir(r.registry(), r.plugins); len(results) != 2 || results[1].Swap.Outcome != Loaded {
		t.Errorf("%+v", results)
	}
}

func TestAStateThatIsDamagedCountsAsNone(t *testing.T) {
	for name, content := range map[string]string{
		"nothing": "", "half of it": "{", "a list": "[]", "another format": `{"format": 2, "quarantined": []}`,
		"no format": `{"quarantined": []}`, "no list": `{"format": 1}`, "no fields": `{"format": 1, "quarantined": [{}]}`,
		"other types": `{"format": 1, "quarantined": [{"digest": 1, "strategy": "", "version": "", "reason": "", "at": 1}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRestarts(t)
			r.reverted()
			good := filepath.Join(r.state, "good")
			write(t, r.state, "quarantine.json", []byte(content))
			write(t, good, "hostile.json", []byte(content))
			write(t, good, "..json", []byte("{}"))
			if err := os.Symlink("/dev/zero", filepath.Join(good, "x-y.json")); err != nil {
				t.Fatal(err)
			}
			registry := r.registry()
			r.said("quarantine.json error=")
			if results := r.loadDir(registry, t.TempDir()); len(results) != 0 {
				t.Errorf("%+v", results)
			}
			r.said("hostile.json error=")
			results := r.loadDir(registry, r.plugins)
			if len(results) != 1 || results[0].Swap.Outcome != Loaded {
				t.Errorf("%+v", results)
			}
		})
	}
}

func TestALastGoodComponentThatIsAnotherIsNotLoaded(t *testing.T) {
	r := newRestarts(t)
	r.reverted()
	write(t, filepath.Join(r.state, "good"), goodName(hostileVersion(t, "meek")), hostileVersion(t, "broken"))
	if results := r.loadDir(r.registry(), r.plugins); len(results) != 1 || results[0].Swap.Outcome != Quarantined {
		t.Errorf("%+v", results)
	}
	r.said("it is of another component")
}

func TestAStateFolderThatCannotBeUsedKeepsNothing(t *testing.T) {
	r := newRestarts(t)
	if err := os.WriteFile(r.state, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.reverted()
	r.said("cannot be used")
	r.said("cannot be written")
	if results := r.loadDir(r.registry(), r.plugins); len(results) != 1 || results[0].Swap.Outcome != Loaded {
		t.Errorf("%+v", results)
	}
}
