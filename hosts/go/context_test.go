package pointsman

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// Contexts that end, and those that end late.

func TestAContextThatIsCanceledEndsACall(t *testing.T) {
	for _, entry := range entryPoints {
		t.Run(entry.name, func(t *testing.T) {
			plugin := hostile(t)
			ctx, cancel := context.WithCancel(background)
			running := make(chan struct{})
			// It is canceled from another goroutine, which begins when the call does.
			watched := &notifyingContext{Context: ctx, reached: running}
			go func() {
				<-running
				cancel()
			}()
			err := entry.call(watched, plugin, "loop_forever")
			if callKind(t, plugin, err) != ErrCanceled || !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
				t.Errorf("%v", err)
			}
			if err := entry.call(ctx, plugin, "none"); !errors.Is(err, context.Canceled) {
				t.Errorf("with a context that is over already: %v", err)
			}
			assertGoesOn(t, plugin)
		})
	}
}

// notifyingContext tells when a plugin has been running: before that, fewer than ten ask whether the context is over.
type notifyingContext struct {
	context.Context
	mutex   sync.Mutex
	times   int
	reached chan struct{}
}

func (c *notifyingContext) Err() error {
	c.mutex.Lock()
	if c.times++; c.times == 10 {
		close(c.reached)
	}
	c.mutex.Unlock()
	return c.Context.Err()
}

func TestAContextsDeadlineEndsACallEarlier(t *testing.T) {
	plugin := hostile(t)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	err := typedEntryPoint.call(ctx, plugin, "loop_forever")
	if callKind(t, plugin, err) != ErrCanceled || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	// It ends then even if its timer, which needs a thread, is late.
	late := &lateContext{background, time.Now().Add(20 * time.Millisecond)}
	if err := typedEntryPoint.call(late, plugin, "loop_forever"); callKind(t, plugin, err) != ErrCanceled ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	later, cancel := context.WithTimeout(background, time.Hour)
	defer cancel()
	short := load(t, newHost(t, Limits{Time: 10 * time.Millisecond}), "guests/hostile.wasm")
	if err := typedEntryPoint.call(later, short, "loop_forever"); callKind(t, short, err) != ErrTimeout {
		t.Errorf("%v", err)
	}
}

// lateContext has a deadline, and does not know when it is over.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c *lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

func TestAContextThatIsOverLoadsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err := sharedHost(t).Load(ctx, strategyOf(t, strategyCore())); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
