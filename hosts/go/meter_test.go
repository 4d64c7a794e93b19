package pointsman

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The rewriting of core modules: what a module computes is what it computed before, what does not end is ended, and what is not
// understood or not allowed is refused.

func i32Const(value int32) []byte { return appendSigned([]byte{opI32Const}, int64(value)) }

func code(parts ...any) []byte {
	var all []byte
	for _, part := range parts {
		switch part := part.(type) {
		case int:
			all = append(all, byte(part))
		case []byte:
			all = append(all, part...)
		}
	}
	return all
}

// instantiateCore makes an instance of a core module under a time limit.
func instantiateCore(t *testing.T, wasm []byte, limit time.Duration) (api.Module, context.Context) {
	t.Helper()
	running := &call{}
	running.begin(background, limit)
	compiled, err := sharedHost(t).runtime.CompileModule(background, wasm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { compiled.Close(background) })
	module, err := sharedHost(t).runtime.InstantiateModule(running, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { module.Close(background) })
	return module, running
}

func metered1(t *testing.T, c core) *metered {
	t.Helper()
	metered, err := meterCore(c.bytes(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return metered
}

// With every kind of instruction that has immediates, in one function or another.
func TestWhatAModuleComputesIsWhatItComputedBefore(t *testing.T) {
	memory := code(i32Const(8), i32Const(0x5a), i32Const(100), prefixMisc, miscMemoryFill, 0,
		i32Const(200), i32Const(8), i32Const(50), prefixMisc, miscMemoryCopy, 0, 0,
		i32Const(300), i32Const(1), i32Const(3), prefixMisc, miscMemoryInit, 1, 0, prefixMisc, miscDataDrop, 1)
	tables := code(i32Const(5), i32Const(0), i32Const(2), prefixMisc, miscTableInit, 1, 0,
		i32Const(7), i32Const(5), i32Const(1), prefixMisc, miscTableCopy, 0, 0, prefixMisc, miscElemDrop, 1,
		i32Const(8), opRefFunc, 0, opTableSet, 0, i32Const(9), opRefFunc, 1, i32Const(1), prefixMisc, miscTableFill, 0,
		opRefNull, 0x70, i32Const(2), prefixMisc, miscTableGrow, 0, 0x1a)
	vector := code(prefixVector, 12, bytes.Repeat([]byte{1, 2, 3, 4}, 4), prefixVector, 12, bytes.Repeat([]byte{9}, 16),
		prefixVector, 13, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31}, prefixVector, 21, 3)
	c := core{
		types: [][2]string{{"i", "i"}, {"", "i"}, {"ii", "i"}, {"F", "I"}, {"", ""}, {"i", "I"}},
		functions: []coreFunctionOf{
			// f0: the sum of 1 to n, in a loop whose parameter is on the stack.
			{of: 0, locals: []byte{1, 1, 0x7f}, code: code(i32Const(0), opLoop, 0, opLocalGet, 0, opI32Add, opLocalGet, 0, i32Const(1),
				opI32Sub, opLocalTee, 0, 0x0d, 0, opEnd)},
			// f1: how n is told by a table of branches, in nested blocks.
			{of: 0, code: code(opBlock, emptyBlock, opBlock, emptyBlock, opBlock, emptyBlock, opLocalGet, 0, opBrTable, 2, 0, 1, 2, opEnd,
				i32Const(10), 0x0f, opEnd, i32Const(20), 0x0f, opEnd, i32Const(30))},
			// f2: bulk memory.
			{of: 1, code: code(memory, i32Const(200), 0x28, 2, 4, i32Const(300), 0x2d, 0, 0, opI32Add)},
			// f3: tables: f8(4) by the place that table.init wrote, and the size of the table.
			{of: 0, code: code(tables, i32Const(4), opLocalGet, 0, opCallIndirect, 0, 0, prefixMisc, miscTableSize, 0, opI32Add)},
			// f4: vectors.
			{of: 1, code: vector},
			// f5: a conversion that saturates.
			{of: 3, code: code(opLocalGet, 0, prefixMisc, 6)},
			// f6: typed select, a local that is set, floats.
			{of: 0, locals: []byte{2, 1, 0x7e, 1, 0x7d}, code: code(opF32Const, []byte{0, 0, 128, 63}, opLocalSet, 2,
				i32Const(7), i32Const(9), opLocalGet, 0, opSelectTyped, 1, 0x7f, opF64Const, make([]byte, 8), 0x1a)},
			// f7: memory that grows, as the module sees it: the size before, and after.
			{of: 0, code: code(opLocalGet, 0, opMemoryGrow, 0, opMemorySize, 0, i32Const(16), 0x74, opI32Add)},
			// f8: a global.
			{of: 0, code: code(opGlobalGet, 0, opLocalGet, 0, opI32Add, opGlobalSet, 0, opGlobalGet, 0)},
			// f9: recursion, with an if and an else.
			{of: 0, code: code(opLocalGet, 0, 0x45, opIf, 0x7f, i32Const(1), 0x05, opLocalGet, 0, opLocalGet, 0, i32Const(1), opI32Sub, opCall, 9,
				0x6c, opEnd)},
		},
		tables: []byte{0, 10}, memory: []byte{0, 2},
		globals:  [][]byte{code(0x7f, 1, i32Const(5), opEnd), code(0x70, 0, opRefFunc, 9, opEnd)},
		elements: [][]byte{code(0, i32Const(4), opEnd, 1, 9), code(5, 0x70, 2, opRefFunc, 8, opEnd, opRefFunc, 0, opEnd)},
		data:     [][]byte{code(0, i32Const(1), opEnd, 3, []byte("abc")), code(1, 5, []byte("hello"))},
	}
	metered := metered1(t, c)
	if metered.isRewindable {
		t.Error("a module that writes to its tables is not rewindable")
	}
	original, ctx := instantiateCore(t, c.bytes(), time.Minute)
	rewritten, _ := instantiateCore(t, metered.wasm, time.Minute)
	for _, ask := range []struct {
		function string
		args     []uint64
		expected uint64
	}{
		{"f0", []uint64{100}, 5050}, {"f1", []uint64{0}, 10}, {"f1", []uint64{1}, 20}, {"f1", []uint64{7}, 30},
		{"f2", nil, 0x5a5a5a5a + 'e'}, {"f3", []uint64{5}, 21}, {"f4", nil, 4}, {"f5", []uint64{math.Float64bits(1e300)}, math.MaxInt64},
		{"f6", []uint64{0}, 9}, {"f6", []uint64{1}, 7}, {"f7", []uint64{0}, 2<<16 + 2}, {"f7", []uint64{3}, 5<<16 + 2}, {"f7", []uint64{0}, 5<<16 + 5},
		{"f8", []uint64{3}, 12}, {"f8", []uint64{3}, 15}, {"f9", []uint64{10}, 3628800},
	} {
		var found [2]uint64
		for i, module := range []api.Module{original, rewritten} {
			results, err := module.ExportedFunction(ask.function).Call(ctx, ask.args...)
			if err != nil {
				t.Fatalf("%s%v: %v", ask.function, ask.args, err)
			}
			found[i] = results[0]
		}
		if found[0] != ask.expected || found[1] != ask.expected {
			t.Errorf("%s%v was %d and is %d, expected %d", ask.function, ask.args, found[0], found[1], ask.expected)
		}
	}
	before, _ := original.Memory().Read(0, 1000)
	after, _ := rewritten.Memory().Read(0, 1000)
	if !bytes.Equal(before, after) || before[300] != 'e' {
		t.Error("they have written other things to memory")
	}
}

func TestWhatDoesNotEndIsEnded(t *testing.T) {
	again := []byte{0x0c, 0} // br 0
	loop := func(body ...any) []byte {
		return code(opLoop, emptyBlock, code(body...), again, opEnd)
	}
	plain := func(code []byte) core {
		return core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code}}, memory: []byte{0, 100}, tables: []byte{0, 100}}
	}
	large := i32Const(100 << 16)
	for name, c := range map[string]core{
		"a loop":                    plain(loop()),
		"a loop in a loop":          plain(loop(loop())),
		"a loop that never repeats": plain(loop(code(opBlock, emptyBlock, loop(0x0c, 1), opEnd))),
		"memory.fill":               plain(loop(i32Const(0), i32Const(1), large, prefixMisc, miscMemoryFill, 0)),
		"memory.copy":               plain(loop(i32Const(0), i32Const(0), large, prefixMisc, miscMemoryCopy, 0, 0)),
		"table.fill":                plain(loop(i32Const(0), opRefNull, 0x70, i32Const(100), prefixMisc, miscTableFill, 0)),
		"table.copy":                plain(loop(i32Const(0), i32Const(0), i32Const(100), prefixMisc, miscTableCopy, 0, 0)),
		"a loop without memory":     {types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: loop()}}},
		// Each calls itself twice, forty deep: no loop, and no end to see.
		"calls that double": {types: [][2]string{{"i", ""}, {"", ""}}, functions: []coreFunctionOf{
			{of: 1, code: code(i32Const(60), opCall, 1)},
			{code: code(opLocalGet, 0, opIf, emptyBlock, opLocalGet, 0, i32Const(1), opI32Sub, opCall, 1, opLocalGet, 0, i32Const(1), opI32Sub,
				opCall, 1, opEnd)},
		}},
		// Each calls the next one twice: neither a loop nor recursion, and each of them is short.
		"calls that double without recursion": doubling(41),
		// Each calls the next one so often that they are not short together.
		"calls that multiply": multiplying(4, 250),
		"calls through a table": {types: [][2]string{{"i", ""}, {"", ""}}, tables: []byte{0, 1}, elements: [][]byte{code(0, i32Const(0), opEnd, 1, 1)},
			functions: []coreFunctionOf{
				{of: 1, code: code(i32Const(60), i32Const(0), opCallIndirect, 0, 0)},
				{code: code(opLocalGet, 0, opIf, emptyBlock, code(opLocalGet, 0, i32Const(1), opI32Sub, i32Const(0), opCallIndirect, 0, 0),
					code(opLocalGet, 0, i32Const(1), opI32Sub, i32Const(0), opCallIndirect, 0, 0), opEnd)},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			module, ctx := instantiateCore(t, metered1(t, c).wasm, 20*time.Millisecond)
			if _, err := module.ExportedFunction("f0").Call(ctx); !errors.Is(err, ErrTimeout) {
				t.Errorf("%v", err)
			}
		})
	}
}

