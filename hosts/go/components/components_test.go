package components

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pointsman/pointsman/hosts/go"
)

// The embedded components: those that the build makes, and all that a manager needs.

func TestTheEmbeddedComponentsAreThoseThatTheBuildMakes(t *testing.T) {
	for name, built := range map[string]string{
		"release/guard.wasm": "plugins/guard.wasm", "release/loader.wasm": "loader/loader.wasm",
		"strategies/blue_green.wasm":     "plugins/blue_green.wasm",
		"strategies/rolling_update.wasm": "plugins/rolling_update.wasm",
	} {
		expected, err := os.ReadFile(filepath.Join("..", "..", "..", "target", built))
		if err != nil {
			t.Fatalf("%v: run `make components` first", err)
		}
		found, err := fs.ReadFile(files(), name)
		if err != nil || sha256.Sum256(found) != sha256.Sum256(expected) {
			t.Errorf("%s has digest %x, the build's has %x, %v: run `go generate ./components` in hosts/go", name,
				sha256.Sum256(found), sha256.Sum256(expected), err)
		}
	}
	if found := len(files().File); found != 4 {
		t.Errorf("%d files are embedded", found)
	}
}

func TestAManagerNeedsNoOtherFiles(t *testing.T) {
	ctx := context.Background()
	host, err := pointsman.NewHost(ctx, pointsman.WithRelease(Release()))
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close(ctx)
	for name, component := range map[string][]byte{"blue-green": BlueGreen(), "rolling-update": RollingUpdate()} {
		plugin, err := host.Load(ctx, component)
		if err != nil {
			t.Fatal(err)
		}
		if described, err := plugin.Describe(ctx); err != nil || described.Name != name {
			t.Error(described, err)
		}
		plugin.Close()
	}
	registry, err := pointsman.NewRegistry(host, pointsman.RegistryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	folder := t.TempDir()
	if err := os.CopyFS(folder, Strategies()); err != nil {
		t.Fatal(err)
	}
	results, err := registry.LoadDir(ctx, folder)
	var names []string
	for _, result := range results {
		err = errors.Join(err, result.Err)
		names = append(names, filepath.Base(result.Path))
	}
	if err != nil || !slices.Equal(names, []string{"blue_green.wasm", "rolling_update.wasm"}) {
		t.Error(names, err)
	}
}

func TestWhatIsReadIsTheCallers(t *testing.T) {
	first := BlueGreen()
	clear(first)
	if slices.Equal(first, BlueGreen()) {
		t.Error("it was changed for others")
	}
}
