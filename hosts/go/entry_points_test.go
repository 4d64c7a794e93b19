package pointsman

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

// The ways to ask a plugin, and what their failures are.

// entryPoint is one of the ways to ask a plugin.
type entryPoint struct {
	name string
	call func(ctx context.Context, plugin *Plugin, word string) error
}

var typedEntryPoint = entryPoint{"typed", func(ctx context.Context, plugin *Plugin, word string) error {
	_, err := plugin.EvaluateCycle(ctx, nil, misdeed(word))
	return err
}}

var jsonEntryPoint = entryPoint{"json", func(ctx context.Context, plugin *Plugin, word string) error {
	_, err := plugin.EvaluateCyclesJSON(ctx, "["+misdeedJSON(word)+"]")
	return err
}}

var batchEntryPoint = entryPoint{"batch", func(ctx context.Context, plugin *Plugin, word string) error {
	results, err := plugin.EvaluateCycles(ctx, []Request{{Spec: *misdeed("none")}, {Spec: *misdeed(word)},
		{Spec: *misdeed("none")}})
	if err != nil {
		return err
	}
	// Nothing spoils the others, but that no time is left.
	if results[0].Err != nil || results[2].Err != nil && !errors.Is(results[2].Err, ErrTimeout) {
		return errors.Join(results[0].Err, results[2].Err)
	}
	return results[1].Err
}}

var entryPoints = []entryPoint{typedEntryPoint, jsonEntryPoint, batchEntryPoint}

// callKind is the kind of a failed call.
func callKind(t *testing.T, plugin *Plugin, err error) error {
	t.Helper()
	var call *CallError
	if !errors.As(err, &call) {
		t.Fatalf("%v is no failed call", err)
	}
	if call.Plugin != plugin.ID() || !reflect.DeepEqual(call.Limits, plugin.loaded.host.limits) {
		t.Errorf("%v names %v and %v", err, call.Plugin, call.Limits)
	}
	if !errors.Is(err, call.Kind) {
		t.Errorf("%v is not its kind", err)
	}
	return call.Kind
}

// assertGoesOn checks that plugins of a host still work.
func assertGoesOn(t *testing.T, plugins ...*Plugin) {
	t.Helper()
	for _, plugin := range plugins {
		spec := specWith("{}")
		if plugin.ID().Name == "hostile.wasm" {
			spec = misdeed("none")
		}
		if _, err := plugin.EvaluateCycle(background, nil, spec); err != nil {
			t.Errorf("%v", err)
		}
	}
}