// doubling is a chain of functions, of which each calls the next one twice.
func doubling(functions int) core {
	c := core{types: [][2]string{{"", ""}}}
	for i := range functions - 1 {
		c.functions = append(c.functions, coreFunctionOf{code: code(opCall, i+1, opCall, i+1)})
	}
	c.functions = append(c.functions, coreFunctionOf{})
	return c
}

// multiplying is a chain of functions, of which each calls the next one so many times.
func multiplying(functions, times int) core {
	c := core{types: [][2]string{{"", ""}}}
	for i := range functions - 1 {
		c.functions = append(c.functions, coreFunctionOf{code: bytes.Repeat(code(opCall, i+1), times)})
	}
	c.functions = append(c.functions, coreFunctionOf{code: bytes.Repeat([]byte{0x01}, times)})
	return c
}

// Who calls a short function pays for all of it, and so for what that calls: the clock is looked at as often as ever.
func TestShortFunctionsAreNotForFree(t *testing.T) {
	nops := func(count int) []byte { return bytes.Repeat([]byte{0x01}, count) }
	const repeats = 100_000
	c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{
		{locals: []byte{1, 1, 0x7f}, code: code(opLoop, emptyBlock, opCall, 1, opLocalGet, 0, i32Const(1), opI32Add, opLocalTee, 0, i32Const(repeats),
			0x48, opBrIf, 0, opEnd)}, // i32.lt_s
		{code: code(nops(100), opCall, 2)},
		{code: nops(100)},
	}}
	module, ctx := instantiateCore(t, metered1(t, c).wasm, time.Minute)
	looks := &countingContext{Context: background}
	ctx.(*call).Context = looks
	if _, err := module.ExportedFunction("f0").Call(ctx); err != nil {
		t.Fatal(err)
	}
	if least := repeats * 200 / slice; looks.times < least || looks.times > 2*least {
		t.Errorf("the clock was looked at %d times in %d instructions and more", looks.times, repeats*200)
	}
}

