package pointsman

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// Memory that a plugin gives the host for its arguments.

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
		lifted := (&lifting{memory: memory, allowance: 1 << 20}).strings(le.AppendUint32(le.AppendUint32(nil, lowered.at),
			lowered.length))
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
		"beyond the end": {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse,
			i32Const(0x7ffffff0), opEnd), ErrMalformed},
		"at the very end": {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse,
			i32Const(page*(1+spare)-1), opEnd),
			ErrMalformed},
		"without end": {code(opLoop, emptyBlock, opBr, 0, opEnd, opUnreachable), ErrTimeout},
		"a trap": {code(opLocalGet, 3, i32Const(3*sizeRoute), 0x46, opIf, 0x7f, i32Const(1024), opElse, opUnreachable,
			opEnd), ErrTrap},
	} {
		c2 := strategyCore()
		c2.functions[3].code = c.realloc
		plugin, err := newHost(t, Limits{Time: 50 * time.Millisecond}).Load(background, strategyOf(t, c2))
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
	module, ctx := instantiateCore(t, meteredOf(t, c).core, 20*time.Millisecond)
	if _, err := module.ExportedFunction(eachExport).Call(ctx, 512, math.MaxUint32, 0, 1, 1); !errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}
