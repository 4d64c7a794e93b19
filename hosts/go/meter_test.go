package pointsman

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The metered core modules that the loader gives, by running them: what a module computes is what it computed before,
// and what does not end is ended.

// instantiateCore makes an instance of a core module under a time limit.
func instantiateCore(t *testing.T, wasm []byte, limit time.Duration) (api.Module, context.Context) {
	t.Helper()
	running := &call{}
	running.begin(background, limit)
	compiled, err := sharedHost(t).cache.compile(background, sharedHost(t).runtime, wasm)
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

// meteredOf is a core module as the loader gives it, with the contract's functions, within 100 pages of memory.
func meteredOf(t *testing.T, c core) *admitted {
	t.Helper()
	limits := sharedHost(t).limits
	limits.Memory = 100 * page
	component := strategyOf(t, c.completed())
	file := componentFile{newPluginID("guest.wasm", component), component}
	admitted, err := sharedHost(t).loader.admit(background, file, &strategyContract, limits)
	if err != nil {
		t.Fatal(err)
	}
	return admitted
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
			{of: 0, locals: []byte{1, 1, 0x7f}, code: code(i32Const(0), opLoop, 0, opLocalGet, 0, opI32Add, opLocalGet, 0,
				i32Const(1),
				opI32Sub, opLocalTee, 0, 0x0d, 0, opEnd)},
			// f1: how n is told by a table of branches, in nested blocks.
			{of: 0, code: code(opBlock, emptyBlock, opBlock, emptyBlock, opBlock, emptyBlock, opLocalGet, 0, opBrTable, 2, 0, 1,
				2, opEnd,
				i32Const(10), 0x0f, opEnd, i32Const(20), 0x0f, opEnd, i32Const(30))},
			// f2: bulk memory.
			{of: 1, code: code(memory, i32Const(200), 0x28, 2, 4, i32Const(300), 0x2d, 0, 0, opI32Add)},
			// f3: tables: f8(4) by the place that table.init wrote, and the size of the table.
			{of: 0, code: code(tables, i32Const(4), opLocalGet, 0, opCallIndirect, 0, 0, prefixMisc, miscTableSize, 0,
				opI32Add)},
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
			{of: 0, code: code(opLocalGet, 0, 0x45, opIf, 0x7f, i32Const(1), 0x05, opLocalGet, 0, opLocalGet, 0, i32Const(1),
				opI32Sub, opCall, 9,
				0x6c, opEnd)},
		},
		tables: []byte{0, 10}, memory: []byte{0, 2},
		globals:  [][]byte{code(0x7f, 1, i32Const(5), opEnd), code(0x70, 0, opRefFunc, 9, opEnd)},
		elements: [][]byte{code(0, i32Const(4), opEnd, 1, 9), code(5, 0x70, 2, opRefFunc, 8, opEnd, opRefFunc, 0, opEnd)},
		data:     [][]byte{code(0, i32Const(1), opEnd, 3, []byte("abc")), code(1, 5, []byte("hello"))},
	}
	metered := meteredOf(t, c)
	if metered.IsRewindable {
		t.Error("a module that writes to its tables is not rewindable")
	}
	original, ctx := instantiateCore(t, c.completed().bytes(), time.Minute)
	rewritten, _ := instantiateCore(t, metered.core, time.Minute)
	for _, ask := range []struct {
		function string
		args     []uint64
		expected uint64
	}{
		{"f0", []uint64{100}, 5050}, {"f1", []uint64{0}, 10}, {"f1", []uint64{1}, 20}, {"f1", []uint64{7}, 30},
		{"f2", nil, 0x5a5a5a5a + 'e'}, {"f3", []uint64{5}, 21}, {"f4", nil, 4}, {"f5", []uint64{math.Float64bits(1e300)},
			math.MaxInt64},
		{"f6", []uint64{0}, 9}, {"f6", []uint64{1}, 7}, {"f7", []uint64{0}, 2<<16 + 2}, {"f7", []uint64{3}, 5<<16 + 2},
		{"f7", []uint64{0}, 5<<16 + 5},
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

// A refused growth ends the call where it is asked for; one beyond the module's own maximum is the module's business.
func TestGrowthBeyondTheLimit(t *testing.T) {
	c := core{types: [][2]string{{"i", "i"}}, functions: []coreFunctionOf{{code: code(opLocalGet, 0, opMemoryGrow, 0)}},
		memory: []byte{0, 1}}
	grow := func(memory []byte, by uint64) (uint64, bool, error) {
		c.memory = memory
		module, ctx := instantiateCore(t, meteredOf(t, c).core, time.Minute)
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
		module := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: c.code}}, tables: []byte{0, 1},
			elements: [][]byte{code(1, 0, 1, 0)}}
		if c.global != nil {
			module.globals = [][]byte{c.global}
		}
		metered := meteredOf(t, module)
		if metered.IsRewindable != c.isRewindable {
			t.Errorf("%s: %v", name, metered.IsRewindable)
		}
		// Its own, and how much memory it knows of.
		if len(metered.Globals) != len(module.globals)+1 {
			t.Errorf("%s: %q are put back", name, metered.Globals)
		}
	}
}