// countingContext counts how often it is asked whether it is over.
type countingContext struct {
	context.Context
	times int
}

func (c *countingContext) Err() error {
	c.times++
	return c.Context.Err()
}

// Memory for many strings at once, by a function of the host's making.
func TestMemoryForManyAtOnceIsWhatItIsForOneByOne(t *testing.T) {
	for _, alone := range []bool{false, true} {
		used, err := blueGreen(t).loaded.instantiate(background)
		if err != nil {
			t.Fatal(err)
		}
		defer used.close()
		used.call.begin(background, time.Minute)
		if alone {
			used.each = nil
		}
		l := &lowering{instance: used}
		texts := []string{"first", "", "third, which is longer", "é"}
		lowered := l.strings(texts, "texts[%d]")
		memory, _ := used.memory.Read(0, used.memory.Size())
		lifted := (&lifting{memory: memory, allowance: 1 << 20}).strings(le.AppendUint32(le.AppendUint32(nil, lowered.at), lowered.length))
		if l.err != nil || !slices.Equal(lifted, texts) {
			t.Errorf("%q became %q, %v", texts, lifted, l.err)
		}
	}
}

func TestMemoryThatIsGivenIsNotBelievedToBeThere(t *testing.T) {
	routes := readyRoutes(3)
	for name, c := range map[string]struct {
		realloc []byte
		kind    error
	}{
		// A route's size is what tells a list from a string.
		"beyond the end": {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse, i32Const(0x7ffffff0), opEnd), ErrMalformed},
		"at the very end": {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse, i32Const(page*(1+spare)-1), opEnd),
			ErrMalformed},
		"without end": {code(opLoop, emptyBlock, opBr, 0, opEnd, opUnreachable), ErrTimeout},
		"a trap":      {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse, opUnreachable, opEnd), ErrTrap},
	} {
		c2 := strategyCore()
		c2.functions[3].code = c.realloc
		plugin, err := newHost(t, Limits{Time: 50 * time.Millisecond}).Load(background, strategyOf(c2))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plugin.EvaluateCycle(background, routes, specWith("{}")); callKind(t, plugin, err) != c.kind {
			t.Errorf("%s: %v, expected %v", name, err, c.kind)
		}
	}
	// However many it is asked for, it comes to the clock.
	c := strategyCore()
	c.functions[3].code = i32Const(1024)
	module, ctx := instantiateCore(t, metered1(t, c).wasm, 20*time.Millisecond)
	if _, err := module.ExportedFunction(eachExport).Call(ctx, 512, math.MaxUint32, 0, 1, 1); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

