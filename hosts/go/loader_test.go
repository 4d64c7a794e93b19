package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Refusals for cost, and loaders that fail.

// costly are files of one kind each that take long or much memory to compile: what is too much of them, and how much.
// The first that crashed something came from a fuzzer.
func costly(t *testing.T) map[string][]byte {
	locals := func(count uint32) []byte { return append(appendU32([]byte{1}, count), 0x7f) }
	module := func(edit func(c *core)) []byte {
		c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{}}}
		edit(&c)
		return strategyOf(t, c.completed())
	}
	function := func(f coreFunctionOf) []byte { return module(func(c *core) { c.functions[0] = f }) }
	repeat := func(count int, parts ...any) []byte { return bytes.Repeat(code(parts...), count) }
	passive := func(elements int) []byte {
		return code(1, 0, appendU32(nil, uint32(elements)), make([]byte, elements))
	}
	nothing := func(count int) []coreFunctionOf { return slices.Repeat([]coreFunctionOf{{}}, count) }
	return map[string][]byte{
		"types 10001": module(func(c *core) { c.types = append(c.types, slices.Repeat([][2]string{{"", ""}}, 9_994)...) }),
		"params 1001": module(func(c *core) { c.types = append(c.types, [2]string{strings.Repeat("i", 1000), "i"}) }),
		"work 0":      module(func(c *core) { c.functions, c.unnamed = append(c.functions, nothing(50_000)...), true }),
		"globals": module(func(c *core) {
			c.globals = slices.Repeat([][]byte{code(0x7f, 1, i32Const(5), opEnd)},
				20_001)
		}),
		"exports":         module(func(c *core) { c.more = numberedExports(20_000) }),
		"tables 9":        module(func(c *core) { c.tables, c.copies = []byte{0, 1}, 8 }),
		"elements 0":      module(func(c *core) { c.tables = appendU32([]byte{0}, 20_001) }),
		"elements 1":      module(func(c *core) { c.tables, c.copies = appendU32([]byte{0}, 10_000), 2 }),
		"elements 2":      module(func(c *core) { c.elements = [][]byte{passive(20_000)} }),
		"elements 3":      module(func(c *core) { c.elements = slices.Repeat([][]byte{passive(2_000)}, 10) }),
		"elements 4":      module(func(c *core) { c.elements = slices.Repeat([][]byte{passive(0)}, 20_001) }),
		"segments":        module(func(c *core) { c.data = slices.Repeat([][]byte{{1, 1, 'x'}}, 20_001) }),
		"locals 40000":    function(coreFunctionOf{locals: locals(40_000)}),
		"function-work 0": function(coreFunctionOf{code: repeat(3_000, opLoop, emptyBlock, opEnd)}),
		"depth": function(coreFunctionOf{
			code: code(repeat(256, opBlock, emptyBlock), repeat(256, opEnd))}),
		"stack":           function(coreFunctionOf{code: code(repeat(1_001, i32Const(0)), repeat(1_001, opDrop))}),
		"function-work 1": function(coreFunctionOf{code: repeat(300_001, i32Const(0), opDrop)}),
		"work 1": module(func(c *core) {
			long := coreFunctionOf{code: repeat(120_000, i32Const(0), opDrop)}
			c.functions = append(c.functions, slices.Repeat([]coreFunctionOf{long}, 9)...)
		}),
		"function-work 2": function(coreFunctionOf{locals: locals(1_000),
			code: repeat(2_001, i32Const(0), opIf, emptyBlock, opEnd)}),
		"function-work 3": function(coreFunctionOf{locals: locals(900), code: code(opLoop, emptyBlock, i32Const(0), opBrTable,
			appendU32(nil, 65_000), make([]byte, 65_001), opEnd)}),
		"custom-sections": append(strategyOf(t, strategyCore()), repeat(20_001, 0, 2, 1, 0x78)...),
	}
}

