package pointsman

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// SupportedContracts are the contract versions that this host supports.
func SupportedContracts() []string {
	return slices.Clone(supportedContracts)
}

var supportedContracts = []string{"0.2.0"}

// contract is what a component must export to be one of a kind.
type contract struct {
	// door is the interface that tells the kind, and whose version counts.
	door string
	// isNone is the kind of error where it is not exported in any version.
	isNone error
	// remedy is what to do about one of an older version.
	remedy string
	// functions are those that must be there, by the places below.
	functions []contractFunction
}

// contractFunction is a function of a contract, with its type as the canonical ABI flattens it.
type contractFunction struct {
	door, name      string
	params, results []api.ValueType
}

const i32 = api.ValueTypeI32

var one = []api.ValueType{i32}

// Places of a strategy's functions.
const (
	evaluateCycle = iota
	describe
	checkConfig
	evaluateCyclesJSON
	checkConfigJSON
)

var strategyContract = contract{
	door:   "pointsman:strategy/strategy",
	isNone: ErrNotAStrategy,
	remedy: "rebuild it with pointsman 0.2 (CONTRIBUTING, 'From 0.1.0 to 0.2.0')",
	functions: []contractFunction{
		evaluateCycle:      {"pointsman:strategy/strategy", "evaluate-cycle", one, one},
		describe:           {"pointsman:strategy/strategy", "describe", nil, one},
		checkConfig:        {"pointsman:strategy/strategy", "check-config", []api.ValueType{i32, i32, i32, i32, i32, i32}, one},
		evaluateCyclesJSON: {"pointsman:strategy/strategy-json", "evaluate-cycles", []api.ValueType{i32, i32}, one},
		checkConfigJSON:    {"pointsman:strategy/strategy-json", "check-config", []api.ValueType{i32, i32}, one},
	},
}

// Places of the guard's functions.
const (
	guardCheck = iota
	guardCheckIDs
	guardResolve
)

var guardContract = contract{
	door:   "pointsman:guard/guard",
	isNone: ErrNotAGuard,
	remedy: "take the guard of this host's release",
	functions: []contractFunction{
		guardCheck:    {"pointsman:guard/guard", "check", one, one},
		guardCheckIDs: {"pointsman:guard/guard", "check-ids", one, one},
		guardResolve:  {"pointsman:guard/guard", "resolve", []api.ValueType{i32, i32, i32, i32, i32, i32, i32}, one},
	},
}

const (
	memoryExport  = "memory"
	reallocExport = "cabi_realloc"
	postPrefix    = "cabi_post_"
)

// export is the name that a core module gives a function.
func (f *contractFunction) export(version string) string {
	return fmt.Sprintf("%s@%s#%s", f.door, version, f.name)
}

// admitted is a component that may be compiled.
type admitted struct {
	*metered
	component *component
	version   string
}

// admit checks all that can be checked of a file before it is compiled.
func admit(name string, bytes []byte, limits Limits, contract *contract) (*admitted, error) {
	fail := func(kind error, detail string) error { return &LoadError{Name: name, Kind: kind, Detail: detail} }
	if len(bytes) > limits.Component {
		return nil, fail(ErrTooLarge, fmt.Sprintf("has %d bytes, the limit is %d", len(bytes), limits.Component))
	}
	switch header := string(bytes[:min(8, len(bytes))]); header {
	case string(componentHeader):
	case string(coreModuleHeader):
		return nil, fail(ErrCoreModule, "")
	default:
		return nil, fail(ErrNotWasm, "")
	}
	invalid := func(cause error) error { return &LoadError{Name: name, Kind: ErrInvalidComponent, Cause: cause} }
	// Before anything else reads the bytes.
	var excess *tooMuch
	switch err := checkStructure(bytes); {
	case errors.As(err, &excess):
		return nil, &LoadError{Name: name, Kind: ErrTooComplex, Detail: excess.part.String(), Part: excess.part}
	case err != nil:
		return nil, invalid(err)
	}
	found, err := parseComponent(bytes)
	if err != nil {
		return nil, invalid(err)
	}
	// Imports first: a component made for another kind of host is best told by what it wants from it.
	if len(found.imports) > 0 {
		return nil, fail(ErrImports, fmt.Sprintf("imports %s; a strategy must not import anything", list(found.imports, found.importCount)))
	}
	version, err := contract.versionOf(name, found.exports)
	if err != nil {
		return nil, err
	}
	switch len(found.modules) {
	case 0:
		return nil, fail(ErrMissingExport, fmt.Sprintf("does not export `%s`", contract.functions[0].export(version)))
	case 1:
	default:
		return nil, invalid(fmt.Errorf("it has %d core modules; this host runs components that have one", len(found.modules)))
	}
	metered, err := meterCore(found.modules[0], limits.pages())
	if errors.Is(err, errCoreImports) {
		return nil, fail(ErrImports, "has a core module that imports something; it must be whole in itself")
	}
	if err != nil {
		return nil, invalid(err)
	}
	if metered.memory > int64(limits.pages())*page {
		return nil, fail(ErrTooMuchMemory, fmt.Sprintf("needs %d bytes of memory to start, the limit is %d", metered.memory, limits.Memory))
	}
	return &admitted{metered, found, version}, nil
}

// versionOf is the supported version of the contract that is exported.
func (c *contract) versionOf(name string, exports []string) (string, error) {
	var found []string
	for _, export := range exports {
		if version, ok := strings.CutPrefix(export, c.door+"@"); ok {
			found = append(found, version)
		}
	}
	if len(found) == 0 {
		return "", &LoadError{Name: name, Kind: c.isNone, Detail: fmt.Sprintf("%v: it does not export `%s`", c.isNone, c.door)}
	}
	for _, version := range supportedContracts {
		if slices.Contains(found, version) {
			return version, nil
		}
	}
	remedy := c.remedy
	if slices.ContainsFunc(found, func(version string) bool { return !strings.HasPrefix(version, "0.1.") }) {
		remedy = "use a host that supports it"
	}
	// A file may name any number of them.
	exported, supported := strings.Join(found[:min(3, len(found))], ", "), strings.Join(supportedContracts, ", ")
	detail := fmt.Sprintf("exports contract %s; this host supports %s: %s", exported, supported, remedy)
	return "", &LoadError{Name: name, Kind: ErrUnsupportedContract, Detail: detail}
}

// check finds what a compiled core module does not export, or exports with another type.
func (c *contract) check(name, version string, functions map[string]api.FunctionDefinition, memories map[string]api.MemoryDefinition) error {
	check := func(export string, params, results []api.ValueType) error {
		function, ok := functions[export]
		if !ok {
			return &LoadError{Name: name, Kind: ErrMissingExport, Detail: fmt.Sprintf("does not export `%s`", export)}
		}
		if !slices.Equal(function.ParamTypes(), params) || !slices.Equal(function.ResultTypes(), results) {
			return &LoadError{Name: name, Kind: ErrWrongType,
				Detail: fmt.Sprintf("exports `%s` with another type than the contract's", export)}
		}
		return nil
	}
	for i := range c.functions {
		function := &c.functions[i]
		export := function.export(version)
		if err := check(export, function.params, function.results); err != nil {
			return err
		}
		if _, ok := functions[postPrefix+export]; ok {
			if err := check(postPrefix+export, one, nil); err != nil {
				return err
			}
		}
	}
	if _, ok := memories[memoryExport]; !ok {
		return &LoadError{Name: name, Kind: ErrMissingExport, Detail: fmt.Sprintf("does not export `%s`", memoryExport)}
	}
	return check(reallocExport, []api.ValueType{i32, i32, i32, i32}, one)
}