func TestEndlessRecursionTraps(t *testing.T) {
	c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code(opCall, 0)}}}
	module, ctx := instantiateCore(t, metered1(t, c).wasm, time.Minute)
	if _, err := module.ExportedFunction("f0").Call(ctx); err == nil || !strings.Contains(err.Error(), "stack overflow") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNotUnderstoodOrNotAllowedIsRefused(t *testing.T) {
	plain := func(parts ...any) []byte {
		return core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code(parts...)}}, memory: []byte{0, 1},
			globals: [][]byte{code(0x7f, 1, i32Const(5), opEnd)}}.bytes()
	}
	// Segments that no table takes until it is told to.
	segments := func(count, elements int) []byte {
		segment := code(1, 0, appendU32(nil, uint32(elements)), make([]byte, elements))
		return core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{}}, elements: slices.Repeat([][]byte{segment}, count)}.bytes()
	}
	for name, c := range map[string]struct {
		wasm     []byte
		contains string
	}{
		"a tail call":           {plain(0x12, 0), "does not know, 0x12"},
		"atomics":               {plain(0xfe, 0x03, 0), "does not know, 0xfe"},
		"relaxed SIMD":          {plain(prefixVector, 0x80, 0x02), "does not know, 0xfd 256"},
		"a future instruction":  {plain(prefixMisc, 18), "does not know, 0xfc 18"},
		"a second memory":       {plain(opMemorySize, 1), "more than one memory"},
		"an access to it":       {plain(i32Const(0), 0x28, 0x42, 0, 1), "more than one memory"},
		"the fuel's global":     {plain(opGlobalGet, 1, 0x1a), "names global 1, there are 1"},
		"setting a global's":    {plain(i32Const(0), opGlobalSet, 2), "names global 2, there are 1"},
		"the host's grow":       {plain(i32Const(0), opCall, 1, 0x1a), "names function 1, there are 1"},
		"a reference to it":     {plain(opRefFunc, 1, 0x1a), "names function 1, there are 1"},
		"an end too many":       {plain(opEnd), "code after its end"},
		"no end":                {plain(opBlock, emptyBlock), "ends too early"},
		"a number that is long": {plain(opI32Const, bytes.Repeat([]byte{0x80}, 9)), "a number that is too long"},
		"locals without end":    {core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{locals: append(appendU32([]byte{1}, 60_000), 0x7f)}}}.bytes(), "more than 1000 locals"},
		"blocks in each other":  {plain(bytes.Repeat([]byte{opBlock, emptyBlock}, 256), bytes.Repeat([]byte{opEnd}, 256)), "more than 256 blocks in each other"},
		"loops without end":     {plain(bytes.Repeat([]byte{opLoop, emptyBlock, opEnd}, 501)), "more than 500 loops"},
		"too much to compile": {core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{
			locals: append(appendU32([]byte{1}, 1000), 0x7f), code: bytes.Repeat(code(i32Const(0), opIf, emptyBlock, opEnd), 2000)}}}.bytes(), "blocks with locals and loops than"},
		"a shared memory":        {core{memory: []byte{3, 1, 1}}.bytes(), "a shared memory"},
		"two sections of a kind": {append(plain(), section(coreType, vec())...), "two sections of kind 1"},
		"a huge table":           {core{tables: appendU32([]byte{0}, 20_001)}.bytes(), "its tables have 20001 elements"},
		"many large tables":      {core{tables: appendU32([]byte{0}, 10_000), copies: 2}.bytes(), "its tables have 30000 elements"},
		"many small tables":      {core{tables: []byte{0, 1}, copies: 8}.bytes(), "more than 8 tables"},
		"a huge segment":         {segments(1, 20_000), "its segments have 20001 elements"},
		"many segments":          {segments(10, 2_000), "its segments have 20010 elements"},
		"many empty segments":    {segments(20_001, 0), "its segments have 20001 elements"},
		"no core module":         {[]byte("nonsense"), "does not begin as one does"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := meterCore(c.wasm, 100); err == nil || !strings.Contains(err.Error(), c.contains) {
				t.Errorf("found %v, expected one with %q", err, c.contains)
			}
		})
	}
}

