package pointsman

import (
	"strings"
	"testing"
)

// Sizes and offsets of types, read from the loader's text of the contract's functions.

// shape is a type: its size and alignment, and for a record where its fields are.
type shape struct {
	size, align int
	fields      map[string]int
	// cases are those of an enum or a variant, in their order.
	cases []string
}

func aligned(at, to int) int { return (at + to - 1) / to * to }

func recordOf(names []string, types []shape) shape {
	made := shape{align: 1, fields: map[string]int{}}
	for i, of := range types {
		at := aligned(made.size, of.align)
		made.fields[names[i]] = at
		made.size, made.align = at+of.size, max(made.align, of.align)
	}
	made.size = aligned(made.size, made.align)
	return made
}

// variantOf has one byte for its case, and room for the largest payload after it. Its payload's place is the field
// "payload".
func variantOf(cases []string, payloads []shape) shape {
	made := shape{size: 0, align: 1, cases: cases}
	for _, payload := range payloads {
		made.size, made.align = max(made.size, payload.size), max(made.align, payload.align)
	}
	at := aligned(1, made.align)
	made.size = aligned(at+made.size, made.align)
	made.fields = map[string]int{"payload": at}
	return made
}

var primitives = map[string]shape{
	"bool": {size: 1, align: 1}, "u32": {size: 4, align: 4}, "u64": {size: 8, align: 8}, "f64": {size: 8, align: 8},
	"string": list,
}

// list is the shape of every list and string.
var list = shape{size: 8, align: 4}

// typeReader reads the types of functions from their texts. Records found on the way are kept by the names of their
// fields.
type typeReader struct {
	t       *testing.T
	text    string
	records map[string]shape
}

// take takes a text from the beginning of what is left, if it is there.
func (tr *typeReader) take(text string) bool {
	rest, isThere := strings.CutPrefix(tr.text, text)
	tr.text = rest
	return isThere
}

// name takes the name of a field, a case or a primitive type.
func (tr *typeReader) name() string {
	end := strings.IndexFunc(tr.text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') &&
			c != '-'
	})
	if end <= 0 {
		tr.t.Fatalf("there is no name in front of %.40q", tr.text)
	}
	name := tr.text[:end]
	tr.text = tr.text[end:]
	return name
}

// members takes members up to a closing bracket: their names, and the types of those that have one.
func (tr *typeReader) members(closing string) ([]string, []shape) {
	var names []string
	var types []shape
	for i := 0; !tr.take(closing); i++ {
		if i > 0 && !tr.take(", ") {
			tr.t.Fatalf("there is no comma in front of %.40q", tr.text)
		}
		names = append(names, tr.name())
		if tr.take(": ") {
			types = append(types, tr.value())
		}
	}
	return names, types
}

// values takes types up to a closing bracket.
func (tr *typeReader) values() []shape {
	types := []shape{tr.value()}
	for !tr.take(">") {
		tr.take(", ")
		types = append(types, tr.value())
	}
	return types
}

func (tr *typeReader) value() shape {
	switch {
	case tr.take("record {"):
		names, types := tr.members("}")
		made := recordOf(names, types)
		tr.records[strings.Join(names, " ")] = made
		return made
	case tr.take("variant {"):
		return variantOf(tr.members("}"))
	case tr.take("enum {"):
		names, _ := tr.members("}")
		return variantOf(names, nil)
	case tr.take("result<"):
		return variantOf(tr.members(">"))
	case tr.take("option<"):
		return variantOf([]string{"none", "some"}, tr.values())
	case tr.take("tuple<"):
		return recordOf([]string{"0", "1"}, tr.values())
	case tr.take("list<"):
		tr.values()
		return list
	}
	name := tr.name()
	primitive, isKnown := primitives[name]
	if !isKnown {
		tr.t.Fatalf("the contract has no primitive type %s", name)
	}
	return primitive
}

// signatures are the types of the contract's functions, which the loader compares with those of a component, and of
// which a test there says that they are those of wit/. Each line is `interface#function: func(…) -> …`.
const signatures = "../loader/src/contract/0.2.0.txt"

// shapesIn are the records in the types of the functions of an interface.
func shapesIn(t *testing.T, entryPoint string) map[string]shape {
	tr := typeReader{t, "", map[string]shape{}}
	for line := range strings.Lines(string(readFile(t, signatures))) {
		if !strings.HasPrefix(line, entryPoint+"#") {
			continue
		}
		_, tr.text, _ = strings.Cut(strings.TrimSpace(line), ": func(")
		tr.members(")")
		if tr.take(" -> ") {
			tr.value()
		}
		if tr.text != "" {
			t.Fatalf("%q is left of a type", tr.text)
		}
	}
	return tr.records
}
