package pointsman

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// Endless code is ended, and slow code is charged for.

func TestWhatDoesNotEndIsEnded(t *testing.T) {
	again := []byte{0x0c, 0} // br 0
	loop := func(body ...any) []byte {
		return code(opLoop, emptyBlock, code(body...), again, opEnd)
	}
	plain := func(code []byte) core {
		return core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code}}, memory: []byte{0, 100},
			tables: []byte{0, 100}}
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
		// Each calls itself twice, forty deep: no loop, and no end to see.
		"calls that double": {types: [][2]string{{"i", ""}, {"", ""}}, functions: []coreFunctionOf{
			{of: 1, code: code(i32Const(60), opCall, 1)},
			{code: code(opLocalGet, 0, opIf, emptyBlock, opLocalGet, 0, i32Const(1), opI32Sub, opCall, 1, opLocalGet, 0,
				i32Const(1), opI32Sub,
				opCall, 1, opEnd)},
		}},
		// Each calls the next one twice: neither a loop nor recursion, and each of them is short.
		"calls that double without recursion": doubling(41),
		// Each calls the next one so often that they are not short together.
		"calls that multiply": multiplying(4, 250),
		"calls through a table": {types: [][2]string{{"i", ""}, {"", ""}}, tables: []byte{0, 1}, elements: [][]byte{code(0,
			i32Const(0), opEnd, 1, 1)},
			functions: []coreFunctionOf{
				{of: 1, code: code(i32Const(60), i32Const(0), opCallIndirect, 0, 0)},
				{code: code(opLocalGet, 0, opIf, emptyBlock, code(opLocalGet, 0, i32Const(1), opI32Sub, i32Const(0),
					opCallIndirect, 0, 0),
					code(opLocalGet, 0, i32Const(1), opI32Sub, i32Const(0), opCallIndirect, 0, 0), opEnd)},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			module, ctx := instantiateCore(t, meteredOf(t, c).core, 20*time.Millisecond)
			if _, err := module.ExportedFunction("f0").Call(ctx); !errors.Is(err, ErrTimeout) {
				t.Errorf("%v", err)
			}
		})
	}
}

// doubling is a chain of functions: each calls the next one twice.
func doubling(functions int) core {
	c := core{types: [][2]string{{"", ""}}}
	for i := range functions - 1 {
		c.functions = append(c.functions, coreFunctionOf{code: code(opCall, i+1, opCall, i+1)})
	}
	c.functions = append(c.functions, coreFunctionOf{})
	return c
}

// multiplying is a chain of functions: each calls the next one so many times.
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
		{locals: []byte{1, 1, 0x7f}, code: repeating(repeats, code(opCall, 1))},
		{code: code(nops(100), opCall, 2)},
		{code: nops(100)},
	}}
	module, ctx := instantiateCore(t, meteredOf(t, c).core, time.Minute)
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

func TestEndlessRecursionTraps(t *testing.T) {
	c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code(opCall, 0)}}}
	module, ctx := instantiateCore(t, meteredOf(t, c).core, time.Minute)
	if _, err := module.ExportedFunction("f0").Call(ctx); err == nil || !strings.Contains(err.Error(), "stack overflow") {
		t.Errorf("%v", err)
	}
}

// What leaves compiled code for Go costs as much as 50 others and more, also in a function that is short: the clock is
// looked at so much the sooner.
func TestSlowInstructionsAreChargedForWhatTheyAre(t *testing.T) {
	const repeats, cost = 100_000, 50
	for name, slow := range map[string][]byte{
		"ref.func":   code(opRefFunc, 1, opDrop),
		"table.grow": code(opRefNull, 0x70, i32Const(0), prefixMisc, miscTableGrow, 0, opDrop),
		"table.size": code(prefixMisc, miscTableSize, 0, opDrop),
	} {
		c := core{
			types: [][2]string{{"", ""}}, tables: []byte{0, 1},
			functions: []coreFunctionOf{{locals: []byte{1, 1, 0x7f}, code: repeating(repeats, code(opCall, 1))}, {code: slow}},
			elements:  [][]byte{code(0, i32Const(0), opEnd, 1, 1)},
		}
		module, ctx := instantiateCore(t, meteredOf(t, c).core, time.Minute)
		looks := &countingContext{Context: background}
		ctx.(*call).Context = looks
		if _, err := module.ExportedFunction("f0").Call(ctx); err != nil {
			t.Fatal(err)
		}
		if least := repeats * cost / slice; looks.times < least {
			t.Errorf("%s: the clock was looked at %d times, expected %d and more", name, looks.times, least)
		}
	}
}

// repeating is a loop that does something so often; its counter is local 0.
func repeating(times int32, what []byte) []byte {
	return code(opLoop, emptyBlock, what, opLocalGet, 0, i32Const(1), opI32Add, opLocalTee, 0, i32Const(times), opI32LtS,
		opBrIf, 0, opEnd)
}
