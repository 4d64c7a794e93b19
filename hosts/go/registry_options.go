package pointsman

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// RegistryOptions say how a registry treats its plugins. A field that is zero has its default; one that is
// out of its range is refused, not replaced.
type RegistryOptions struct {
	// Guard is that of every plugin that has none of its own in Guards.
	Guard Guard
	// Guards are those of single strategies, by name. A deployment may have a policy of its own besides: [Request.Policy].
	Guards map[string]Guard
	// RevertAfter is the number of deployments, or all where there are fewer, that must be pinned to the version before
	// for a version to be reverted; with none before it, that must fail for its circuit to open. At least 1, default 3.
	RevertAfter int
	// OpenAfter is the number of failures in a row after which the circuit of a deployment opens; at least 1, default 3.
	OpenAfter int
	// FirstBackOff is the time for which a circuit is open at first; default 1 s. It doubles with every further failure.
	FirstBackOff time.Duration
	// LongestBackOff is the longest that it becomes; at least FirstBackOff, default 1 minute.
	LongestBackOff time.Duration
	// Jitter is the share by which each back-off is lengthened at most, at random: at most 1.0, default 0.5, none where
	// negative.
	Jitter float64
	// Random gives numbers from 0.0 up to 1.0 for the jitter; default [rand.Float64].
	Random func() float64
	// BatchTime is the time limit of a batch, the halves of it included; default 30 s. Each call in it has
	// [Limits.Time] besides.
	BatchTime time.Duration
	// MostEntries is the number of failing deployments of a strategy that are remembered; default 65,536.
	MostEntries int
	// State is a folder that keeps the quarantine, and the last good component of each strategy, over restarts, in the
	// format of the hosts in all languages; it is made where it is not there. Default: nothing is kept. What cannot be
	// read or written in it is logged, and keeps no call and no load from what it does.
	State string
	// Clock is the clock for circuits; default [time.Now].
	Clock func() time.Time
}

// withDefaults gives each field that is zero its default.
func (o RegistryOptions) withDefaults() RegistryOptions {
	if o.RevertAfter == 0 {
		o.RevertAfter = 3
	}
	if o.OpenAfter == 0 {
		o.OpenAfter = 3
	}
	if o.FirstBackOff == 0 {
		o.FirstBackOff = time.Second
	}
	if o.LongestBackOff == 0 {
		o.LongestBackOff = time.Minute
	}
	if o.Jitter == 0 {
		o.Jitter = 0.5
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.BatchTime == 0 {
		o.BatchTime = 30 * time.Second
	}
	if o.MostEntries == 0 {
		o.MostEntries = 65_536
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o
}

// validate finds options that are out of their ranges.
func (o RegistryOptions) validate() error {
	invalid := func(name string, value any, right string) error {
		return fmt.Errorf("%w: `%s` is %v; it must be %s", ErrInvalidOptions, name, value, right)
	}
	switch {
	case o.RevertAfter < 0:
		return invalid("RevertAfter", o.RevertAfter, "at least 1, or 0 for the default")
	case o.OpenAfter < 0:
		return invalid("OpenAfter", o.OpenAfter, "at least 1, or 0 for the default")
	case o.MostEntries < 0:
		return invalid("MostEntries", o.MostEntries, "at least 1, or 0 for the default")
	case o.FirstBackOff < 0:
		return invalid("FirstBackOff", o.FirstBackOff, "more than 0, or 0 for the default")
	case o.LongestBackOff < o.FirstBackOff:
		return invalid("LongestBackOff", o.LongestBackOff, "at least `FirstBackOff`")
	case o.BatchTime < 0:
		return invalid("BatchTime", o.BatchTime, "more than 0, or 0 for the default")
	case !(o.Jitter <= 1):
		return invalid("Jitter", o.Jitter, "at most 1.0")
	}
	return nil
}
