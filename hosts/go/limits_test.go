package pointsman

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Each limit against a guest that breaks it, through every entry point: the exact error, and the host goes on.

func TestAMisdeedIsTheErrorThatItIs(t *testing.T) {
	for _, c := range []struct {
		word     string
		kind     error
		asJSON   error
		contains string
	}{
		{"loop_forever", ErrTimeout, ErrTimeout, "ran for longer than 1s"},
		{"grow_memory", ErrMemory, ErrMemory, "requested more than 67108864 bytes of memory"},
		{"ten_million_ids", ErrMemory, ErrMemory, "requested more than"},
		{"gigabyte_string", ErrMemory, ErrMemory, "requested more than"},
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
	}{{typedEntryPoint, "long_string"}, {jsonEntryPoint, "long_string"}, {typedEntryPoint, "long_list"}, {batchEntryPoint,
		"long_list"}} {
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
	plugin := load(t, newHost(t, Limits{Memory: 8 << 20, Time: 500 * time.Millisecond, Response: 10_000}),
		"guests/hostile.wasm")
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
	if expected := "plugin `hostile.wasm` (" + plugin.ID().Digest[:19] + "…) trapped: "; !strings.HasPrefix(err.Error(),
		expected) {
		t.Errorf("%v does not begin with %s", err, expected)
	}
	var call *CallError
	if !errors.As(err, &call) || !strings.Contains(call.Cause.Error(), "wasm stack trace") {
		t.Errorf("the cause of %v has no stack", err)
	}
}

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
	if callKind(t, plugin, err) != ErrInstances || !strings.HasSuffix(err.Error(),
		"was not called: 2 instances are in use already") {
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
		"memory": {Memory: 65_535}, "time": {Time: -1}, "instances": {Instances: -1}, "response": {Response: -1},
		"component": {Component: -1},
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
