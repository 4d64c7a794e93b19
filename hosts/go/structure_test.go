package pointsman

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// What a component may have too much of. Files are as deep as nothing that recurses could go: stacks are small here.

// stackSize is enough for a walk that does not recurse.
const stackSize = 64 << 10

// excess is what there is too much of; 0 for nothing.
func excess(t *testing.T, component []byte) Part {
	t.Helper()
	defer debug.SetMaxStack(debug.SetMaxStack(stackSize))
	err := checkStructure(component)
	var found *tooMuch
	switch {
	case errors.As(err, &found):
		return found.part
	case err != nil:
		t.Errorf("%v", err)
	}
	return 0
}

// assertLimit checks that so much is not too much of a part, and one more is; and much more.
func assertLimit(t *testing.T, part Part, most int, component func(count int) []byte, more ...int) {
	t.Helper()
	if found := excess(t, component(most)); found != 0 {
		t.Errorf("%d are too much of %d", most, found)
	}
	for _, count := range append(more, most+1) {
		if found := excess(t, component(count)); found != part {
			t.Errorf("%d: found %d, expected %d", count, found, part)
		}
	}
}

func TestNestedTypesAndComponents(t *testing.T) {
	for _, kind := range []byte{typeOfComponent, typeOfInstance} {
		// One is around none.
		assertLimit(t, PartNesting, 31, func(levels int) []byte { return nestedTypes(kind, levels) }, 1_000, 100_000, 350_000)
	}
	assertLimit(t, PartNesting, 32, nestedComponents, 1_000, 100_000)
	// Types in the innermost component are as deep as the component and themselves.
	assertLimit(t, PartNesting, 16, func(levels int) []byte {
		made := nestedTypes(typeOfComponent, 15)
		for range levels {
			made = componentOf(section(sectionComponent, made))
		}
		return made
	})
}

func TestNestedBlocks(t *testing.T) {
	ways := map[string][]byte{
		"with a type": {opBlock, 0x80, 0}, "with exceptions": {opTryTable, emptyBlock, 1, 0, 5, 0},
		"behind a table of branches": {opI32Const, 0, opBrTable, 2, 0, 0, 0, opBlock, emptyBlock},
		// Operands that look like ends and like blocks.
		"behind operands": slices.Concat(i32Const(opEnd), []byte{opF64Const}, bytes.Repeat([]byte{opEnd}, 8), []byte{opBlock, emptyBlock}),
	}
	for name, opening := range openings {
		ways[name] = opening
	}
	for name, opening := range ways {
		t.Run(name, func(t *testing.T) {
			nested := func(levels int) []byte { return nestedBlocks(opening, levels) }
			assertLimit(t, PartBlocks, 1_000, nested, 10_000, 100_000, 1_000_000)
		})
	}
	beside := ofFunction(bytes.Repeat([]byte{opBlock, emptyBlock, opLoop, emptyBlock, opEnd, opEnd}, 2_000))
	if found := excess(t, beside); found != 0 {
		t.Errorf("blocks beside each other are %d", found)
	}
	behind := ofFunction(append([]byte{opEnd, opEnd}, bytes.Repeat([]byte{opBlock, emptyBlock, opEnd}, 2_000)...))
	if found := excess(t, behind); found != 0 {
		t.Errorf("blocks behind the end are %d", found)
	}
	// Ends of blocks that were not begun make no room.
	if found := excess(t, nestedBlocks(openings["blocks"], 1_001, bytes.Repeat([]byte{opEnd}, 10_000)...)); found != PartBlocks {
		t.Errorf("%d", found)
	}
	// What is not known is not skipped.
	unknown := nestedBlocks(openings["blocks"], 1_001, 0xfe, 0x10, 2, 0)
	if err := checkStructure(unknown); err == nil || !strings.Contains(err.Error(), "0xfe") {
		t.Errorf("%v", err)
	}
}

