package pointsman

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
)

// The README's tables, in which what is compared was measured in turns, in one run.

var printTable = flag.Bool("table", false, "measure, and print the README's tables")

// unmetered is a session on the same core module as it came, under a runtime with these settings: for comparison only.
func unmetered(t testing.TB, config wazero.RuntimeConfig) *Session {
	t.Helper()
	core := coreModuleOf(t, readFile(t, builtComponent(t, "plugins/blue_green.wasm")))
	engine := wazero.NewRuntimeWithConfig(background, config)
	t.Cleanup(func() { engine.Close(background) })
	module, err := engine.InstantiateWithConfig(background, core, moduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	made := &instance{plugin: blueGreen(t).loaded, module: module, memory: module.Memory(), stack: make([]uint64,
		mostParams),
		realloc: module.ExportedFunction(reallocExport)}
	for i := range strategyContract.functions {
		export := strategyContract.functions[i].export("0.2.0")
		made.functions = append(made.functions, module.ExportedFunction(export))
		made.posts = append(made.posts, module.ExportedFunction(postPrefix+export))
	}
	return &Session{plugin: blueGreen(t), instance: made, isOpen: true}
}

// inTurns is the median time of each of several things, measured in turns, so that what slows one down slows all.
func inTurns(t testing.TB, things ...func() error) []time.Duration {
	t.Helper()
	const turns = 15
	repeats := make([]int, len(things))
	for i, thing := range things {
		start, n := time.Now(), 0
		for ; time.Since(start) < 20*time.Millisecond; n++ {
			if err := thing(); err != nil {
				t.Fatal(err)
			}
		}
		repeats[i] = n
	}
	times := make([][]time.Duration, len(things))
	for range turns {
		for i, thing := range things {
			start := time.Now()
			for range repeats[i] {
				if err := thing(); err != nil {
					t.Fatal(err)
				}
			}
			times[i] = append(times[i], time.Since(start)/time.Duration(repeats[i]))
		}
	}
	var medians []time.Duration
	for _, of := range times {
		slices.Sort(of)
		medians = append(medians, of[turns/2])
	}
	return medians
}

func of(ask ask, request *Request) func() error {
	return func() error {
		_, err := ask(request)
		return err
	}
}

func TestTable(t *testing.T) {
	if !*printTable {
		t.Skip("it measures; `make bench-go` runs it")
	}
	plugin := blueGreen(t)
	session := benchSession(t, plugin)
	withDeadline, cancel := context.WithTimeout(background, time.Hour)
	defer cancel()
	micros := func(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000) }
	times := func(d, than time.Duration) string {
		return fmt.Sprintf("%s (%.1fx)", micros(d), float64(d)/float64(than))
	}

	fmt.Printf("\n%s/%s, %s, %d cores\n", runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU())
	fmt.Printf("\n| routes | cycle | plain Go | a session | a call | a call, context with a deadline |\n")
	fmt.Printf("|---:|---|---:|---:|---:|---:|\n")
	for _, n := range []int{1, 10, 100, 1000} {
		for _, changes := range []bool{false, true} {
			request, cycle := rollout(n, changes), "nothing changes"
			if changes {
				cycle = "every route changes"
			}
			m := inTurns(t, of(askNative, &request), of(askSession(session), &request), of(askPlugin(plugin, background),
				&request),
				of(askPlugin(plugin, withDeadline), &request))
			fmt.Printf("| %d | %s | %s | %s | %s | %s |\n", n, cycle, micros(m[0]), times(m[1], m[0]), times(m[2], m[0]),
				times(m[3], m[0]))
		}
	}

	fmt.Printf("\n| how an endless loop is ended | 10 routes | 100 routes |\n|---|---:|---:|\n")
	none := unmetered(t, wazero.NewRuntimeConfig())
	own := unmetered(t, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
	// Without what the meter adds besides, which the others do not have.
	metered := benchSession(t, plugin)
	metered.instance.each = nil
	ten, hundred := rollout(10, false), rollout(100, false)
	unchecked := func(session *Session, ctx context.Context) ask {
		return func(request *Request) (*RouteChanges, error) {
			return session.evaluate(ctx, time.Hour, request.Routes, request.Spec.under(Guard{}))
		}
	}
	cancelable, stop := context.WithCancel(background)
	defer stop()
	ways := []ask{unchecked(none, background), unchecked(metered, background), unchecked(own, cancelable)}
	var at [2][]time.Duration
	for i, request := range []*Request{&ten, &hundred} {
		at[i] = inTurns(t, of(ways[0], request), of(ways[1], request), of(ways[2], request))
	}
	for i, name := range []string{"not at all", "the loader's meter", "wazero's WithCloseOnContextDone"} {
		fmt.Printf("| %s | %s | %s |\n", name, times(at[0][i], at[0][0]), times(at[1][i], at[1][0]))
	}

	fmt.Printf("\n| 1,000 deployments x 10 routes | a deployment |\n|---|---:|\n")
	requests := fleet()
	var decide []func() error
	for _, way := range fleetWays(plugin) {
		decide = append(decide, func() error { return way.decide(requests) })
	}
	m := inTurns(t, decide...)
	for i, way := range fleetWays(plugin) {
		fmt.Printf("| %s | %s |\n", way.name, times(m[i]/time.Duration(len(requests)), m[0]/time.Duration(len(requests))))
	}

	fmt.Printf("\n| making an instance | |\n|---|---:|\n")
	fresh := func() error {
		made, err := plugin.loaded.instantiate(background)
		if err == nil {
			made.close()
		}
		return err
	}
	used := session.instance
	m = inTurns(t, fresh, func() error { used.rewind(&plugin.loaded.image); return nil })
	fmt.Printf("| a new one | %s |\n| one that is rewound | %s |\n", micros(m[0]), micros(m[1]))
}
