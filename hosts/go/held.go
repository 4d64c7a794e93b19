package pointsman

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"time"
)

// Calls of a strategy's versions: which of them decides for a deployment, and what follows from how it ends.

// held are a strategy's versions at a call, kept from being closed until it ends.
type held struct {
	slot     *slot
	versions *versions
	// hasPrevious tells whether the version before is held as well.
	hasPrevious bool
}

// hold keeps the versions from being closed. It fails with [ErrClosed].
func (s *slot) hold(withPrevious bool) (held, error) {
	for {
		versions := s.versions.Load()
		if versions.current.plugin.loaded.retain(false) {
			if !withPrevious || versions.previous == nil {
				return held{s, versions, false}, nil
			}
			if versions.previous.plugin.loaded.retain(false) {
				return held{s, versions, true}, nil
			}
			versions.current.plugin.loaded.release()
		}
		// A swap came between the two, or nothing is left.
		if s.versions.Load() == versions {
			id := versions.current.plugin.ID()
			return held{}, &CallError{Plugin: id, Kind: ErrClosed, Limits: s.registry.host.limits}
		}
	}
}

// begin admits a call of one deployment, and holds what it needs.
func (s *slot) begin(deployment string, input func() uint64) (held, admission, error) {
	for {
		held, err := s.hold(false)
		if err != nil {
			return held, admission{}, err
		}
		admitted := held.versions.blame.begin(deployment, input, s.registry.options.Clock)
		if !admitted.toPrevious || admitted.isOpen {
			return held, admitted, nil
		}
		held.hasPrevious = held.versions.previous.plugin.loaded.retain(false)
		if held.hasPrevious {
			return held, admitted, nil
		}
		// A swap has closed it meanwhile.
		held.versions.blame.finished(&admitted, OutcomeHost, s.registry.options.Clock)
		held.release()
	}
}

func (h *held) release() {
	h.versions.current.plugin.loaded.release()
	if h.hasPrevious {
		h.versions.previous.plugin.loaded.release()
	}
}

// version is the one that decides.
func (h *held) version(admitted *admission) *version {
	if admitted.toPrevious {
		return h.versions.previous
	}
	return h.versions.current
}

// refuse is the error of a call that was not admitted.
func (h *held) refuse(admitted *admission) error {
	h.slot.counts.record(judgement{outcome: OutcomeCircuitOpen}, notTimed)
	refused := &CircuitOpenError{
		Plugin: h.version(admitted).plugin.ID(), Failures: admitted.failures, Remaining: admitted.remaining,
	}
	if !admitted.isOfVersion {
		refused.Deployment = admitted.deployment
	}
	return refused
}

// finish draws the consequences of how a call ended; `again` gives what the background would ask.
func (h *held) finish(admitted *admission, judged judgement, took time.Duration, err error, again func() asking) {
	h.slot.counts.record(judged, took)
	outcome := judged.outcome
	found := h.versions.blame.finished(admitted, outcome, h.slot.registry.options.Clock)
	if outcome == OutcomeOK {
		if !admitted.toPrevious {
			h.slot.succeeded(h.versions, admitted.deployment)
		}
		return
	}
	name := shownDeployment(admitted.deployment)
	log := h.slot.log().With("plugin", h.version(admitted).plugin.ID(), "deployment", name)
	switch {
	case len(judged.violations) > 0:
		log.Warn("plan rejected", "violations", shown(summary(judged.violations)))
	case err != nil:
		log.Warn("no plan", "outcome", outcome, "error", err)
	}
	if found.opened > 0 {
		log.Error(fmt.Sprintf("circuit of deployment `%s` open for %s", name, length(found.opened)), "failures",
			found.failures)
	}
	if found.versionOpened > 0 {
		log.Error("circuit open for " + length(found.versionOpened))
	}
	if found.ask {
		h.slot.askLater(h.versions, admitted, outcome, again)
	}
}

// inputOf is a fingerprint of what makes a deployment another problem than before: configuration, revision and target.
func inputOf(spec *Spec) uint64 {
	if spec == nil {
		return 0
	}
	return fingerprint(spec.Config, spec.DeployingRevision, strconv.FormatUint(uint64(spec.TargetReplicas), 10))
}

// fingerprint takes a configuration without the white space in it, so that it is the same through all entry points.
func fingerprint(config, revision, target string) uint64 {
	var compacted bytes.Buffer
	if json.Compact(&compacted, []byte(config)) == nil {
		config = compacted.String()
	}
	hash := fnv.New64a()
	for _, part := range []string{config, revision, target} {
		// Its length, so that what moves from one part to the next is a change; a hash takes everything.
		_, _ = io.WriteString(hash, strconv.Itoa(len(part))+":"+part)
	}
	return hash.Sum64()
}
