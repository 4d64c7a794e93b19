package pointsman

import (
	"fmt"
	"slices"
)

// The functions of components that this host calls, by their names. That a component exports them, with their types, is
// the loader's to check.

// SupportedContracts are the contract versions that this host supports.
func SupportedContracts() []string {
	return slices.Clone(supportedContracts)
}

// The version whose types layout.go is of.
var supportedContracts = []string{"0.2.0"}

// contract names the exports that make a component one of a kind.
type contract struct {
	// name is the loader's name for it.
	name string
	// isNone is the kind of error where it is not exported in any version.
	isNone error
	// functions are those that are called, by the places below.
	functions []contractFunction
}

// contractFunction is a function of a contract.
type contractFunction struct {
	entryPoint, name string
}

const (
	strategyInterface     = "pointsman:strategy/strategy"
	strategyJSONInterface = "pointsman:strategy/strategy-json"
	guardInterface        = "pointsman:guard/guard"
)

// Places of a strategy's functions.
const (
	evaluateCycle = iota
	describe
	checkConfig
	evaluateCyclesJSON
	checkConfigJSON
)

var strategyContract = contract{
	name:   "strategy",
	isNone: ErrNotAStrategy,
	functions: []contractFunction{
		evaluateCycle:      {strategyInterface, "evaluate-cycle"},
		describe:           {strategyInterface, "describe"},
		checkConfig:        {strategyInterface, "check-config"},
		evaluateCyclesJSON: {strategyJSONInterface, "evaluate-cycles"},
		checkConfigJSON:    {strategyJSONInterface, "check-config"},
	},
}

// Places of the guard's functions.
const (
	guardCheck = iota
	guardCheckIDs
	guardResolve
)

var guardContract = contract{
	name:   "guard",
	isNone: ErrNotAGuard,
	functions: []contractFunction{
		guardCheck:    {guardInterface, "check"},
		guardCheckIDs: {guardInterface, "check-ids"},
		guardResolve:  {guardInterface, "resolve"},
	},
}

// Names that core modules give what a host needs besides: conventions of the canonical ABI's tools.
const (
	memoryExport  = "memory"
	reallocExport = "cabi_realloc"
	postPrefix    = "cabi_post_"
)

// export is the name that a core module gives a function.
func (f *contractFunction) export(version string) string {
	return fmt.Sprintf("%s@%s#%s", f.entryPoint, version, f.name)
}
