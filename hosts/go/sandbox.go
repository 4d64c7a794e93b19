package pointsman

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// callKey is where a call finds itself in the context that it hands the runtime.
type callKey struct{}

// call is the context under which an instance runs: the caller's, and until when.
type call struct {
	context.Context
	// deadline is the earlier of the time limit's and the context's.
	deadline time.Time
	// isContexts tells which of the two it is.
	isContexts bool
}

// stopped ends a call from within.
type stopped struct {
	cause error
	// hasRun tells that the plugin's code was running.
	hasRun bool
}

func (s *stopped) Error() string { return s.cause.Error() }
func (s *stopped) Unwrap() error { return s.cause }

// Value finds the call, for the host's side of it.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// begin starts the clock of a call.
func (c *call) begin(ctx context.Context, limit time.Duration) {
	c.Context = ctx
	c.deadline, c.isContexts = time.Now().Add(limit), false
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(c.deadline) {
		c.deadline, c.isContexts = deadline, true
	}
}

// check tells why the call must end now, if it must.
func (c *call) check() error {
	if err := c.Context.Err(); err != nil {
		return err
	}
	switch {
	case time.Now().Before(c.deadline):
		return nil
	case c.isContexts:
		// Its timer is late where compiled code keeps all threads busy.
		return context.DeadlineExceeded
	default:
		return ErrTimeout
	}
}

// tickFunction is what a plugin calls when its fuel is used up, or when it was refused memory: it gets new fuel, or
// does not return.
func tickFunction(ctx context.Context, module api.Module, stack []uint64) {
	if refused := module.ExportedGlobal(refusedGlobal); refused != nil && refused.Get() != 0 {
		panic(&stopped{ErrMemory, true})
	}
	running, _ := ctx.Value(callKey{}).(*call)
	if err := running.check(); err != nil {
		panic(&stopped{err, true})
	}
	stack[0] = slice
}

// failure makes an error of a failed call.
func (i *instance) failure(err error) error {
	fail := func(kind, cause error) error {
		return &CallError{Plugin: i.plugin.id, Kind: kind, Limits: i.plugin.host.limits, Cause: cause}
	}
	var end *stopped
	var wrong *malformedError
	var argument *ArgumentError
	switch {
	case errors.As(err, &argument):
		return argument
	case errors.As(err, &end) && end.cause == ErrTimeout:
		return fail(ErrTimeout, nil)
	case errors.Is(err, ErrMemory):
		return fail(ErrMemory, nil)
	case errors.As(err, &end):
		return &CallError{Plugin: i.plugin.id, Kind: ErrCanceled, Limits: i.plugin.host.limits, Cause: end.cause,
			hasRun: end.hasRun}
	case errors.As(err, &wrong):
		return fail(ErrMalformed, wrong.error)
	case errors.Is(err, ErrResponse):
		return fail(ErrResponse, nil)
	default:
		return fail(ErrTrap, err)
	}
}

// invoke calls one of the contract's functions, whose parameters are on the stack, and lifts what it returns. An
// instance that goes on has to free what that was.
func (i *instance) invoke(place int, goesOn bool, lift func(l *lifting, at uint32)) error {
	if err := i.functions[place].CallWithStack(&i.call, i.stack); err != nil {
		return err
	}
	at := i.stack[0]
	memory, ok := i.memory.Read(0, i.memory.Size())
	if !ok {
		return fmt.Errorf("its memory of %d bytes cannot be read", i.memory.Size())
	}
	l := &lifting{memory: memory, allowance: i.plugin.host.limits.Response}
	if lift(l, uint32(at)); l.err != nil {
		return l.err
	}
	if post := i.posts[place]; post != nil && goesOn {
		i.stack[0] = at
		return post.CallWithStack(&i.call, i.stack)
	}
	return nil
}

// exportedGlobal finds a global that the meter has exported.
func exportedGlobal(module api.Module, name string) (api.MutableGlobal, error) {
	global, ok := module.ExportedGlobal(name).(api.MutableGlobal)
	if !ok {
		return nil, fmt.Errorf("global `%s` is not there", name)
	}
	return global, nil
}
