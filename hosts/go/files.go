package pointsman

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Reading of files that anybody may have put there, and writing of files that others read.

// errNotRegular: a pipe, a device or a folder.
var errNotRegular = errors.New("it is no regular file")

// readRegular reads a regular file, and at most so many bytes of it. Nothing else is opened, and nothing is waited for:
// to open a pipe would wait for somebody who writes to it.
func readRegular(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openWithoutWaiting, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// Another may have been put in its place since.
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return io.ReadAll(io.LimitReader(file, int64(most)))
}

// writeWhole writes beside the file and renames, so that no reader and no crash finds a part of it.
func writeWhole(path string, content []byte, mode os.FileMode) (err error) {
	part, err := os.CreateTemp(filepath.Dir(path), ".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	_, err = part.Write(content)
	if err == nil {
		err = part.Sync()
	}
	err = errors.Join(err, part.Close(), os.Chmod(part.Name(), mode))
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}
