package pointsman

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Files of a release that a host runs, besides the strategies.
const (
	guardFile  = "guard.wasm"
	loaderFile = "loader.wasm"
)

// WithRelease gives the host the files `guard.wasm` and `loader.wasm` of the release that its strategies are of: an
// [os.DirFS], an embed.FS, or any other.
//
// The guard checks every plan; the loader checks every component before it is compiled. Package components has those of
// this module's release. The host has no copy of its own: it could be another one than that of the release whose
// strategies it judges.
func WithRelease(files fs.FS) Option {
	return func(o *options) { o.release = &release{files: files} }
}

// WithReleaseFolder is [WithRelease] with the files in a folder.
func WithReleaseFolder(path string) Option {
	return func(o *options) { o.release = &release{os.DirFS(path), path} }
}

// release is where the files of one are.
type release struct {
	files fs.FS
	// folder is where they are for messages; may be empty.
	folder string
}

// read reads one of the files. It fails with [ErrNoRelease].
func (r *release) read(name string) ([]byte, error) {
	if r == nil || r.files == nil {
		return nil, ErrNoRelease
	}
	content, err := fs.ReadFile(r.files, name)
	if err == nil {
		return content, nil
	}
	// The error has the file's name, without the folder.
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	where := ""
	if r.folder != "" {
		where = fmt.Sprintf(" in folder `%s`", r.folder)
	}
	return nil, fmt.Errorf("%w; `%s`%s cannot be read: %w", ErrNoRelease, name, where, err)
}
