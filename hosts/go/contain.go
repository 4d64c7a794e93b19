package pointsman

import "fmt"

// Panics of the runtime, which must end neither the host nor a goroutine that others wait for.

// contained does what may panic; the panic's words, if it did.
//
// What it works on must be thrown away then, or be safe to use whatever was left undone. No recover protects from a stack that is
// used up; against that there are the checks of the loader.
func contained(work func()) (words string, hasPanicked bool) {
	defer func() {
		if hasPanicked {
			words = fmt.Sprint(recover())
		}
	}()
	hasPanicked = true
	work()
	hasPanicked = false
	return "", false
}
