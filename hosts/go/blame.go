package pointsman

import (
	"sync"
	"sync/atomic"
	"time"
)

// Blame: what a registry concludes from calls that fail, while one pair of versions is in use. Here are no plugins, no
// clock and no goroutines; tests/blame/ has the outcomes that every host's registry comes to.

// blameOptions are the numbers of a [blame].
type blameOptions struct {
	revertAfter, openAfter, mostEntries int
	first, longest                      time.Duration
	// lengthen adds jitter to a back-off.
	lengthen func(time.Duration) time.Duration
}

// blame is what is known of the deployments of one current version. A swap and a revert begin with a new one, so that
// what comes of a call that began before them changes nothing.
type blame struct {
	options *blameOptions
	// hasPrevious tells whether there is a version before this one, to ask and to return to.
	hasPrevious bool
	seen        *seen

	// isUneventful tells that nothing below is set: a call of a healthy strategy takes no lock.
	isUneventful atomic.Bool
	mutex        sync.Mutex
	entries      map[string]*entry
	// accused are the deployments that were ever pinned.
	accused map[string]bool
	// failed are the deployments that failed since one succeeded, where there is no version before.
	failed map[string]bool
	// version is the circuit of the version, where there is none before it.
	version circuit
}

// entry is what is known of one deployment with this input.
type entry struct {
	input    uint64
	failures int
	circuit  circuit
	heard    time.Time
	isPinned bool
	// question is that of the background.
	question questionState
}

type questionState uint8

const (
	notAsked questionState = iota
	beingAsked
	// answered: the input is to blame; it is not asked again until it changes.
	answered
)

// admission is a call that may begin, or the reason why it may not.
type admission struct {
	deployment string
	input      func() uint64
	// isOpen: it may not, for so long.
	isOpen    bool
	remaining time.Duration
	failures  int
	// isOfVersion tells that the circuit is the version's, not the deployment's.
	isOfVersion bool
	// toPrevious: it is for the version before.
	toPrevious bool
	// isSuspect: the deployment has failed, so that it is kept out of batches.
	isSuspect bool

	isProbe, isVersionProbe bool
}

func newBlame(options *blameOptions, hasPrevious bool, seen *seen) *blame {
	made := &blame{
		options: options, hasPrevious: hasPrevious, seen: seen,
		entries: map[string]*entry{}, accused: map[string]bool{}, failed: map[string]bool{},
	}
	made.isUneventful.Store(true)
	return made
}

// begin admits a call, or does not. What admits it must be told how it ended. `input` fingerprints configuration,
// revision and target; it is not called for a deployment of which nothing is known.
func (b *blame) begin(deployment string, input func() uint64, now func() time.Time) admission {
	b.seen.add(deployment)
	admitted := admission{deployment: deployment, input: input}
	if b.isUneventful.Load() {
		return admitted
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	known := b.entries[deployment]
	if known == nil && !b.version.isTripped() {
		return admitted
	}
	at := now()
	if known != nil && (known.isFaded(at, b.options) || known.input != input()) {
		b.forget(deployment)
		known = nil
	}
	if known != nil {
		known.heard = at
		admitted.failures, admitted.isSuspect = known.failures, known.failures > 0
		admitted.toPrevious = known.isPinned
		if admitted.isOpen, admitted.remaining = known.circuit.refuses(at); admitted.isOpen {
			return admitted
		}
	}
	if admitted.isOpen, admitted.remaining = b.version.refuses(at); admitted.isOpen {
		admitted.isOfVersion, admitted.failures = true, len(b.failed)
		return admitted
	}
	admitted.isVersionProbe = b.version.probe()
	if known != nil {
		admitted.isProbe = known.circuit.probe()
	}
	return admitted
}

// finished takes the outcome of an admitted call into account.
func (b *blame) finished(call *admission, outcome Outcome, now func() time.Time) conclusion {
	if outcome == OutcomeOK && b.isUneventful.Load() {
		return conclusion{}
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	defer b.settle()
	known := b.entries[call.deployment]
	if known != nil && known.input != call.input() {
		// The deployment has another input by now, of which this says nothing.
		known = nil
		if outcome != OutcomeOK {
			outcome = OutcomeHost
		}
	}
	if call.isVersionProbe {
		b.version.isProbing = false
	}
	if call.isProbe && known != nil {
		known.circuit.isProbing = false
	}
	switch {
	case outcome == OutcomeOK:
		clear(b.failed)
		b.version = circuit{}
		b.succeeded(call.deployment, known)
		return conclusion{}
	case outcome == OutcomeRefused && (known != nil || b.hasPrevious && !call.toPrevious):
		return conclusion{ask: b.ask(b.known(call, now()), call)}
	case outcome.IsFailure():
		return b.failure(call, now())
	}
	return conclusion{}
}

// conclusion is what follows from the end of a call.
type conclusion struct {
	// ask: the versions are to be asked in the background.
	ask bool
	// opened is for how long the deployment's circuit was opened by it, versionOpened the version's.
	opened, versionOpened time.Duration
	// failures of the deployment in a row.
	failures int
}

func (b *blame) succeeded(deployment string, known *entry) {
	switch {
	case known == nil:
	case known.isPinned:
		known.failures, known.circuit = 0, circuit{}
	default:
		b.forget(deployment)
	}
}

func (b *blame) failure(call *admission, now time.Time) conclusion {
	known := b.known(call, now)
	known.failures++
	found := conclusion{failures: known.failures}
	if known.failures >= b.options.openAfter {
		found.opened = known.circuit.open(b.options, now, call.isProbe)
	}
	if !b.hasPrevious {
		b.failed[call.deployment] = true
		if len(b.failed) >= b.options.revertAfter {
			found.versionOpened = b.version.open(b.options, now, call.isVersionProbe)
		}
		// No more of them are needed, and nobody bounds how many there are.
		if len(b.failed) > b.options.mostEntries {
			delete(b.failed, call.deployment)
		}
	}
	found.ask = b.ask(known, call)
	return found
}

// ask tells whether the versions are to be asked, and takes note of it.
func (b *blame) ask(known *entry, call *admission) bool {
	if !b.hasPrevious || call.toPrevious || known.isPinned || known.question != notAsked {
		return false
	}
	known.question = beingAsked
	return true
}

// verdict takes the answer of a question into account, and tells whether the version is to be reverted.
func (b *blame) verdict(deployment string, input uint64, found verdict) (isPinned, isReverted bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	defer b.settle()
	known := b.entries[deployment]
	if known == nil || known.input != input || known.question != beingAsked {
		// It succeeded meanwhile, or has another input.
		return false, false
	}
	known.question = notAsked
	switch found {
	case verdictNobody:
		b.forget(deployment)
	case verdictInput:
		known.question = answered
	case verdictVersion:
		known.isPinned, known.failures, known.circuit = true, 0, circuit{}
		b.accused[deployment] = true
		return true, len(b.accused) >= min(b.options.revertAfter, max(1, b.seen.count()))
	}
	return false, false
}

// isGood tells whether the version is one to return to: no deployment was pinned, and its circuit is closed.
func (b *blame) isGood() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.accused) == 0 && !b.version.isTripped()
}
