// Package components has the first-party components of the release that this module is of: the strategies, and the
// guard and the loader that every host runs. With it a manager needs no other files:
//
//	host, err := pointsman.NewHost(ctx, pointsman.WithRelease(components.Release()))
//	plugin, err := host.Load(ctx, components.BlueGreen(), pointsman.Name("blue_green.wasm"))
//
// The bytes are those that `make components` builds, which a test compares. They are kept compressed, a third of their
// size in every checkout and in every program.
package components

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"io/fs"
	"sync"
)

//go:generate go run ./internal/refresh ../../../target components.zip

//go:embed components.zip
var archive []byte

var files = sync.OnceValue(func() *zip.Reader {
	reader, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		// A test reads all of it.
		panic("the embedded components are damaged: " + err.Error())
	}
	return reader
})

// Release has `guard.wasm` and `loader.wasm`, for pointsman.WithRelease.
func Release() fs.FS { return folder("release") }

// Strategies has `blue_green.wasm` and `rolling_update.wasm`: [os.CopyFS] puts them into a folder that a registry loads
// or watches.
func Strategies() fs.FS { return folder("strategies") }

// BlueGreen is the component of the strategy `blue-green`. It is the caller's.
func BlueGreen() []byte { return read("strategies/blue_green.wasm") }

// RollingUpdate is the component of the strategy `rolling-update`. It is the caller's.
func RollingUpdate() []byte { return read("strategies/rolling_update.wasm") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files(), name)
	if err != nil {
		panic(err)
	}
	return sub
}

func read(name string) []byte {
	content, err := fs.ReadFile(files(), name)
	if err != nil {
		panic("the embedded components are damaged: " + err.Error())
	}
	return content
}
