package pointsman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Versions that fail: reverts, circuits, and what the log says of them.

func TestAfterThreeFailuresInARowAVersionIsRevertedOnce(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))

	mustFail(t, registry, "trap", ErrTrap)
	mustFail(t, registry, "unknown_id", ErrPlanRejected)
	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Errorf("%s: the good answer in between counts the failures anew", name)
	}
	mustFail(t, registry, "trap", ErrTrap)
	mustFail(t, registry, "grow_memory", ErrMemory)
	if name := statusOf(t, registry, "hostile").Current.Plugin.Name; name != "2.wasm" {
		t.Error(name)
	}
	mustFail(t, registry, "unknown_id", ErrPlanRejected)

	after := statusOf(t, registry, "hostile")
	if after.Current.Plugin.Name != "1.wasm" || after.Previous != nil || after.Reverts != 1 {
		t.Errorf("%+v", after)
	}
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	if expected := (map[Outcome]uint64{OutcomeTrap: 2, OutcomeRejected: 2, OutcomeMemory: 1,
		OutcomeOK: 1}); !maps.Equal(after.Outcomes, expected) {
		t.Errorf("found %v, expected %v", after.Outcomes, expected)
	}
	if latency := after.Latency; latency.P50 > latency.P99 || latency.P99 > latency.Max || latency.Max == 0 {
		t.Errorf("%+v", latency)
	}
	if len(registry.host.plugins) != 2 {
		t.Errorf("%d plugins are loaded, which should be the guard and one version", len(registry.host.plugins))
	}
}

func TestWithNoneToRevertToTheCircuitOpensForLongerEachTime(t *testing.T) {
	clock := &clock{now: time.Unix(0, 0)}
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{LongestBackOff: 3 * time.Second, Clock: clock.read})
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	for i, length := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		clock.advance(length - time.Millisecond)
		var circuitOpen *CircuitOpenError
		if err := mustFail(t, registry, "none", ErrCircuitOpen); !errors.As(err, &circuitOpen) ||
			circuitOpen.Remaining != time.Millisecond || circuitOpen.Failures != 3+i {
			t.Error(err)
		}
		if found := statusOf(t, registry, "hostile").CircuitOpen; found != time.Millisecond {
			t.Error(found)
		}
		clock.advance(time.Millisecond)
		mustFail(t, registry, "trap", ErrTrap)
	}
	clock.advance(3 * time.Second)
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
	if status := statusOf(t, registry, "hostile"); status.CircuitOpen != 0 || status.Outcomes[OutcomeCircuitOpen] != 4 {
		t.Errorf("%+v", status)
	}
	mustFail(t, registry, "trap", ErrTrap)
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Errorf("%s: one failure after a good answer is one failure", name)
	}
}

func TestASwapClosesACircuit(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{Clock: (&clock{}).read})
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	mustFail(t, registry, "none", ErrCircuitOpen)

	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))

	if name := answeredBy(t, registry); name != "2.wasm" {
		t.Error(name)
	}
	if previous := statusOf(t, registry, "hostile").Previous; previous != nil {
		t.Errorf("%v: a version that fails is none to revert to", previous)
	}
	if len(registry.host.plugins) != 2 {
		t.Errorf("%d plugins are loaded, which should be the guard and one version", len(registry.host.plugins))
	}
}

func TestAVersionThatHangsIsRevertedAlsoWhereCallersWaitForLess(t *testing.T) {
	registry, folder := hostileRegistry(t, Limits{}, RegistryOptions{RevertAfter: 1})
	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	if _, err := registry.EvaluateCycle(ctx, "hostile", nil, misdeed("loop_forever")); !errors.Is(err, ErrCanceled) {
		t.Errorf("%v", err)
	}
	if status := statusOf(t, registry, "hostile"); status.Current.Plugin.Name != "1.wasm" ||
		status.Outcomes[OutcomeTimeout] != 1 {
		t.Errorf("%+v", status)
	}
	// That one is over before anything runs says nothing of the version.
	if _, err := registry.EvaluateCycle(ctx, "hostile", nil, misdeed("none")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if name := answeredBy(t, registry); name != "1.wasm" {
		t.Error(name)
	}
}

// The sentences that operators look for in logs.
func TestTheLogHasTheSentencesThatOperatorsLookFor(t *testing.T) {
	var log bytes.Buffer
	host := newHost(t, Limits{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	registry, folder := NewRegistry(host, RegistryOptions{FirstBackOff: 4 * time.Second, Clock: (&clock{}).read}),
		t.TempDir()
	t.Cleanup(registry.Close)
	good := numberedHostile(t, folder, 1)
	mustSwap(t, registry, "hostile", good)
	version := statusOf(t, registry, "hostile").Current.Version
	said := func(sentence string) {
		t.Helper()
		if !strings.Contains(log.String(), fmt.Sprintf("msg=%q strategy=hostile", sentence)) &&
			!strings.Contains(log.String(), fmt.Sprintf("msg=%q file=", sentence)) {
			t.Errorf("%q is not in\n%s", sentence, log.String())
		}
		log.Reset()
	}

	if _, err := registry.Swap(background, "hostile", filepath.Join(folder, "none.wasm")); err == nil {
		t.Error("a file that is not there was switched to")
	}
	said("swap failed; keeping " + version)
	// A file that does not say which strategy it is.
	write(t, folder, filepath.Base(good), []byte("nonsense"))
	if results, err := registry.LoadDir(background, folder); err != nil || !errors.Is(results[0].Err, ErrNotWasm) {
		t.Errorf("%v, %v", results, err)
	}
	said("swap failed; keeping " + version)
	write(t, folder, filepath.Base(good), nil)
	write(t, folder, "other.wasm", []byte("nonsense"))
	if _, err := registry.LoadDir(background, folder); err != nil {
		t.Error(err)
	}
	said("swap failed")

	mustSwap(t, registry, "hostile", numberedHostile(t, folder, 2))
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	said("reverted to " + version + " after 3 failures")
	for range 3 {
		mustFail(t, registry, "trap", ErrTrap)
	}
	said("circuit open for 4 s")
	if err := mustFail(t, registry, "none", ErrCircuitOpen); !strings.HasSuffix(err.Error(),
		"failed 3 times in a row; circuit open for 4 s") {
		t.Error(err)
	}
}

func TestALengthOfTimeIsRoundedUp(t *testing.T) {
	for micros, expected := range map[int64]string{
		0: "0 ms", 1: "1 ms", 250_000: "250 ms", 999_001: "1 s", 3_000_001: "4 s", 4_000_000: "4 s",
	} {
		if found := length(time.Duration(micros) * time.Microsecond); found != expected {
			t.Errorf("%d µs is %s, expected %s", micros, found, expected)
		}
	}
}