func TestTypesThatReferToEachOther(t *testing.T) {
	for kind, sort := range map[byte]byte{typeOfInstance: sortInstance, typeOfComponent: sortComponent} {
		refer := func(levels int) []byte { return references(kind, sort, levels) }
		assertLimit(t, PartTypeDepth, 99, refer, 126, 1_000, 30_000)
	}
	index := func(index int) []byte { return appendU32(nil, uint32(index)) }
	// Types of values, each of the one before.
	chain := func(link func(before []byte) []byte, levels int) [][]byte {
		types := [][]byte{{0x73}}
		for i := range levels - 1 {
			// Signed: 64 and more take two bytes.
			types = append(types, link(appendSigned(nil, int64(i))))
		}
		return types
	}
	list := func(before []byte) []byte { return append([]byte{0x70}, before...) }
	for name, link := range map[string]func(before []byte) []byte{
		"lists":    list,
		"options":  func(before []byte) []byte { return append([]byte{0x6b}, before...) },
		"tuples":   func(before []byte) []byte { return append([]byte{0x6f, 2, 0x7d}, before...) },
		"records":  func(before []byte) []byte { return append([]byte{0x72, 1, 1, 'a'}, before...) },
		"variants": func(before []byte) []byte { return slices.Concat([]byte{0x71, 1, 1, 'a', 1}, before, []byte{0}) },
		"results":  func(before []byte) []byte { return append([]byte{0x6a, 0, 1}, before...) },
		"maps":     func(before []byte) []byte { return append([]byte{0x63, 0x73}, before...) },
		"fixed":    func(before []byte) []byte { return append(append([]byte{0x67}, before...), 3) },
		"streams":  func(before []byte) []byte { return append([]byte{0x66, 1}, before...) },
	} {
		t.Run(name, func(t *testing.T) {
			types := func(levels int) []byte { return componentOf(section(sectionType, vec(chain(link, levels)...))) }
			assertLimit(t, PartTypeDepth, 100, types, 1_000)
		})
	}
	// The same depth in ways that need no type to be written.
	bundles := func(levels int, first []byte) []byte {
		made := [][]byte{first}
		for i := range levels - 1 {
			made = append(made, append([]byte{1, 1, 0, 1, 'a', sortInstance}, index(i)...))
		}
		return section(sectionInstance, vec(made...))
	}
	assertLimit(t, PartTypeDepth, 100, func(levels int) []byte { return componentOf(bundles(levels, []byte{1, 0})) }, 1_000)
	// An instance of a function is as deep as that: 40 lists, the function, the instances around it.
	assertLimit(t, PartTypeDepth, 59, func(levels int) []byte {
		types := append(chain(list, 40), []byte{0x40, 1, 1, 'a', 39, 1, 0})
		function := section(sectionImport, vec([]byte{0, 1, 'f', sortFunc, 40}))
		return componentOf(section(sectionType, vec(types...)), function, bundles(levels, []byte{1, 1, 0, 1, 'f', sortFunc, 0}))
	})
	// Components of which each exports the one before.
	assertLimit(t, PartTypeDepth, 99, func(levels int) []byte {
		parts := [][]byte{section(sectionComponent, componentOf())}
		for i := range levels {
			alias := section(sectionAlias, vec(slices.Concat([]byte{sortComponent, 2, 1}, index(i))))
			export := section(sectionExport, vec([]byte{0, 1, 'a', sortComponent, 0, 0}))
			parts = append(parts, section(sectionComponent, componentOf(alias, export)))
		}
		return componentOf(parts...)
	})
}

func TestInstancesOfAMemory(t *testing.T) {
	module := func(memory []byte) []byte { return section(sectionCoreModule, core{memory: memory}.bytes()) }
	running := section(sectionCoreInstance, vec([]byte{0, 0, 0}))
	instances := func(of ...byte) []byte {
		var made [][]byte
		for _, index := range of {
			made = append(made, []byte{0, index, 0})
		}
		return section(sectionInstance, vec(made...))
	}
	nested := func(sections ...[]byte) []byte { return section(sectionComponent, componentOf(sections...)) }
	outer := func(sort ...byte) []byte { return section(sectionAlias, vec(append(sort, 2, 1, 0))) }
	export := func(sort ...byte) []byte {
		return section(sectionExport, vec(slices.Concat([]byte{0, 1, 'a'}, sort, []byte{0, 0})))
	}
	moduleType := section(sectionCoreType, vec([]byte{0x50, 0}))
	imported := section(sectionImport, vec([]byte{0, 1, 'm', sortCore, sortModule, 0}))
	taken := section(sectionAlias, vec([]byte{sortCore, sortModule, 0, 0, 1, 'a'}))
	for name, c := range map[string]struct {
		parts  func(module []byte) []byte
		part   Part
		opaque bool
	}{
		"one":            {func(m []byte) []byte { return componentOf(m, running) }, 0, false},
		"none":           {func(m []byte) []byte { return componentOf(m) }, 0, false},
		"twice":          {func(m []byte) []byte { return componentOf(m, running, running) }, PartMemories, false},
		"in a component": {func(m []byte) []byte { return componentOf(nested(m, running), instances(0)) }, 0, false},
		"in a component twice": {func(m []byte) []byte { return componentOf(nested(m, running), instances(0, 0)) },
			PartMemories, false},
		"in a component and outside": {func(m []byte) []byte {
			return componentOf(m, running, nested(outer(sortCore, sortModule), running), instances(0))
		}, PartMemories, false},
		"handed in": {func(m []byte) []byte {
			return componentOf(m, nested(moduleType, imported, running, running), instances(0))
		},
			PartMemories, true},
		"taken out": {func(m []byte) []byte {
			return componentOf(nested(m, export(sortCore, sortModule)), instances(0), taken, running, running)
		}, PartMemories, true},
		"by its second name": {func(m []byte) []byte {
			return componentOf(m, export(sortCore, sortModule), section(sectionCoreInstance, vec([]byte{0, 1, 0}, []byte{0, 0, 0})))
		}, PartMemories, false},
		"in a component by its second name": {func(m []byte) []byte {
			return componentOf(nested(m, running), export(sortComponent), instances(1, 0))
		}, PartMemories, false},
		"in a component by its outer name": {func(m []byte) []byte {
			return componentOf(nested(m, running), nested(outer(sortComponent), instances(0, 0)))
		}, PartMemories, false},
	} {
		t.Run(name, func(t *testing.T) {
			if found := excess(t, c.parts(module([]byte{0, 1}))); found != c.part {
				t.Errorf("found %d, expected %d", found, c.part)
			}
			// What a module is handed in or taken out of is not looked into.
			if found := excess(t, c.parts(module(nil))); !c.opaque && found != 0 {
				t.Errorf("without a memory, it is too much of %d", found)
			}
		})
	}
}

