// Package pointsman loads Pointsman strategy components and evaluates them: sandboxed, limited, and never trusted.
//
// It runs on wazero, without cgo. wazero knows no components, but a strategy imports nothing, so its component carries one core
// module that is whole in itself: this package takes it out, checks it against the contract, and calls its functions by the
// component model's canonical ABI. The same file runs in every other host.
//
//	file                     what it is for
//	host.go                  Host: what plugins run on; loading
//	limits.go                Limits: what a plugin may use, and what each limit costs
//	admission.go             what a file must be to be loaded at all
//	component.go, reader.go  what a component is made of
//	meter.go, meter_code.go  how an endless loop is ended
//	opcodes.go               WebAssembly's instructions, as far as the meter has to know them
//	guard.go                 Guard: what is checked before a plan is returned
//	plugin.go                Plugin: a loaded strategy
//	session.go               Session: one instance, used for many calls, where a caller asks for that
//	instances.go             how many instances there may be at once, and how one is made as good as new
//	sandbox.go               what every call is held to, and what its failures mean
//	lower.go, lift.go        the contract's types by the canonical ABI, in and out
//	json.go, answers.go      the same in the words of the JSON door
//	route.go, spec.go, plan.go, words.go  the contract's types
//	errors.go, errors_load.go  one tree of errors
//	registry.go              Registry: strategies by name, changed while they are in use
//	slot.go, swap.go, watch.go, description.go, status.go  its parts
package pointsman
