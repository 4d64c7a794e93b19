package pointsman

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
)

// Texts of plugins, tenants and file systems in errors and logs: one line, bounded, and nothing acts on a terminal.

// evil is a text that forges a line of a log, moves cursors and turns the direction of writing.
const evil = "a\nERROR forged\x1b[2J\u009b\u202e"

// isHarmless checks a text that is shown to people.
func isHarmless(t *testing.T, text string) {
	t.Helper()
	isBad := func(c rune) bool { return c != ' ' && !unicode.IsPrint(c) }
	if strings.IndexFunc(text, isBad) >= 0 || len(text) > 5000 || !strings.Contains(text, `\u{9b}`) {
		t.Errorf("%d bytes: %.300q", len(text), text)
	}
}

// plainLog is a logger whose lines are what an attribute's text is, with nothing quoted.
func plainLog(to *bytes.Buffer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestNamesOfFilesForgeNoLineOfALog(t *testing.T) {
	var log bytes.Buffer
	registry := mustRegistry(t, newHost(t, Limits{}, WithLogger(plainLog(&log))), RegistryOptions{})
	folder := t.TempDir()
	write(t, folder, evil+".wasm", []byte("no component"))
	write(t, folder, strings.Repeat("b", 200)+evil+".wasm", hostileVersion(t, "honest"))
	results, err := registry.LoadDir(background, folder)
	if err != nil || len(results) != 2 || results[0].Err == nil || results[1].Err != nil {
		t.Fatal(results, err)
	}
	isHarmless(t, results[0].Err.Error())
	isHarmless(t, errors.Unwrap(fmt.Errorf("%w", results[0].Err)).Error())
	isHarmless(t, results[1].Swap.Plugin.String())
	if _, err := registry.Watch(background, folder+evil, WatchOptions{}); err == nil {
		t.Error("it is not there")
	} else {
		isHarmless(t, err.Error())
	}
	harmlessLines(t, &log, 2)
}

func harmlessLines(t *testing.T, log *bytes.Buffer, least int) {
	t.Helper()
	lines := 0
	for scanner := bufio.NewScanner(log); scanner.Scan(); lines++ {
		// A JSON handler leaves these as they are, and escapes the others.
		if text := scanner.Text(); strings.ContainsAny(text, "\u009b\u202e") || strings.Contains(text, `\n`) ||
			len(text) > 8000 {
			t.Errorf("%.400q", text)
		}
	}
	if lines < least {
		t.Errorf("%d lines", lines)
	}
}

func TestWordsOfPluginsAndTenantsForgeNoLineOfALog(t *testing.T) {
	var log bytes.Buffer
	registry := mustRegistry(t, newHost(t, Limits{}, WithLogger(plainLog(&log))), RegistryOptions{})
	long := evil + strings.Repeat("x", 100_000)
	mustSwap(t, registry, "hostile", builtComponent(t, "guests/hostile.wasm"))
	spec := specWith(`{"misdeed":` + quoted(long) + `}`)
	_, refused := registry.EvaluateCycle(background, "hostile", long[:200], nil, spec)
	routes := readyRoutes(1)
	routes[0].ID = long
	_, rejected := registry.EvaluateCycle(background, "hostile", "d", routes, misdeed("duplicate_id"))
	_, unknown := registry.EvaluateCycle(background, long, "d", nil, misdeed("none"))
	for kind, err := range map[error]error{
		ErrInvalidConfig: refused, ErrPlanRejected: rejected, ErrUnknownStrategy: unknown,
	} {
		if !errors.Is(err, kind) {
			t.Fatalf("%v: %.300v", kind, err)
		}
		isHarmless(t, err.Error())
	}
	var violations *RejectedError
	if errors.As(rejected, &violations) {
		isHarmless(t, violations.Violations[0].String())
	}
	for _, key := range []string{long[:100], long[:101], long[:102]} {
		for range 3 {
			_, _ = evaluateFor(registry, key, "trap")
		}
	}
	_, open := evaluateFor(registry, long[:100], "trap")
	if !errors.Is(open, ErrCircuitOpen) {
		t.Fatal(open)
	}
	harmlessLines(t, &log, 8)
}

func TestEveryErrorIsOneLine(t *testing.T) {
	id := PluginID{evil, "sha256:0123456789abcdef"}
	cause := errors.New(strings.Repeat(evil, 1000))
	for _, err := range []error{
		&CallError{Plugin: id, Kind: ErrTrap, Cause: cause}, &CallError{Plugin: id, Kind: ErrMalformed, Cause: cause},
		&RefusedError{Plugin: id, Kind: ErrInvalidSpec, Message: cause.Error()},
		&RejectedError{Plugin: id, Violations: []Violation{{"a", nil, cause.Error()}}},
		&ArgumentError{"routes", cause.Error()}, &GuardError{id, cause}, &LoadError{Name: evil, Kind: ErrRead, Cause: cause},
		&SwapError{Plugin: id, Kind: ErrSwapLoad, Cause: cause}, &WatchError{evil, cause},
		&UnknownStrategyError{evil, []string{evil}}, &UnknownStrategyError{evil, nil},
		&CircuitOpenError{Plugin: id, Deployment: evil, Remaining: time.Second},
		func() error { _, err := ParseAmount(evil); return err }(),
		func() error { _, err := ParseSubStep(evil); return err }(),
	} {
		isHarmless(t, err.Error())
		if len(err.Error()) > longestShown {
			t.Errorf("%d bytes: %T", len(err.Error()), err)
		}
	}
}

func TestAnOptionOutOfRangeIsAnError(t *testing.T) {
	for message, options := range map[string]RegistryOptions{
		"`RevertAfter` is -1; it must be at least 1":               {RevertAfter: -1},
		"`OpenAfter` is -1; it must be at least 1":                 {OpenAfter: -1},
		"`MostEntries` is -2; it must be at least 1":               {MostEntries: -2},
		"`FirstBackOff` is -1ns; it must be more than 0":           {FirstBackOff: -1},
		"`BatchTime` is -1s; it must be more than 0":               {BatchTime: -time.Second},
		"`Jitter` is 1.5; it must be at most 1.0":                  {Jitter: 1.5},
		"`LongestBackOff` is 1m0s; it must be at least `FirstBack": {FirstBackOff: time.Hour},
	} {
		registry, err := NewRegistry(sharedHost(t), options)
		if registry != nil || !errors.Is(err, ErrInvalidOptions) || !strings.Contains(err.Error(), message) {
			t.Errorf("found %v, expected %s", err, message)
		}
	}
}

func TestAnIntervalOutOfRangeIsAnError(t *testing.T) {
	registry := mustRegistry(t, sharedHost(t), RegistryOptions{})
	for _, options := range []WatchOptions{{Quiet: -1}, {Poll: -time.Second}} {
		var failed *WatchError
		_, err := registry.Watch(background, t.TempDir(), options)
		if !errors.As(err, &failed) || !errors.Is(err, ErrInvalidOptions) {
			t.Errorf("%+v: %v", options, err)
		}
	}
}

func TestTheCurrentPluginIsCalledByItself(t *testing.T) {
	registry, _ := hostileRegistry(t, Limits{}, RegistryOptions{})
	plugin, err := registry.CurrentPlugin("hostile")
	if err != nil || plugin.ID().Name != "1.wasm" {
		t.Fatal(plugin, err)
	}
	if _, err := plugin.EvaluateCycle(background, nil, misdeed("trap")); !errors.Is(err, ErrTrap) {
		t.Error(err)
	}
	policy := Policy{MaxSurge: Count(7), MaxUnavailable: Count(0)}
	checked, err := registry.CheckConfigUnder(background, "hostile", policy, misdeed("none").Config, 3)
	if under, errUnder := plugin.CheckConfigUnder(background, policy, misdeed("none").Config, 3); err != nil ||
		errUnder != nil || checked.Value != under {
		t.Error(checked, err, under, errUnder)
	}
	if outcomes := statusOf(t, registry, "hostile").Outcomes; len(outcomes) != 0 {
		t.Errorf("%v: what is called besides the registry counts for nothing", outcomes)
	}
	if _, err := registry.CurrentPlugin("none"); !errors.Is(err, ErrUnknownStrategy) {
		t.Error(err)
	}
	if _, err := registry.CheckConfigUnder(background, "none", policy, "{}", 3); !errors.Is(err, ErrUnknownStrategy) {
		t.Error(err)
	}
}
