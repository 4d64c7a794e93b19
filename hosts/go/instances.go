package pointsman

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// Instances: how many there may be at once and for what, and how one is made as good as new.
//
// To make an instance takes 50 µs and more. So one that has done its work is rewound: its memory and its globals become
// what they were when it was new, byte for byte, which takes a tenth of that, and the next call finds nothing of the
// one before. Where the plugin's code can change more than memory and globals, its tables for example, each call has an
// instance that is really new.

// largestGuard is up to how much memory an instance of the guard, which is not rewound, is used again.
const largestGuard = 4 << 20

// instance is one of a plugin.
type instance struct {
	plugin  *loaded
	module  api.Module
	memory  api.Memory
	linear  *guestMemory
	realloc api.Function
	// each gets memory for many strings at once; nil where the module was not rewritten.
	each      api.Function
	functions []api.Function
	// posts free what a function returned; nil for those that need none.
	posts   []api.Function
	globals []api.MutableGlobal
	// size is the global that says how many pages of memory the plugin knows of.
	size api.Global
	call call
	// stack is room that calls use again.
	stack []uint64
}

// image is a copy of an instance when it was new.
type image struct {
	size    uint32
	at      uint32
	memory  []byte
	globals []uint64
}

// idle are instances that wait for the next call.
type idle struct {
	mutex     sync.Mutex
	instances []*instance
	// users counts the holders of the plugin; when it is closed and the last has let go, it is given back to the system.
	users    int
	isClosed bool
}

var moduleConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions()

// instantiate makes a new instance. Its start function, if it has one, runs under the limits as well.
func (l *loaded) instantiate(ctx context.Context) (*instance, error) {
	made := &instance{plugin: l, stack: make([]uint64, mostParams)}
	made.call.begin(ctx, l.host.limits.Time)
	allocate := experimental.MemoryAllocatorFunc(func(_, most uint64) experimental.LinearMemory {
		made.linear = newGuestMemory(most)
		return made.linear
	})
	// Also where the runtime panics.
	defer func() {
		if made.module == nil && made.linear != nil {
			made.linear.Free()
		}
	}()
	withMemory := experimental.WithMemoryAllocator(&made.call, allocate)
	module, err := l.host.runtime.InstantiateModule(withMemory, l.compiled, moduleConfig)
	if err != nil {
		return nil, made.failure(err)
	}
	made.module, made.memory, made.realloc = module, module.ExportedMemory(memoryExport),
		module.ExportedFunction(reallocExport)
	made.each = module.ExportedFunction(eachExport)
	for i := range l.contract.functions {
		export := l.contract.functions[i].export(l.version)
		made.functions = append(made.functions, module.ExportedFunction(export))
		made.posts = append(made.posts, module.ExportedFunction(postPrefix+export))
	}
	for _, name := range l.globals {
		global, err := exportedGlobal(module, name)
		if err != nil {
			return nil, errors.Join(err, module.Close(ctx))
		}
		made.globals = append(made.globals, global)
		// It is the last.
		made.size = global
	}
	return made, nil
}

// image remembers what the instance is now.
func (i *instance) image() image {
	size := i.memory.Size()
	memory, _ := i.memory.Read(0, size)
	first, last := 0, len(memory)
	for first < last && memory[first] == 0 {
		first++
	}
	for last > first && memory[last-1] == 0 {
		last--
	}
	made := image{size: size, at: uint32(first), memory: append([]byte(nil), memory[first:last]...)}
	for _, global := range i.globals {
		made.globals = append(made.globals, global.Get())
	}
	return made
}

// rewind makes the instance what it was when it was new. How much the plugin sees of its memory is one of the globals.
func (i *instance) rewind(to *image) {
	at, end := int(to.at), int(to.at)+len(to.memory)
	hot := max(0, at-hotStack)
	i.linear.zero(0, hot)
	i.linear.zero(hot, at)
	copy(i.linear.bytes[at:], to.memory)
	// What the plugin knows of is zeroed in place: to give it back and have it anew costs more. What lies beyond was
	// hardly touched.
	known := max(end, min(int(to.size), int(i.size.Get())*page))
	clear(i.linear.bytes[end:known])
	i.linear.zero(known, int(to.size))
	for g, global := range i.globals {
		global.Set(to.globals[g])
	}
}

// close gives it back to the system.
func (i *instance) close() {
	// It has no exit code and nothing open, so there is nothing to fail.
	_ = i.module.Close(context.Background())
}

// retain keeps the plugin from being given back, unless it was closed. For who holds it already, it is never too late.
func (l *loaded) retain(isHeld bool) bool {
	if !l.host.enter(isHeld) {
		return false
	}
	l.idle.mutex.Lock()
	isGood := !l.idle.isClosed || isHeld
	if isGood {
		l.idle.users++
	}
	l.idle.mutex.Unlock()
	if !isGood {
		_ = l.host.leave(context.Background())
	}
	return isGood
}

// release lets go of it again.
func (l *loaded) release() {
	l.idle.mutex.Lock()
	l.idle.users--
	isLast := l.idle.isClosed && l.idle.users == 0
	l.idle.mutex.Unlock()
	if isLast {
		l.free()
	}
	// Nobody is left to be told of a runtime that does not close.
	_ = l.host.leave(context.Background())
}

// close lets no new call begin. What is under way ends as it would.
func (l *loaded) close() {
	l.idle.mutex.Lock()
	instances, wasClosed, isUnused := l.idle.instances, l.idle.isClosed, l.idle.users == 0
	l.idle.instances, l.idle.isClosed = nil, true
	l.idle.mutex.Unlock()
	for _, instance := range instances {
		instance.close()
	}
	if !wasClosed && isUnused {
		l.free()
	}
}

func (l *loaded) free() {
	_ = l.compiled.Close(context.Background())
	l.host.forget(l)
}

// take gives an instance that is new or as good as new. The plugin must be retained.
func (l *loaded) take(ctx context.Context) (*instance, error) {
	l.idle.mutex.Lock()
	if last := len(l.idle.instances) - 1; last >= 0 {
		taken := l.idle.instances[last]
		l.idle.instances = l.idle.instances[:last]
		l.idle.mutex.Unlock()
		return taken, nil
	}
	l.idle.mutex.Unlock()
	return l.instantiate(ctx)
}

// give takes an instance back that has done its work well.
func (l *loaded) give(i *instance) {
	// Memory that has grown beyond what there was to spare stays grown, and the next call could find out.
	isGood := l.isRewindable && i.memory.Size() == l.image.size
	if l.isTrusted {
		isGood = i.memory.Size() <= max(largestGuard, l.image.size)
	}
	if !isGood {
		i.close()
		return
	}
	if !l.isTrusted {
		i.rewind(&l.image)
	}
	i.call.Context = nil
	l.idle.mutex.Lock()
	isKept := !l.idle.isClosed && len(l.idle.instances) < 4*runtime.GOMAXPROCS(0)
	if isKept {
		l.idle.instances = append(l.idle.instances, i)
	}
	l.idle.mutex.Unlock()
	if !isKept {
		i.close()
	}
}
