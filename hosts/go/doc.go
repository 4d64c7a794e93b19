// Package pointsman loads Pointsman strategy components and evaluates them: sandboxed, limited, and never trusted.
//
// It runs on wazero, without cgo. wazero knows no components, but a strategy imports nothing, so its component carries
// one core module that is whole in itself: the loader, a program of the same release, checks it against the contract
// and takes it out, and this package calls its functions by the component model's canonical ABI. The same file runs in
// every other host.
//
// The README says which file is for what, how fast it is, and what is promised.
package pointsman
