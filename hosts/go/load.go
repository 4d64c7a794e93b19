package pointsman

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// LoadOption is an option of [Host.Load].
type LoadOption func(*string)

// Name is the name under which a plugin is loaded, for messages; by default `plugin`.
func Name(name string) LoadOption {
	return func(to *string) { *to = name }
}

// Load loads a plugin from memory. The bytes are not kept.
//
// It fails with a [LoadError], which says what about the bytes is not right.
func (h *Host) Load(ctx context.Context, component []byte, opts ...LoadOption) (*Plugin, error) {
	name := "plugin"
	for _, option := range opts {
		option(&name)
	}
	return h.load(ctx, componentFile{newPluginID(name, component), component}, &strategyContract)
}

// LoadFile loads a plugin from a file, whose name it has.
//
// It fails with a [LoadError], which says what about the file is not right.
func (h *Host) LoadFile(ctx context.Context, path string) (*Plugin, error) {
	file, err := h.read(path)
	if err != nil {
		return nil, err
	}
	return h.load(ctx, file, &strategyContract)
}

// componentFile is a component file that was read, once: what its digest says is what is loaded.
type componentFile struct {
	id    PluginID
	bytes []byte
}

// read reads a component file.
func (h *Host) read(path string) (componentFile, error) {
	fail := func(err error) (componentFile, error) {
		return componentFile{}, &LoadError{Name: path, Kind: ErrRead, Cause: err}
	}
	// One byte more than is allowed tells a file that is too large, also where its size is unknown.
	bytes, err := readRegular(path, h.limits.Component+1)
	if err != nil {
		return fail(err)
	}
	name := filepath.Base(path)
	if len(bytes) > h.limits.Component {
		detail := fmt.Sprintf("has more than %d bytes, which is the limit", h.limits.Component)
		return componentFile{}, &LoadError{Name: name, Kind: ErrTooLarge, Detail: detail}
	}
	return componentFile{newPluginID(name, bytes), bytes}, nil
}

// load compiles a component that keeps a contract, and starts it once, so that one that cannot even start is not found
// out in the night.
func (h *Host) load(ctx context.Context, file componentFile, contract *contract) (*Plugin, error) {
	name := file.id.Name
	if err := ctx.Err(); err != nil {
		return nil, &LoadError{Name: name, Kind: ErrStart, Cause: err}
	}
	if !h.enter(false) {
		return nil, &LoadError{Name: name, Kind: ErrStart, Cause: ErrClosed}
	}
	defer h.leave(context.Background())
	// Whatever it panics in, what was made of the file is closed, and the runtime shares only what is finished.
	var made *loaded
	var plugin *Plugin
	var err error
	words, hasPanicked := contained(func() { plugin, err = h.loadUncontained(ctx, file, contract, &made) })
	if hasPanicked {
		if made != nil {
			made.close()
		}
		return nil, &LoadError{Name: name, Kind: ErrPanicked, Cause: errors.New(words)}
	}
	return plugin, err
}

// loadUncontained is load, which may panic where the runtime does. Once there is something to close, it is in made.
func (h *Host) loadUncontained(
	ctx context.Context, file componentFile, contract *contract, made **loaded,
) (*Plugin, error) {
	name := file.id.Name
	// For the loader's instance, the compiler's memory, and the first of the plugin's instances.
	if err := h.permits.take(ctx, forBackground, 0); err != nil {
		return nil, &LoadError{Name: name, Kind: ErrStart, Cause: err}
	}
	defer h.permits.give(forBackground)
	admitted, err := h.loader.admit(ctx, file, contract, h.limits)
	if err != nil {
		return nil, err
	}
	compiled, err := h.cache.compile(ctx, h.runtime, admitted.core)
	if err != nil {
		return nil, &LoadError{Name: name, Kind: ErrInvalidComponent, Cause: err}
	}
	plugin := &loaded{
		host: h, id: file.id, contract: contract, size: len(file.bytes), compiled: compiled,
		version: admitted.Version, exports: admitted.Exports,
		globals: admitted.Globals, isRewindable: admitted.IsRewindable,
	}
	if !h.remember(plugin) {
		return nil, errors.Join(&LoadError{Name: name, Kind: ErrStart, Cause: ErrClosed}, compiled.Close(ctx))
	}
	*made = plugin
	if err := plugin.firstInstance(ctx); err != nil {
		plugin.close()
		return nil, err
	}
	return &Plugin{loaded: plugin}, nil
}

// firstInstance makes one, and remembers what a new one is.
func (l *loaded) firstInstance(ctx context.Context) error {
	first, err := l.instantiate(ctx)
	if err != nil {
		return &LoadError{Name: l.id.Name, Kind: ErrStart, Cause: err}
	}
	l.image = first.image()
	l.give(first)
	return nil
}
