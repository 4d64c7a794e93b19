package pointsman

import (
	"sync"
	"sync/atomic"
	"time"
)

// Circuits, the entries of deployments that fail, and the questions about them.

// circuit is closed, open, or half-open: then it admits one probe.
type circuit struct {
	until     time.Time
	backOff   time.Duration
	isProbing bool
}

func (c *circuit) isTripped() bool { return c.backOff > 0 }

// refuses tells whether a call may not pass, and for how long.
func (c *circuit) refuses(now time.Time) (bool, time.Duration) {
	if !c.isTripped() {
		return false, 0
	}
	remaining := max(0, c.until.Sub(now))
	return remaining > 0 || c.isProbing, remaining
}

// probe makes the call that passes the probe, where the circuit is half-open.
func (c *circuit) probe() bool {
	c.isProbing = c.isTripped()
	return c.isProbing
}

// open opens it, for twice as long as the time before; 0 where the call began before it was opened.
func (c *circuit) open(options *blameOptions, now time.Time, isProbe bool) time.Duration {
	if c.isTripped() && !isProbe {
		return 0
	}
	switch {
	case c.backOff == 0:
		c.backOff = options.first
	case c.backOff > options.longest/2:
		c.backOff = options.longest
	default:
		c.backOff *= 2
	}
	c.backOff = min(c.backOff, options.longest)
	length := c.backOff
	if options.lengthen != nil {
		length = options.lengthen(length)
	}
	c.until, c.isProbing = now.Add(length), false
	return length
}

func (e *entry) isFaded(now time.Time, options *blameOptions) bool {
	return now.Sub(e.heard) >= 2*options.longest
}

// known is the deployment's entry, a new one where it has none.
func (b *blame) known(call *admission, now time.Time) *entry {
	known := b.entries[call.deployment]
	if known == nil {
		b.makeRoom(now)
		known = &entry{input: call.input()}
		b.entries[call.deployment] = known
	}
	known.heard = now
	return known
}

// makeRoom drops what has faded, or else what was not heard of for longest, where there are as many entries as may be.
func (b *blame) makeRoom(now time.Time) {
	if len(b.entries) < b.options.mostEntries {
		return
	}
	oldest, isFirst := "", true
	for deployment, known := range b.entries {
		if known.isFaded(now, b.options) {
			delete(b.entries, deployment)
		} else if isFirst || known.heard.Before(b.entries[oldest].heard) {
			oldest, isFirst = deployment, false
		}
	}
	if len(b.entries) >= b.options.mostEntries {
		delete(b.entries, oldest)
	}
}

func (b *blame) forget(deployment string) {
	delete(b.entries, deployment)
}

// settle finds out whether there is anything to look up at all.
func (b *blame) settle() {
	b.isUneventful.Store(len(b.entries) == 0 && len(b.failed) == 0 && !b.version.isTripped())
}

// seen are deployments that a strategy was called for, as many as decide whether those that speak against a version
// are all that there are.
type seen struct {
	most   int
	isFull atomic.Bool
	mutex  sync.Mutex
	keys   map[string]bool
}

func newSeen(most int) *seen { return &seen{most: most, keys: map[string]bool{}} }

func (s *seen) add(deployment string) {
	if s.isFull.Load() {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.keys[deployment] = true
	s.isFull.Store(len(s.keys) >= s.most)
}

func (s *seen) count() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.keys)
}

// verdict is the answer of a question in the background.
type verdict uint8

const (
	// noVerdict: the host could not ask.
	noVerdict verdict = iota
	verdictNobody
	verdictInput
	verdictVersion
)

// question asks the version that failed, the one before it, and the one that failed once more; `ask` does so in a fresh
// instance.
func question(ask func(previous bool) Outcome) verdict {
	for _, previous := range []bool{false, true, false} {
		outcome := ask(previous)
		switch {
		case outcome == OutcomeHost:
			return noVerdict
		case previous && outcome != OutcomeOK:
			return verdictInput
		case !previous && outcome == OutcomeOK:
			return verdictNobody
		}
	}
	return verdictVersion
}

// order is the order in which a batch is called: what is not suspect together, to the current version and to the one
// before, then each suspect alone.
func order(admitted []*admission) [][]int {
	var current, previous []int
	var groups [][]int
	for i, admission := range admitted {
		switch {
		case admission == nil || admission.isOpen:
		case admission.isSuspect:
			groups = append(groups, []int{i})
		case admission.toPrevious:
			previous = append(previous, i)
		default:
			current = append(current, i)
		}
	}
	for _, group := range [][]int{previous, current} {
		if len(group) > 0 {
			groups = append([][]int{group}, groups...)
		}
	}
	return groups
}

// halve calls a group, and its halves where that fails as a whole: `call` tells whether it did not. A single request
// is not halved.
func halve(group []int, call func(group []int) bool) {
	if call(group) || len(group) == 1 {
		return
	}
	middle := (len(group) + 1) / 2
	halve(group[:middle], call)
	halve(group[middle:], call)
}

// failsWhole tells whether an outcome is that of a call, not of one request of its batch.
func failsWhole(outcome Outcome) bool {
	switch outcome {
	case OutcomeOK, OutcomeRefused, OutcomeRejected:
		return false
	}
	return true
}
