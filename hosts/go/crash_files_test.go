package pointsman

import (
	"bytes"
	"fmt"
	"slices"
)

// Files that crash what reads them without measuring them first. The same as those of the Rust host's tests,
// host-test/src/crash.rs.

// crash is a file, and what it has too much of.
type crash struct {
	name  string
	part  Part
	bytes []byte
}

// crashes are one or more of each kind, the smallest that crashed something among them.
func crashes() []crash {
	files := []crash{
		{"two-memories", PartMemories, twoMemories()},
		{"multiplying", PartInstances, multiplyingInstances(30)},
		{"core-modules", PartCoreModules, componentOf(slices.Repeat([][]byte{emptyModule}, 9)...)},
		{"core-instances", PartCoreInstances, componentOf(emptyModule, section(sectionCoreInstance,
			vec(slices.Repeat([][]byte{{0, 0, 0}}, 9)...)))},
		{"opaque", PartOpaqueInstances, componentOf(section(sectionType, vec([]byte{typeOfComponent, 0})),
			section(sectionImport, vec([]byte{0, 1, 'c', sortComponent, 0})), section(sectionInstance, vec([]byte{0, 0, 0})))},
		{"declarations", PartDeclarations, componentOf(section(sectionType,
			append(appendU32(nil, 100_001), bytes.Repeat([]byte{0x73}, 100_001)...)))},
		// A count is not believed to have anything behind it.
		{"a-count", PartDeclarations, componentOf(section(sectionImport, appendU32(nil, 1<<32-1)))},
	}
	for _, levels := range []int{1_000, 100_000} {
		files = append(files,
			crash{fmt.Sprintf("component-types-%d", levels), PartNesting, nestedTypes(typeOfComponent, levels)},
			crash{fmt.Sprintf("instance-types-%d", levels), PartNesting, nestedTypes(typeOfInstance, levels)},
			crash{fmt.Sprintf("components-%d", levels), PartNesting, nestedComponents(levels)})
	}
	for _, levels := range []int{127, 10_000} {
		files = append(files,
			crash{fmt.Sprintf("component-references-%d", levels), PartTypeDepth, references(typeOfComponent, sortComponent,
				levels)},
			crash{fmt.Sprintf("instance-references-%d", levels), PartTypeDepth, references(typeOfInstance, sortInstance,
				levels)})
	}
	for name, opening := range openings {
		for _, levels := range []int{10_000, 100_000} {
			files = append(files, crash{fmt.Sprintf("%s-%d", name, levels), PartBlocks, nestedBlocks(opening, levels)})
		}
	}
	for i := range files {
		files[i].name += ".wasm"
	}
	return files
}

var emptyModule = section(sectionCoreModule, coreModuleHeader)

// openings are the ways in which a block begins.
var openings = map[string][]byte{
	"blocks": {opBlock, emptyBlock}, "loops": {opLoop, emptyBlock}, "ifs": {opI32Const, 0, opIf, emptyBlock},
}

// memoryAndInstance are a core module with a memory, and an instance of it.
func memoryAndInstance() []byte {
	return slices.Concat(section(sectionCoreModule, core{memory: []byte{0, 1}}.bytes()),
		section(sectionCoreInstance, vec([]byte{0, 0, 0})))
}

// twoMemories is two nested components with a memory each, and an instance of each.
func twoMemories() []byte {
	nested := section(sectionComponent, componentOf(memoryAndInstance()))
	return componentOf(nested, nested, section(sectionInstance, vec([]byte{0, 0, 0}, []byte{0, 1, 0})))
}

// nestedTypes are types with one declaration each, another type, in so many others.
func nestedTypes(kind byte, levels int) []byte {
	return componentOf(section(sectionType, slices.Concat([]byte{1}, bytes.Repeat([]byte{kind, 1, 1}, levels),
		[]byte{kind, 0})))
}

// nestedComponents are a component in so many others.
func nestedComponents(levels int) []byte {
	// Sizes from the inside outwards; then written in one pass.
	sizes := []int{len(componentHeader)}
	for level := range levels {
		inside := sizes[level]
		sizes = append(sizes, len(componentHeader)+1+len(appendU32(nil, uint32(inside)))+inside)
	}
	var made []byte
	for level := levels - 1; level >= 0; level-- {
		made = appendU32(append(append(made, componentHeader...), sectionComponent), uint32(sizes[level]))
	}
	return append(made, componentHeader...)
}

// references are types side by side: each but the first exports something of the one before.
func references(kind, sort byte, levels int) []byte {
	types := append(appendU32(nil, uint32(levels+1)), kind, 0)
	for before := range levels {
		// Two declarations: an alias of a type outside, and an export of that type.
		types = append(appendU32(append(types, kind, 2, 0x02, sortType, 0x02, 1), uint32(before)), 0x04, 0, 1, 'a', sort, 0)
	}
	return componentOf(section(sectionType, types))
}

// multiplyingInstances are levels: each instantiates the one inside twice.
func multiplyingInstances(levels int) []byte {
	made := componentOf()
	for range levels {
		made = componentOf(section(sectionComponent, made), section(sectionInstance, []byte{2, 0, 0, 0, 0, 0, 0}))
	}
	return made
}

// nestedBlocks is a function with blocks in each other that are opened so, and something before them.
func nestedBlocks(opening []byte, levels int, before ...byte) []byte {
	c := slices.Concat(before, bytes.Repeat(opening, levels), bytes.Repeat([]byte{opEnd}, levels))
	return ofFunction(c)
}

// ofFunction is a component with a core module with a function.
func ofFunction(code []byte) []byte {
	c := core{types: [][2]string{{"", ""}}, functions: []coreFunctionOf{{code: code}}}
	return componentOf(section(sectionCoreModule, c.bytes()))
}

// importing is a component that imports so many instances of so many functions each.
func importing(members, imports int) []byte {
	function := []byte{0x01, 0x40, 0, 1, 0}
	instance := [][]byte{function}
	for i := range members {
		instance = append(instance, append(appendName([]byte{0x04, 0}, fmt.Sprintf("m%d", i)), sortFunc, 0))
	}
	var imported [][]byte
	for i := range imports {
		imported = append(imported, append(appendName([]byte{0}, fmt.Sprintf("i%d", i)), sortInstance, 0))
	}
	declared := section(sectionType, vec(append([]byte{typeOfInstance}, vec(instance...)...)))
	return componentOf(declared, section(sectionImport, vec(imported...)))
}
