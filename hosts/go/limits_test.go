package pointsman

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// Each limit against a guest that breaks it, through every entry point: the exact error, and the host goes on.

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
	results, err := plugin.EvaluateCycles(ctx, []Request{{Spec: *misdeed("none")}, {Spec: *misdeed(word)}, {Spec: *misdeed("none")}})
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

func TestAMisdeedIsTheErrorThatItIs(t *testing.T) {
	for _, c := range []struct {
		word     string
		kind     error
		asJSON   error
		contains string
	}{
		{"loop_forever", ErrTimeout, ErrTimeout, "ran for longer than 1s"},
		{"grow_memory", ErrMemory, ErrMemory, "wanted more than 67108864 bytes of memory"},
		{"ten_million_ids", ErrMemory, ErrMemory, "wanted more than"},
		{"gigabyte_string", ErrMemory, ErrMemory, "wanted more than"},
		{"trap", ErrTrap, ErrTrap, "trapped: wasm error: unreachable"},
		{"recurse_forever", ErrTrap, ErrTrap, "trapped: wasm error:"},
		{"not_utf8", ErrMalformed, ErrMalformed, "UTF-8"},
		// There the plugin itself has to read the message to write it as JSON.
		{"wild_pointer", ErrMalformed, ErrTrap, ""},
	} {
		for _, entry := range entryPoints {
			t.Run(c.word+"/"+entry.name, func(t *testing.T) {
				plugin, expected := hostile(t), c.kind
				if entry.name == "json" {
					expected = c.asJSON
				}
				err := entry.call(background, plugin, c.word)
				if found := callKind(t, plugin, err); found != expected || !strings.Contains(err.Error(), c.contains) {
					t.Errorf("found %v, expected %v with %q", err, expected, c.contains)
				}
				assertGoesOn(t, plugin, blueGreen(t))
			})
		}
	}
}

func TestReturningTooMuchIsAResponseError(t *testing.T) {
	host := newHost(t, Limits{Response: 1 << 20})
	plugin := load(t, host, "guests/hostile.wasm")
	for _, c := range []struct {
		entry entryPoint
		word  string
	}{{typedEntryPoint, "long_string"}, {jsonEntryPoint, "long_string"}, {typedEntryPoint, "long_list"}, {batchEntryPoint, "long_list"}} {
		if err := c.entry.call(background, plugin, c.word); callKind(t, plugin, err) != ErrResponse {
			t.Errorf("%s, %s: %v", c.word, c.entry.name, err)
		}
		assertGoesOn(t, plugin)
		// It is no more than the default allows; that the list is nonsense is for the guard to say.
		if err := c.entry.call(background, hostile(t), c.word); err != nil && !errors.Is(err, ErrPlanRejected) {
			t.Errorf("%s, %s: %v", c.word, c.entry.name, err)
		}
	}
}

func TestWithMemoryForThemTheyAreTooMuchToReturn(t *testing.T) {
	host := newHost(t, Limits{Memory: 2 << 30, Time: time.Minute, Instances: 1})
	plugin := load(t, host, "guests/hostile.wasm")
	for _, c := range []struct {
		entry entryPoint
		word  string
	}{{typedEntryPoint, "ten_million_ids"}, {typedEntryPoint, "gigabyte_string"}, {jsonEntryPoint, "ten_million_ids"}} {
		if err := c.entry.call(background, plugin, c.word); callKind(t, plugin, err) != ErrResponse {
			t.Errorf("%s, %s: %v", c.word, c.entry.name, err)
		}
		assertGoesOn(t, plugin)
	}
}

func TestLimitsCanBeSet(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Memory: 8 << 20, Time: 500 * time.Millisecond, Response: 10_000}), "guests/hostile.wasm")
	for _, c := range []struct {
		entry    entryPoint
		word     string
		kind     error
		contains string
	}{
		{typedEntryPoint, "grow_memory", ErrMemory, "8388608 bytes"},
		{typedEntryPoint, "loop_forever", ErrTimeout, "500ms"},
		{jsonEntryPoint, "long_list", ErrResponse, "10000 bytes"},
	} {
		err := c.entry.call(background, plugin, c.word)
		if callKind(t, plugin, err) != c.kind || !strings.Contains(err.Error(), c.contains) {
			t.Errorf("%s: %v", c.word, err)
		}
	}
	assertGoesOn(t, plugin)
}

