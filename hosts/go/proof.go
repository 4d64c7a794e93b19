package pointsman

import (
	"sync"
	"sync/atomic"
)

// proof that a version is good: it succeeded for several deployments, so that it may be returned to after a restart.
type proof struct {
	enough int
	isDone atomic.Bool
	mutex  sync.Mutex
	keys   map[string]bool
	calls  int
}

func newProof(enough int) *proof { return &proof{enough: enough, keys: map[string]bool{}} }

// note notes a success, and tells whether with it the version is good. `seen` is how many deployments the strategy was
// ever called for, as far as that matters.
func (p *proof) note(deployment string, seen int) bool {
	if p.isDone.Load() {
		return false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.isDone.Load() {
		return false
	}
	p.keys[deployment] = true
	p.calls++
	// Where there are fewer deployments, each may be the first of many: so many calls it takes all the same.
	isGood := len(p.keys) >= min(seen, p.enough) && p.calls >= p.enough
	p.isDone.Store(isGood)
	return isGood
}
