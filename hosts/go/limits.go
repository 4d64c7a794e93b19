package pointsman

import (
	"fmt"
	"maps"
	"time"
)

// page is the size of a page of WebAssembly memory, in bytes.
const page = 64 << 10

// Limits say what a plugin may use. Each ends a call with an error of its own; none ends the host. A field that is zero
// has its default.
type Limits struct {
	// Memory is the linear memory of one instance, in bytes; default 64 MiB, 64 KiB to 4 GiB. Memory comes in pages of
	// 64 KiB; a page that does not fit whole is not given.
	//
	// Blue-green takes about 250 bytes a route. A host under attack may come to hold Memory * (Instances + 2), and beside
	// it the plugins' call stacks, which no limit is for: the runtime lets each grow to some 50 to 100 MB of Go's heap,
	// and it is kept as long as its instance.
	Memory int64
	// Time is the wall-clock time of one call, copying its arguments included; default 1 s. A context's deadline ends a
	// call earlier, if it is earlier. A call is stopped a few milliseconds after this time, on a machine with a core to
	// spare, and later where a single instruction works on much memory: to fill 64 MiB for the first time takes tens of
	// milliseconds.
	Time time.Duration
	// Response is the size of what one call may return, in bytes as the host will hold it: the length of each string, and
	// the size of each list element; default 16 MiB.
	//
	// Without it a few megabytes in the sandbox could become gigabytes outside, because a list may name one string many
	// times.
	Response int
	// Instances is the number of instances that there may be at once, over all plugins of the host: calls under way, and
	// sessions; default 64, at most 10000. A call beyond them fails at once. What the host does besides calls, such as
	// loading a plugin, has two more for itself, and so has the guard as many as there are calls.
	Instances int
	// Component is the size of a component file, in bytes; default 16 MiB. To check one takes the loader up to eight times
	// as much memory, and 64 MiB; two are checked at once.
	Component int
	// Budgets raise what compiling a file may cost, by name: {"work": 3_000_000}. By default the dearest file within all
	// of them compiles within 2 s and 512 MiB; what a file may cost with others is yours to know. An [ErrOverBudget] names
	// the budget and how much of it the file has, as far as it was read.
	Budgets map[string]uint64
}

// withDefaults gives each field that is zero its default.
func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = 64 << 20
	}
	if l.Time == 0 {
		l.Time = time.Second
	}
	if l.Response == 0 {
		l.Response = 16 << 20
	}
	if l.Instances == 0 {
		l.Instances = 64
	}
	if l.Component == 0 {
		l.Component = 16 << 20
	}
	l.Budgets = maps.Clone(l.Budgets)
	return l
}

// validate finds limits that nothing could run under.
func (l Limits) validate() error {
	tooSmall := func(limit, least string) error {
		return fmt.Errorf("%w: limit `%s` is too small: it must be at least %s", ErrInvalidLimits, limit, least)
	}
	tooLarge := func(limit, most string) error {
		return fmt.Errorf("%w: limit `%s` is too large: it must be at most %s", ErrInvalidLimits, limit, most)
	}
	switch {
	case l.Memory < page:
		return tooSmall("memory", "65536 bytes, one page")
	case l.Memory > 4<<30:
		return tooLarge("memory", "4 GiB, the address space of a plugin")
	case l.Time < 0:
		return tooSmall("time", "1 ns")
	case l.Response < 0:
		return tooSmall("response", "1 byte")
	case l.Instances < 0:
		return tooSmall("instances", "1")
	case l.Instances > 10_000:
		return tooLarge("instances", "10000")
	case l.Component < 0:
		return tooSmall("component", "1 byte")
	}
	return nil
}

// pages is the limit of an instance's memory, in pages: one less than all, since the runtime gives sizes in 32 bits.
func (l Limits) pages() uint32 {
	return uint32(min(l.Memory/page, 1<<16-1))
}