func TestAnErrorNamesThePluginAndItsDigest(t *testing.T) {
	plugin := hostile(t)
	err := typedEntryPoint.call(background, plugin, "trap")
	if expected := "plugin `hostile.wasm` (" + plugin.ID().Digest[:19] + "…) trapped: "; !strings.HasPrefix(err.Error(), expected) {
		t.Errorf("%v does not begin with %s", err, expected)
	}
	var call *CallError
	if !errors.As(err, &call) || !strings.Contains(call.Cause.Error(), "wasm stack trace") {
		t.Errorf("the cause of %v has no stack", err)
	}
}

func TestAContextThatIsCanceledEndsACall(t *testing.T) {
	for _, entry := range entryPoints {
		t.Run(entry.name, func(t *testing.T) {
			plugin := hostile(t)
			ctx, cancel := context.WithCancel(background)
			running := make(chan struct{})
			// It is canceled from another goroutine, which begins when the call does.
			watched := &notifyingContext{Context: ctx, asked: running}
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
	mutex sync.Mutex
	times int
	asked chan struct{}
}

func (c *notifyingContext) Err() error {
	c.mutex.Lock()
	if c.times++; c.times == 10 {
		close(c.asked)
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
	if err := typedEntryPoint.call(late, plugin, "loop_forever"); callKind(t, plugin, err) != ErrCanceled || !errors.Is(err, context.DeadlineExceeded) {
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

func TestTheTimeOfABatchIsForAllOfIt(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Time: 50 * time.Millisecond}), "guests/hostile.wasm")
	requests := []Request{{Spec: *misdeed("none")}, {Spec: *misdeed("loop_forever")}}
	for range 100 {
		requests = append(requests, Request{Spec: *misdeed("none")})
	}
	results, err := plugin.EvaluateCycles(background, requests)
	if err != nil || len(results) != len(requests) || results[0].Err != nil {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for i, result := range results[1:] {
		if !errors.Is(result.Err, ErrTimeout) || result.Plan != nil {
			t.Errorf("result %d is %v, %v", i+1, result.Plan, result.Err)
		}
	}
	assertGoesOn(t, plugin)
}

func TestMoreInstancesThanTheLimitAreRefusedUntilOneIsFree(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Instances: 2}), "plugins/blue_green.wasm")
	var sessions []*Session
	for range 2 {
		session, err := plugin.Session(background)
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, session)
	}
	_, err := plugin.EvaluateCycle(background, nil, specWith("{}"))
	if callKind(t, plugin, err) != ErrInstances || !strings.HasSuffix(err.Error(), "was not called: 2 instances are in use already") {
		t.Errorf("%v", err)
	}
	if _, err := plugin.forBackground().Describe(background); err != nil {
		t.Errorf("the background has instances of its own: %v", err)
	}
	for _, session := range sessions {
		session.Close()
		session.Close()
	}
	assertGoesOn(t, plugin)
}

