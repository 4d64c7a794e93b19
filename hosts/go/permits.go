package pointsman

import (
	"context"
	"sync/atomic"
)

// backgroundInstances is the number of instances for work in the background.
const backgroundInstances = 2

// purpose of an instance.
type purpose int

const (
	// forCall: a caller waits for it.
	forCall purpose = iota
	// forBackground: nobody waits for it: loading a plugin, checking a new version.
	forBackground
	// forGuard: the guard's, one for each call at most.
	forGuard
)

// permits count the instances in use.
type permits struct {
	calls      atomic.Int64
	background chan struct{}
}

// take gives the right to have one instance until `give`: for a call at once, or not at all because the limit is
// reached; for background work it is waited for.
func (p *permits) take(ctx context.Context, purpose purpose, most int) error {
	switch purpose {
	case forCall:
		if p.calls.Add(1) > int64(most) {
			p.calls.Add(-1)
			return ErrInstances
		}
	case forBackground:
		select {
		case p.background <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *permits) give(purpose purpose) {
	switch purpose {
	case forCall:
		p.calls.Add(-1)
	case forBackground:
		<-p.background
	}
}
