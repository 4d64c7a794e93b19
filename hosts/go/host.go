package pointsman

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Host loads plugins and runs them. It is safe for use by several goroutines at once.
type Host struct {
	runtime wazero.Runtime
	cache   *codeCache
	limits  Limits
	permits permits
	log     *slog.Logger
	loader  *loader
	guard   *Plugin

	mutex    sync.Mutex
	plugins  map[*loaded]struct{}
	isClosed bool
	// users are the calls, sessions and loads under way, and the host itself until it is closed. The last one to leave
	// gives the runtime back, and with it the code and memory that the others were using.
	users int
}

// Option is an option of [NewHost].
type Option func(*options)

type options struct {
	limits      Limits
	release     *release
	cacheFolder string
	log         *slog.Logger
}

// WithLimits sets what plugins may use. Fields that are zero have their defaults.
func WithLimits(limits Limits) Option {
	return func(o *options) { o.limits = limits }
}

// WithCache keeps compiled components in a folder, so that a restart need not compile them again. Entries are found by
// the component's content and wazero's version; one that is damaged is dropped, and its code made anew. What it holds
// is run as native code: only the host may be able to write to it. Nothing else is ever removed from it.
func WithCache(folder string) Option {
	return func(o *options) { o.cacheFolder = folder }
}

// WithLogger sets where registries of this host log to; by default [slog.Default].
func WithLogger(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}

// NewHost makes a host. It needs the files of a release, from [WithRelease] or [WithReleaseFolder].
//
// It fails with [ErrNoRelease] where those are missing, with [ErrInvalidLimits] where nothing could run under the
// limits or a budget has a name that does not exist, with a [LoadError] where the guard cannot be loaded, and where the
// cache folder cannot be made.
func NewHost(ctx context.Context, opts ...Option) (*Host, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	limits := o.limits.withDefaults()
	if err := limits.validate(); err != nil {
		return nil, err
	}
	if o.log == nil {
		o.log = slog.Default()
	}
	host := &Host{limits: limits, log: o.log, plugins: map[*loaded]struct{}{}, users: 1}
	host.permits.background = make(chan struct{}, backgroundInstances)
	if err := host.start(ctx, &o, runtimeConfig()); err != nil {
		host.Close(ctx)
		return nil, err
	}
	return host, nil
}

// runtimeConfig are the settings of the runtime. What strategies have no use for, such as threads and tail calls, is
// off by default.
func runtimeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
}

func (h *Host) start(ctx context.Context, o *options, config wazero.RuntimeConfig) error {
	if o.cacheFolder != "" {
		cache, err := newCodeCache(o.cacheFolder, h.log)
		if err != nil {
			return fmt.Errorf("cache folder `%s` cannot be used: %w", o.cacheFolder, err)
		}
		h.cache = cache
		config = config.WithCompilationCache(cache.wazero)
	}
	h.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	meter := h.runtime.NewHostModuleBuilder(meterModule).NewFunctionBuilder()
	meter = meter.WithGoModuleFunction(api.GoModuleFunc(tickFunction), nil, []api.ValueType{api.ValueTypeI64})
	if _, err := meter.Export(meterTick).Instantiate(ctx); err != nil {
		return fmt.Errorf("the runtime does not start: %w", err)
	}
	program, err := o.release.read(loaderFile)
	if err != nil {
		return err
	}
	component, err := o.release.read(guardFile)
	if err != nil {
		return err
	}
	if h.loader, err = newLoader(program, h.limits, o.cacheFolder, h.log); err != nil {
		return fmt.Errorf("the loader cannot be used: %w", err)
	}
	if err := h.loader.checkBudgets(ctx, h.limits); errors.Is(err, ErrInvalidLimits) {
		return err
	} else if err != nil {
		return fmt.Errorf("the loader cannot be used: %w", err)
	}
	guard, err := h.load(ctx, componentFile{newPluginID(guardFile, component), component}, &guardContract)
	if err != nil {
		return err
	}
	guard.loaded.isTrusted = true
	// It is called only for calls under way, which keep the host; those end as they would.
	h.guard = guard.held()
	return nil
}

// Limits are those that its plugins run under.
func (h *Host) Limits() Limits { return h.limits }

// GuardID is the name and digest of the guard.
func (h *Host) GuardID() PluginID { return h.guard.loaded.id }

// Close closes the host and all of its plugins: no new call, session or load begins, each fails with [ErrClosed]. What
// is under way ends as it would, and the last of it gives code and memory back; sessions must be closed for that. Close
// waits for none, and may be called more than once.
func (h *Host) Close(ctx context.Context) error {
	h.mutex.Lock()
	wasClosed := h.isClosed
	h.isClosed = true
	plugins := make([]*loaded, 0, len(h.plugins))
	for plugin := range h.plugins {
		if h.guard == nil || plugin != h.guard.loaded {
			plugins = append(plugins, plugin)
		}
	}
	h.mutex.Unlock()
	if wasClosed {
		return nil
	}
	for _, plugin := range plugins {
		plugin.close()
	}
	return h.leave(ctx)
}

// enter keeps the runtime from being given back, unless the host was closed. For who keeps it already, it is never too
// late.
func (h *Host) enter(isHeld bool) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.isClosed && !isHeld {
		return false
	}
	h.users++
	return true
}

// leave undoes enter.
func (h *Host) leave(ctx context.Context) error {
	h.mutex.Lock()
	h.users--
	isLast := h.users == 0
	h.mutex.Unlock()
	if !isLast {
		return nil
	}
	var errs []error
	if h.runtime != nil {
		errs = append(errs, h.runtime.Close(ctx))
	}
	if h.cache != nil {
		errs = append(errs, h.cache.wazero.Close(ctx))
	}
	return errors.Join(errs...)
}

// forget is told of a plugin that was closed.
func (h *Host) forget(plugin *loaded) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.plugins, plugin)
}

// remember notes a plugin, to be closed with the host.
func (h *Host) remember(plugin *loaded) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.isClosed {
		return false
	}
	h.plugins[plugin] = struct{}{}
	return true
}