// A refused growth ends the call where it is asked for; one beyond the module's own maximum is the module's business.
func TestGrowthBeyondTheLimit(t *testing.T) {
	c := core{types: [][2]string{{"i", "i"}}, functions: []coreFunctionOf{{code: code(opLocalGet, 0, opMemoryGrow, 0)}}, memory: []byte{0, 1}}
	grow := func(memory []byte, by uint64) (uint64, bool, error) {
		c.memory = memory
		module, ctx := instantiateCore(t, metered1(t, c).wasm, time.Minute)
		results, err := module.ExportedFunction("f0").Call(ctx, by)
		refused := module.ExportedGlobal(refusedGlobal).Get() != 0
		return append(results, 0)[0], refused, err
	}
	for _, by := range []uint64{100, 1 << 31, math.MaxUint32} {
		if _, refused, err := grow([]byte{0, 1}, by); err == nil || !refused {
			t.Errorf("by %d: %v, %v", by, refused, err)
		}
	}
	if before, refused, err := grow([]byte{0, 1}, 99); before != 1 || refused || err != nil {
		t.Errorf("%d, %v, %v", before, refused, err)
	}
	if before, refused, err := grow([]byte{1, 1, 5}, 5); uint32(before) != math.MaxUint32 || refused || err != nil {
		t.Errorf("%d, %v, %v", before, refused, err)
	}
}

