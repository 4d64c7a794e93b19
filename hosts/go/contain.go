package pointsman

import (
	"errors"
	"fmt"
)

// Panics of the runtime, which must end neither the host nor a goroutine that others wait for.

// contained does what may panic; the panic's words, if it did.
//
// What it works on must be thrown away then, or be safe to use whatever was left undone. No recover protects from a
// stack that is used up; against that there are the checks of the loader.
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

// contained does what may panic in the runtime or in this host. Its instances are thrown away then: whatever was left
// undone in them is never seen.
func (s *Session) contained(work func() error) error {
	var err error
	words, hasPanicked := contained(func() { err = work() })
	if !hasPanicked {
		return err
	}
	s.discard()
	if s.guard != nil {
		s.guard.discard()
	}
	cause, limits := errors.New(words), s.plugin.loaded.host.limits
	return &CallError{Plugin: s.plugin.loaded.id, Kind: ErrPanicked, Limits: limits, Cause: cause}
}

// discard throws the instance away, if there is one; the next call has a new one.
func (s *Session) discard() {
	if s.instance != nil {
		contained(s.instance.close)
		s.instance = nil
	}
}