// numberedExports are exports of the memory under so many names.
func numberedExports(count int) [][]byte {
	var exports [][]byte
	for i := range count {
		exports = append(exports, append(appendName(nil, fmt.Sprintf("e%d", i)), 2, 0))
	}
	return exports
}

func TestWhatWouldCostTooMuchToCompileIsRefusedByTheNameOfItsBudget(t *testing.T) {
	host, budgets := sharedHost(t), map[string]bool{}
	for name, component := range costly(t) {
		budget, count, _ := strings.Cut(name, " ")
		_, failure := host.Load(background, component, Name("guest.wasm"))
		var err *LoadError
		if !errors.As(failure, &err) || !errors.Is(err, ErrOverBudget) || err.Budget != budget || err.Found <= err.Most ||
			err.Most == 0 {
			t.Errorf("%s: %v", name, failure)
			continue
		}
		if len(count) > 1 && fmt.Sprint(err.Found) != count {
			t.Errorf("%s: found %d", name, err.Found)
		}
		found, most := fmt.Sprintf("has %d ", err.Found), fmt.Sprintf(", the budget `%s` is %d; ", budget, err.Most)
		if !strings.Contains(err.Error(), found) || !strings.Contains(err.Error(), most) ||
			!strings.HasSuffix(err.Error(), "or raise the budget") {
			t.Errorf("%s: %v", name, err)
		}
		budgets[budget] = true
	}
	// None of the loader's is left out.
	source := string(readFile(t, "../loader/src/budget.rs"))
	for _, found := range regexp.MustCompile(`= "([a-z-]+)", [0-9_]+,`).FindAllStringSubmatch(source, -1) {
		if !budgets[found[1]] {
			t.Errorf("no file is over the budget `%s`", found[1])
		}
	}
}

func TestABudgetCanBeRaised(t *testing.T) {
	stack := costly(t)["stack"]
	budgets := map[string]uint64{"stack": 1001}
	host := newHost(t, Limits{Budgets: budgets})
	budgets["stack"] = 1
	if _, err := host.Load(background, stack); err != nil {
		t.Error(err)
	}
	lower := newHost(t, Limits{Budgets: map[string]uint64{"stack": 1000}})
	if err := refused(t, lower, stack); err.Budget != "stack" || err.Found != 1001 || err.Most != 1000 {
		t.Errorf("%v", err)
	}
	_, err := NewHost(background, WithReleaseFolder(releaseFolder),
		WithLimits(Limits{Budgets: map[string]uint64{"lops": 1}}))
	if !errors.Is(err, ErrInvalidLimits) || !strings.Contains(err.Error(),
		"there is no budget `lops`; there are work, function-work, types, ") {
		t.Errorf("%v", err)
	}
}

// kebab is the word that the loader makes of the name of a variant.
func kebab(variant string) string {
	words := regexp.MustCompile(`[A-Z][a-z]*`).FindAllString(variant, -1)
	return strings.ToLower(strings.Join(words, "-"))
}

