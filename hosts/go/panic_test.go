package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Panics of the runtime and of callbacks.

// panicking is a context that makes the runtime panic where it looks for a setting of its compiler, once it is told to.
type panicking struct {
	context.Context
	isArmed *bool
}

func (c panicking) Value(key any) any {
	if *c.isArmed && strings.Contains(fmt.Sprintf("%T", key), "FunctionListenerFactory") {
		panic("on request")
	}
	return c.Context.Value(key)
}

func TestAPanicOfTheRuntimeIsAnErrorAndTheHostGoesOn(t *testing.T) {
	host, isArmed := newHost(t, Limits{}), true
	ctx := panicking{background, &isArmed}

	_, err := host.Load(ctx, strategyOf(t, strategyCore()), Name("guest.wasm"))

	var refused *LoadError
	if !errors.As(err, &refused) || refused.Kind != ErrPanicked {
		t.Fatalf("%v", err)
	}
	expected := "`guest.wasm` made the runtime panic, a bug in it or in this host: on request"
	if told := err.Error(); told != expected {
		t.Errorf("%s", told)
	}
	if _, err := host.Load(background, strategyOf(t, strategyCore())); err != nil {
		t.Error(err)
	}
}

func TestAWatchOutlivesPanicsOfTheRuntimeAndOfItsCallback(t *testing.T) {
	folder, told, isArmed := t.TempDir(), make(chan FileResult, 1), true
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry := mustRegistry(t, host, RegistryOptions{})
	good := readFile(t, builtComponent(t, "plugins/blue_green.wasm"))
	how := WatchOptions{Quiet: 10 * time.Millisecond, OnChange: func(result FileResult) {
		isArmed = false
		told <- result
		if result.Err != nil {
			panic("the callback too")
		}
	}}
	watch, err := registry.Watch(panicking{background, &isArmed}, folder, how)
	if err != nil {
		t.Fatal(err)
	}

	write(t, folder, "a.wasm", good)
	if result := <-told; !errors.Is(result.Err, ErrPanicked) || !errors.Is(result.Err, ErrSwapLoad) {
		t.Errorf("%v", result)
	}
	write(t, folder, "b.wasm", numbered(good, 1))
	if result := <-told; result.Err != nil || result.Swap.Outcome != Loaded {
		t.Errorf("%v", result)
	}
	watch.Close()
	expected := `msg="the callback of a watched folder panicked"`
	if text := log.String(); !strings.Contains(text, expected) || !strings.Contains(text, `panic="the callback too"`) {
		t.Errorf("%s", text)
	}
}

// faulty is a context that panics where anybody looks for a value that is not the host's, once it is told to.
type faulty struct {
	context.Context
	isArmed *bool
}

func (c faulty) Value(key any) any {
	if *c.isArmed && key != (callKey{}) {
		panic("on request")
	}
	return c.Context.Value(key)
}

func TestAPanicInACallIsAnErrorAndThePluginGoesOn(t *testing.T) {
	host, isArmed := newHost(t, Limits{Instances: 1}), false
	plugin := load(t, host, "guests/hostile.wasm")
	ctx := faulty{background, &isArmed}
	for _, entry := range entryPoints {
		// None waits, so that the runtime has to make one.
		taken, err := plugin.loaded.take(background)
		if err != nil {
			t.Fatal(err)
		}
		taken.close()

		isArmed = true
		err = entry.call(ctx, plugin, "none")
		isArmed = false

		if callKind(t, plugin, err) != ErrPanicked || judge(err).outcome != OutcomeHost {
			t.Errorf("%s: %v", entry.name, err)
		}
		if told := "made the runtime panic, a bug in it or in this host: on request"; !strings.HasSuffix(err.Error(), told) {
			t.Errorf("%s: %v", entry.name, err)
		}
		assertGoesOn(t, plugin)
	}
}