func TestLimitsThatNothingCouldRunUnderAreRefused(t *testing.T) {
	for name, limits := range map[string]Limits{
		"memory": {Memory: 65_535}, "time": {Time: -1}, "instances": {Instances: -1}, "response": {Response: -1}, "component": {Component: -1},
	} {
		_, err := NewHost(background, WithLimits(limits))
		if !errors.Is(err, ErrInvalidLimits) || !strings.Contains(err.Error(), "limit `"+name+"` is too small") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, limits := range map[string]Limits{"memory": {Memory: 4<<30 + 1}, "instances": {Instances: 10_001}} {
		_, err := NewHost(background, WithLimits(limits))
		if !errors.Is(err, ErrInvalidLimits) || !strings.Contains(err.Error(), "limit `"+name+"` is too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheLongestTimeThereIsDoesNotOverflow(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Time: 1<<63 - 1}), "plugins/blue_green.wasm")
	if _, err := plugin.Describe(background); err != nil {
		t.Error(err)
	}
}

func TestALoadedPluginThatWasClosedIsNotCalled(t *testing.T) {
	host := newHost(t, Limits{})
	plugin := load(t, host, "plugins/blue_green.wasm")
	session, err := plugin.Session(background)
	if err != nil {
		t.Fatal(err)
	}
	plugin.Close()
	plugin.Close()
	if _, err := session.EvaluateCycle(background, nil, specWith("{}")); err != nil {
		t.Errorf("what is under way ends as it would: %v", err)
	}
	session.Close()
	for _, err := range []error{
		typedEntryPoint.call(background, plugin, "none"),
		func() error { _, err := session.EvaluateCycle(background, nil, specWith("{}")); return err }(),
	} {
		if callKind(t, plugin, err) != ErrClosed {
			t.Errorf("%v", err)
		}
	}
	if len(host.plugins) != 1 {
		t.Errorf("the host still knows %d plugins, and the guard is one", len(host.plugins))
	}
}

func TestAHostThatIsClosedWhileItIsInUse(t *testing.T) {
	host := newHost(t, Limits{Time: 200 * time.Millisecond})
	plugin := load(t, host, "guests/hostile.wasm")
	session := newSession(t, plugin)
	var group sync.WaitGroup
	for range 3 {
		running := &notifyingContext{Context: background, asked: make(chan struct{})}
		group.Go(func() {
			if _, err := plugin.EvaluateCycle(running, nil, misdeed("loop_forever")); !errors.Is(err, ErrTimeout) {
				t.Errorf("what is under way ends as it would: %v", err)
			}
		})
		<-running.asked
	}
	if err := host.Close(background); err != nil {
		t.Error(err)
	}
	if _, err := plugin.EvaluateCycle(background, nil, misdeed("none")); callKind(t, plugin, err) != ErrClosed {
		t.Errorf("%v", err)
	}
	if _, err := host.Load(background, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := session.EvaluateCycle(background, readyRoutes(3), misdeed("unknown_id")); !errors.Is(err, ErrPlanRejected) {
		t.Errorf("an open session goes on, and so does the guard: %v", err)
	}
	group.Wait()
	if host.users != 2 {
		t.Errorf("%d use it, and the session and its guard are two", host.users)
	}
	session.Close()
	if host.users != 0 {
		t.Errorf("%d use it", host.users)
	}
}

func TestAContextThatIsOverLoadsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err := sharedHost(t).Load(ctx, strategyOf(t, strategyCore())); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestMemoryThatIsRefusedAtTheStartIsAMemoryError(t *testing.T) {
	c := strategyCore()
	c.start, c.functions[4].code = []byte{4}, code(i32Const(60_000), opMemoryGrow, 0, 0x1a)
	if _, err := sharedHost(t).Load(background, strategyOf(t, c)); !errors.Is(err, ErrMemory) || errors.Is(err, ErrTrap) {
		t.Errorf("%v", err)
	}
}

func TestTheMostMemoryThereIsCanBeRead(t *testing.T) {
	c := strategyCore()
	c.functions[3].code = i32Const(1024)
	c.functions[2].code = code(i32Const(65_534), opMemoryGrow, 0, 0x1a, i32Const(16))
	plugin, err := newHost(t, Limits{Memory: 4 << 30}).Load(background, strategyOf(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plugin.CheckConfig(background, "x", 1); err != nil {
		t.Errorf("one page less than all: %v", err)
	}
	c.functions[2].code = code(i32Const(65_535), opMemoryGrow, 0, 0x1a, i32Const(16))
	if plugin, err = newHost(t, Limits{Memory: 4 << 30}).Load(background, strategyOf(t, c)); err != nil {
		t.Fatal(err)
	}
	if _, err := plugin.CheckConfig(background, "x", 1); !errors.Is(err, ErrMemory) {
		t.Errorf("all pages: %v", err)
	}
}
