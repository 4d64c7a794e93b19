package pointsman

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// What a component is made of, as far as a host without the component model has to know: the core module in it, what it
// imports, what it exports. The format is that of the component model's Binary.md.

var (
	componentHeader  = []byte("\x00asm\x0d\x00\x01\x00")
	coreModuleHeader = []byte("\x00asm\x01\x00\x00\x00")
)

// Section ids of a component.
const (
	sectionCoreModule   = 1
	sectionCoreInstance = 2
	sectionCoreType     = 3
	sectionComponent    = 4
	sectionInstance     = 5
	sectionAlias        = 6
	sectionType         = 7
	sectionImport       = 10
	sectionExport       = 11
	lastSection         = 12
)

// Sorts of things that components import, export and alias.
const (
	sortCore      = 0x00
	sortFunc      = 0x01
	sortValue     = 0x02
	sortType      = 0x03
	sortComponent = 0x04
	sortInstance  = 0x05
)

// component is what was found in one.
type component struct {
	// modules are the core modules, those of nested components too.
	modules [][]byte
	// imports are the names of what is imported and could reach anything: everything but types. Only those that are told, since
	// each of many imports may be an instance with many members; importCount is how many there are.
	imports     []string
	importCount int
	// exports are the names of what is exported.
	exports []string

	// types has, for each type so far, the names that an instance of it has and that are not types; nil for other types.
	types [][]string
}

// parseComponent takes a component apart. Its structure must have been checked: this recurses as deep as that is.
func parseComponent(bytes []byte) (*component, error) {
	found := &component{}
	return found, found.parse(bytes)
}

func (c *component) parse(data []byte) error {
	if !bytes.HasPrefix(data, componentHeader) {
		return errors.New("it contains what does not begin as a component does")
	}
	sections := reader{bytes: data, at: len(componentHeader)}
	for sections.more() {
		id, content := sections.byte(), sections.take(uint64(sections.u32()))
		if sections.err != nil {
			return sections.err
		}
		section := reader{bytes: content}
		switch id {
		case sectionCoreModule:
			c.modules = append(c.modules, content)
			continue
		case sectionComponent:
			// Its imports are met by the one around it; the code in it counts.
			nested := &component{modules: c.modules}
			if err := nested.parse(content); err != nil {
				return err
			}
			c.modules = nested.modules
			continue
		case sectionType:
			section.each(func() { c.types = append(c.types, section.typeDefinition()) })
		case sectionAlias:
			section.each(func() {
				if section.alias() == sortType {
					c.types = append(c.types, nil)
				}
			})
		case sectionImport:
			section.each(func() { c.parseImport(&section) })
		case sectionExport:
			section.each(func() { c.parseExport(&section) })
		default:
			if id > lastSection {
				return fmt.Errorf("it has a section of an unknown kind, %d", id)
			}
			// The other sections tie the parts together, which the names of the core module's exports say as well.
			continue
		}
		if section.err != nil {
			return section.err
		}
		if section.more() {
			return fmt.Errorf("its section of kind %d has more in it than it says", id)
		}
	}
	return nil
}

func (c *component) parseImport(r *reader) {
	name := r.externName()
	sort, index := r.externType()
	switch sort {
	case sortType:
		c.types = append(c.types, nil)
		if index == subResource {
			c.addImports(1, name)
		}
	case sortInstance:
		if int(index) >= len(c.types) {
			r.fail(errors.New("it imports an instance of a type that is not there"))
			return
		}
		members := c.types[index]
		first := slices.Clone(members[:min(named, len(members))])
		for i := range first {
			first[i] = name + "#" + first[i]
		}
		c.addImports(len(members), first...)
	default:
		c.addImports(1, name)
	}
}

// addImports adds so many, of which the first have these names.
func (c *component) addImports(count int, first ...string) {
	c.importCount += count
	c.imports = append(c.imports, first[:min(named-len(c.imports), len(first))]...)
}

func (c *component) parseExport(r *reader) {
	c.exports = append(c.exports, r.externName())
	sort := r.sort()
	r.u32()
	if r.byte() != 0 {
		r.externType()
	}
	if sort == sortType {
		c.types = append(c.types, nil)
	}
}
