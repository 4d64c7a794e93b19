package pointsman

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/tetratelabs/wazero"
)

// The cache of compiled code, which keeps whole entries only.
//
// wazero reads what is in its cache folder almost as it is: one flipped bit in it crashes the process, or makes the
// plugin look invalid. So wazero's folder is there only while something is compiled, and what is in it then was just
// read from an entry of ours, whose digest was right. An entry whose digest is not is dropped, and its code made anew.

const (
	// cacheMagic begins an entry. After it come the digest of all the rest, and the name that wazero has for it.
	cacheMagic = "pointsman cache 1\n"
	// largestEntry is the largest entry that is read, in bytes.
	largestEntry = 1 << 30
)

// codeCache is one. It is safe for use by several goroutines at once, of several processes.
type codeCache struct {
	folder string
	wazero wazero.CompilationCache
	// staged is wazero's folder, and platform the one in it that says for which version and processor the code is.
	staged, platform string
	log              *slog.Logger
	// compiling is held while wazero's folder is there: what is new in it is of what is compiled.
	compiling sync.Mutex
}

// newCodeCache makes the folder where it is not there.
func newCodeCache(folder string, log *slog.Logger) (*codeCache, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	staged, err := os.MkdirTemp(folder, ".compiling-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(staged)
	made, err := wazero.NewCompilationCacheWithDir(staged)
	if err != nil {
		return nil, err
	}
	platforms, err := os.ReadDir(staged)
	if err != nil {
		return nil, err
	}
	if len(platforms) != 1 {
		return nil, fmt.Errorf("the runtime's cache has %d folders, not one", len(platforms))
	}
	return &codeCache{
		folder: folder, wazero: made, staged: staged, platform: platforms[0].Name(), log: log,
	}, nil
}

// compile compiles a module; a nil cache does so without one. That an entry cannot be written is no reason to fail.
func (c *codeCache) compile(
	ctx context.Context, runtime wazero.Runtime, module []byte,
) (wazero.CompiledModule, error) {
	if c == nil {
		return runtime.CompileModule(ctx, module)
	}
	c.compiling.Lock()
	defer c.compiling.Unlock()
	defer os.RemoveAll(c.staged)
	within := filepath.Join(c.staged, c.platform)
	if err := os.MkdirAll(within, 0o700); err != nil {
		return nil, fmt.Errorf("the cache folder cannot be used: %w", err)
	}
	entry := filepath.Join(c.folder, c.platform+"-"+hex.EncodeToString(digestOf(module)))
	name, code, err := readEntry(entry)
	if err == nil {
		err = os.WriteFile(filepath.Join(within, name), code, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.drop(entry, err)
	}
	compiled, err := runtime.CompileModule(ctx, module)
	if err != nil && name != "" {
		// Whole, and yet not what this runtime takes.
		c.drop(entry, err)
		if err := os.Remove(filepath.Join(within, name)); err != nil {
			return nil, err
		}
		name = ""
		compiled, err = runtime.CompileModule(ctx, module)
	}
	if err != nil {
		return nil, err
	}
	if err := keepNew(within, name, entry); err != nil {
		c.log.Warn("compiled code is not kept", "entry", shown(entry), "error", shown(err.Error()))
	}
	return compiled, nil
}

// drop removes an entry that is not what it should be.
func (c *codeCache) drop(entry string, err error) {
	c.log.Warn("an entry of the cache is damaged, and its code is made anew", "entry", shown(entry), "error",
		shown(err.Error()))
	_ = os.Remove(entry)
}

// keepNew keeps what is in wazero's folder besides what was put there.
func keepNew(within, known, entry string) error {
	files, err := os.ReadDir(within)
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.Name() == known {
			continue
		}
		code, err := os.ReadFile(filepath.Join(within, file.Name()))
		if err != nil {
			return err
		}
		return writeWhole(entry, entryOf(file.Name(), code), 0o600)
	}
	return nil
}

// entryOf is an entry's content.
func entryOf(name string, code []byte) []byte {
	rest := binary.LittleEndian.AppendUint32(nil, uint32(len(name)))
	rest = append(append(rest, name...), code...)
	return append(append([]byte(cacheMagic), digestOf(rest)...), rest...)
}

// errDamaged: an entry is not what was written.
var errDamaged = errors.New("its digest is another one")

// readEntry reads an entry: the name that wazero has for it, and the code.
func readEntry(path string) (name string, code []byte, err error) {
	content, err := readRegular(path, largestEntry)
	if err != nil {
		return "", nil, err
	}
	content, isEntry := bytes.CutPrefix(content, []byte(cacheMagic))
	if !isEntry || len(content) < sha256.Size+4 || !bytes.Equal(content[:sha256.Size], digestOf(content[sha256.Size:])) {
		return "", nil, errDamaged
	}
	content = content[sha256.Size:]
	length := binary.LittleEndian.Uint32(content)
	content = content[4:]
	if uint64(length) > uint64(len(content)) {
		return "", nil, errDamaged
	}
	name, code = string(content[:length]), content[length:]
	if name == "." || name == ".." || name != filepath.Base(name) {
		return "", nil, errDamaged
	}
	return name, code, nil
}

func digestOf(content []byte) []byte {
	digest := sha256.Sum256(content)
	return digest[:]
}