func TestEveryRefusalOfTheLoaderIsAnErrorOfItsOwn(t *testing.T) {
	variants := func(file, enum string) []string {
		_, body, _ := strings.Cut(string(readFile(t, file)), "pub enum "+enum+" {\n")
		body, _, _ = strings.Cut(body, "\n}\n")
		var words []string
		for _, found := range regexp.MustCompile(`(?m)^    ([A-Z]\w*)[, ]`).FindAllStringSubmatch(body, -1) {
			words = append(words, kebab(found[1]))
		}
		if len(words) == 0 {
			t.Fatalf("%s has no %s", file, enum)
		}
		return words
	}
	for _, kind := range variants("../loader/src/refusal.rs", "Refusal") {
		refusal := loaderRefusal{Kind: kind, Message: "is not right", Part: PartBlocks, Most: 1}
		err := refusal.loadError("a.wasm", &guardContract)
		if err.Error() != "`a.wasm` is not right" || (err.Kind == ErrInvalidComponent) != (kind == "malformed") {
			t.Errorf("%s is %v, %v", kind, err, err.Kind)
		}
		if (err.Part != "") != (err.Kind == ErrTooComplex) {
			t.Errorf("%s is of the part %s", kind, err.Part)
		}
	}
	parts := []Part{
		PartNesting, PartTypeDepth, PartBlocks, PartCoreModules, PartCoreInstances, PartMemories, PartInstances,
		PartOpaqueInstances, PartDeclarations,
	}
	for _, part := range variants("../loader/src/structure.rs", "Part") {
		if !slices.Contains(parts, Part(part)) {
			t.Errorf("there is no part `%s`", part)
		}
	}
	unknown := loaderRefusal{Kind: "from-the-future", Message: "is not\nright"}
	if err := unknown.loadError("a.wasm", &strategyContract); err.Kind != ErrInvalidComponent ||
		err.Error() != "`a.wasm` is not\\u{a}right" {
		t.Errorf("%v", err)
	}
}

// failingLoader is a loader whose two functions do this.
func failingLoader(t *testing.T, allocate, load []byte) *loader {
	t.Helper()
	c := core{
		types:     [][2]string{{"i", "i"}, {"", "i"}},
		functions: []coreFunctionOf{{of: 0, code: allocate}, {of: 1, code: load}},
		names:     map[string]uint32{"allocate": 0, "load": 1}, memory: []byte{0, 1},
		data: [][]byte{code(0, i32Const(1024), opEnd, 11, []byte{7, 0, 0, 0}, []byte(`{"ok":1`))},
	}
	made, err := newLoader(c.bytes(), Limits{Component: 1 << 20}, "", quiet)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestALoaderThatFailsRefusesTheFile(t *testing.T) {
	good, trap := i32Const(64), []byte{opUnreachable}
	forever := code(opLoop, emptyBlock, opBr, 0, opEnd, opUnreachable)
	// A page at a time, until there is no more.
	hungry := code(opLoop, emptyBlock, i32Const(1), opMemoryGrow, 0, i32Const(-1), opI32Eq, opIf, emptyBlock,
		opUnreachable, opEnd,
		opBr, 0, opEnd, opUnreachable)
	for name, c := range map[string]struct {
		allocate, load []byte
		contains       string
	}{
		"a trap":                     {good, trap, "unreachable"},
		"a trap before":              {trap, good, "unreachable"},
		"more memory than there is":  {good, hungry, "unreachable"},
		"a place beyond its memory":  {i32Const(-16), good, errNoAnswerOfLoader.Error()},
		"an answer beyond it":        {good, i32Const(-16), errNoAnswerOfLoader.Error()},
		"an answer that is too long": {good, i32Const(1026), errNoAnswerOfLoader.Error()},
		"an answer that is no JSON":  {good, i32Const(1024), errNoAnswerOfLoader.Error()},
	} {
		limits := Limits{}.withDefaults()
		file := componentFile{newPluginID("guest.wasm", nil), nil}
		_, err := failingLoader(t, c.allocate, c.load).admit(background, file, &strategyContract, limits)
		if !errors.Is(err, ErrLoader) || !strings.Contains(err.Error(), c.contains) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	file := componentFile{newPluginID("guest.wasm", nil), nil}
	_, err := failingLoader(t, good, forever).admit(ctx, file, &strategyContract, Limits{}.withDefaults())
	if !errors.Is(err, ErrStart) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestHostsShareTheLoader(t *testing.T) {
	first, second := newHost(t, Limits{}), newHost(t, Limits{Memory: 2 << 20})
	if first.loader != second.loader {
		t.Error("each has its own")
	}
	// It may use more memory where files may be larger.
	if larger := newHost(t, Limits{Component: 32 << 20}); larger.loader == first.loader {
		t.Error("one is for all sizes")
	}
}
