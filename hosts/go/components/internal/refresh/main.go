// Refresh puts the components that `make components` has built into the archive that package components embeds:
//
//	go generate ./components
//
// An archive that has them already is left as it is.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sources are the files of the archive, and where the build leaves them.
var sources = []struct{ name, built string }{
	{"release/guard.wasm", "plugins/guard.wasm"},
	{"release/loader.wasm", "loader/loader.wasm"},
	{"strategies/blue_green.wasm", "plugins/blue_green.wasm"},
	{"strategies/rolling_update.wasm", "plugins/rolling_update.wasm"},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: refresh TARGET ARCHIVE")
		os.Exit(2)
	}
	if err := refresh(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v; run `make components` first\n", err)
		os.Exit(1)
	}
}

func refresh(target, archive string) error {
	contents := map[string][]byte{}
	for _, source := range sources {
		content, err := os.ReadFile(filepath.Join(target, source.built))
		if err != nil {
			return err
		}
		contents[source.name] = content
	}
	if isCurrent(archive, contents) {
		return nil
	}
	var to bytes.Buffer
	writer := zip.NewWriter(&to)
	writer.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, source := range sources {
		// Without a time: the same components make the same archive.
		part, err := writer.CreateHeader(&zip.FileHeader{Name: source.name, Method: zip.Deflate})
		if err == nil {
			_, err = part.Write(contents[source.name])
		}
		if err != nil {
			return err
		}
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return os.WriteFile(archive, to.Bytes(), 0o644)
}

// isCurrent tells whether an archive has these files and no others. Another release of Go may compress otherwise, which
// is no reason to write it anew.
func isCurrent(archive string, contents map[string][]byte) bool {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return false
	}
	defer reader.Close()
	for name, content := range contents {
		if found, err := fs.ReadFile(reader, name); err != nil || !bytes.Equal(found, content) {
			return false
		}
	}
	return len(reader.File) == len(contents)
}