func TestWhatMakesAModuleRewindable(t *testing.T) {
	for name, c := range map[string]struct {
		code         []byte
		global       []byte
		isRewindable bool
	}{
		"nothing much": {nil, nil, true},
		"a number":     {nil, code(0x7c, 1, opF64Const, make([]byte, 8), opEnd), true},
		"a vector":     {nil, code(0x7b, 1, prefixVector, 12, make([]byte, 16), opEnd), false},
		"table.set":    {code(i32Const(0), opRefNull, 0x70, opTableSet, 0), nil, false},
		"elem.drop":    {code(prefixMisc, miscElemDrop, 0), nil, false},
	} {
		module := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: c.code}}, tables: []byte{0, 1}}
		if c.global != nil {
			module.globals = [][]byte{c.global}
		}
		metered := metered1(t, module)
		if metered.isRewindable != c.isRewindable {
			t.Errorf("%s: %v", name, metered.isRewindable)
		}
		if !slices.Contains(metered.globals, globalName(uint32(len(module.globals)+2))) {
			t.Errorf("%s: the size of the memory is not among %q", name, metered.globals)
		}
	}
}

// What leaves compiled code for Go is not counted as one instruction, and in a short function neither: of a given work, fuel is
// used up the sooner.
func TestSlowInstructionsAreChargedForWhatTheyAre(t *testing.T) {
	for name, slow := range map[string][]byte{
		"ref.func":   code(opRefFunc, 1, 0x1a),
		"table.grow": code(opRefNull, 0x70, i32Const(0), prefixMisc, miscTableGrow, 0, 0x1a),
		"table.size": code(prefixMisc, miscTableSize, 0, 0x1a),
	} {
		c := core{types: [][2]string{{"", ""}}, tables: []byte{0, 1}, functions: []coreFunctionOf{{}, {code: slow}},
			elements: [][]byte{code(0, i32Const(0), opEnd, 1, 1)}}
		m := &meter{types: []uint32{0}, functions: []uint32{0, 0}}
		f := function{reader: reader{bytes: append(bytes.Clone(slow), opEnd)}, meter: m}
		if instructions, hasCalls := f.scan(); instructions < bulkCost || !hasCalls || f.err != nil {
			t.Errorf("%s counts as %d instructions, %v, %v", name, instructions, hasCalls, f.err)
		}
		// A loop around a function that has nothing else ends.
		c.functions[0].code = code(opLoop, emptyBlock, opCall, 1, 0x0c, 0, opEnd)
		module, ctx := instantiateCore(t, metered1(t, c).wasm, 5*time.Millisecond)
		if _, err := module.ExportedFunction("f0").Call(ctx); !errors.Is(err, ErrTimeout) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
