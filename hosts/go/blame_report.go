package pointsman

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Reports of who is to blame.

// mostListed is the number of deployments that a status lists of a kind.
const mostListed = 100

// accusers are the deployments that were pinned, for a message.
func (b *blame) accusers() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	names := slices.Sorted(maps.Keys(b.accused))
	noun := "deployments"
	if len(names) == 1 {
		noun = "deployment"
	}
	return fmt.Sprintf("%d %s pinned (%s)", len(names), noun, listed(names))
}

// mostNamed is the number of names that a message has.
const mostNamed = 10

// listed are the first of some names, fit for a message, and how many more there are.
func listed(names []string) string {
	var named []string
	for _, name := range names[:min(mostNamed, len(names))] {
		named = append(named, shown(name))
	}
	text := strings.Join(named, ", ")
	if more := len(names) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// status adds which deployments fail.
func (b *blame) status(now time.Time, to *StrategyStatus) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.version.isTripped() {
		to.CircuitOpen = max(0, b.version.until.Sub(now))
	}
	found := &to.Deployments
	for name, known := range b.entries {
		if known.isFaded(now, b.options) {
			continue
		}
		if known.isPinned {
			found.Pinned = append(found.Pinned, name)
		}
		if remaining := known.circuit.until.Sub(now); known.circuit.isTripped() && remaining > 0 {
			found.Open = append(found.Open, DeploymentCircuit{name, known.failures, remaining})
		}
	}
	found.OpenTotal, found.PinnedTotal = len(found.Open), len(found.Pinned)
	slices.Sort(found.Pinned)
	slices.SortFunc(found.Open, func(a, b DeploymentCircuit) int { return strings.Compare(a.Deployment, b.Deployment) })
	found.Pinned = found.Pinned[:min(mostListed, len(found.Pinned))]
	found.Open = found.Open[:min(mostListed, len(found.Open))]
}