func TestModulesInstancesAndDeclarations(t *testing.T) {
	module, running := section(sectionCoreModule, coreModuleHeader), []byte{0, 0, 0}
	assertLimit(t, PartCoreModules, 8, func(count int) []byte { return componentOf(slices.Repeat([][]byte{module}, count)...) })
	assertLimit(t, PartCoreModules, 4, func(count int) []byte {
		nested := section(sectionComponent, componentOf(slices.Repeat([][]byte{module}, count)...))
		return componentOf(nested, module, module, module, module)
	})
	assertLimit(t, PartCoreInstances, 8, func(count int) []byte {
		return componentOf(module, section(sectionCoreInstance, vec(slices.Repeat([][]byte{running}, count)...)))
	})
	// 2 + 4 + 8 + 16; a billion.
	assertLimit(t, PartInstances, 4, multiplyingInstances, 30)
	given := componentOf(section(sectionType, vec([]byte{typeOfComponent, 0})),
		section(sectionImport, vec([]byte{0, 1, 'c', sortComponent, 0})), section(sectionInstance, vec([]byte{0, 0, 0})))
	if found := excess(t, given); found != PartOpaqueInstances {
		t.Errorf("%d", found)
	}
	assertLimit(t, PartDeclarations, 100_000, func(count int) []byte {
		return componentOf(section(sectionType, append(appendU32(nil, uint32(count)), bytes.Repeat([]byte{0x73}, count)...)))
	})
	// A count is not believed to have anything behind it.
	most := appendU32(nil, 1<<32-1)
	for _, id := range []byte{
		sectionCoreInstance, sectionCoreType, sectionInstance, sectionAlias, sectionType, sectionImport, sectionExport,
	} {
		if found := excess(t, componentOf(section(id, most))); found != PartDeclarations {
			t.Errorf("section %d: %d", id, found)
		}
	}
	for _, nested := range [][]byte{
		section(sectionType, append([]byte{1, typeOfInstance}, most...)), section(sectionInstance, append([]byte{1, 1}, most...)),
	} {
		if found := excess(t, componentOf(nested)); found != PartDeclarations {
			t.Errorf("%d", found)
		}
	}
}

func TestComponentsThatToolchainsMakePass(t *testing.T) {
	var files []string
	for _, pattern := range []string{"plugins/*.wasm", "guests/*.wasm", "examples/*.wasm"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "target", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 4 {
		t.Fatalf("there are %q: run `make components` first", files)
	}
	for _, file := range files {
		if found := excess(t, readFile(t, file)); found != 0 {
			t.Errorf("%s is too much of %d", file, found)
		}
	}
}

// In the words of the Rust host, and with its limits.
func TestEveryLimitIsToldWithWhatWouldBeRight(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "rust", "src", "structure.rs"))
	if err != nil {
		t.Fatal(err)
	}
	for part := PartNesting; part <= PartDeclarations; part++ {
		words := strings.ReplaceAll(parts[part].words, "%d", "{limit}")
		if !bytes.Contains(source, []byte(`"`+words+`"`)) {
			t.Errorf("the Rust host does not say %q", words)
		}
		if limit := fmt.Sprintf("more than %d ", part.Limit()); part != PartOpaqueInstances && !strings.Contains(part.String(), limit) {
			t.Errorf("%s", part)
		}
	}
}

// Whatever the bytes are, they are walked to an end.
func TestAnyBytesAreMeasured(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	refusals := 0
	for range 20_000 {
		noise := make([]byte, random.IntN(200))
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		for id := range byte(lastSection + 1) {
			if checkStructure(componentOf(section(id, noise))) != nil {
				refusals++
			}
		}
	}
	if refusals == 0 {
		t.Error("nothing was refused")
	}
}
