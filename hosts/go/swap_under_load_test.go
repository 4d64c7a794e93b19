package pointsman

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Evaluations while versions are swapped as fast as possible: none fails, and each answer is that of the version it
// names.

const (
	// Enough for each version to come and go several times, and for one that is bad in between.
	swapsUnderLoad = 15
	evaluators     = 4
)

// readyJSON is a request for `good` with so many ready routes, as JSON.
func readyJSON(count int) string {
	var routes []string
	for _, route := range readyRoutes(count) {
		routes = append(routes,
			`{"id":"`+route.ID+`","revision":"v2","status":"running","health":"healthy",`+
				`"traffic_status":"inactive","traffic_ratio":0.0,"created_at":0}`)
	}
	return strings.Replace(misdeedJSON("good"), `"routes":[]`, `"routes":[`+strings.Join(routes, ",")+`]`, 1)
}

func TestNoEvaluationIsLostAndEachAnswerIsItsVersions(t *testing.T) {
	for name, withBad := range map[string]bool{"good versions": false, "every tenth is bad": true} {
		t.Run(name, func(t *testing.T) { swapUnderLoad(t, withBad) })
	}
}

func swapUnderLoad(t *testing.T, withBad bool) {
	registry, folder := newRegistry(t, Limits{}, RegistryOptions{}), t.TempDir()
	// Rollouts of 0 to 7 ready routes, which one version promotes and the other leaves.
	var requests []Request
	var texts []string
	for n := range 8 {
		requests = append(requests, Request{Routes: readyRoutes(n), Spec: *misdeed("good"), Deployment: fmt.Sprint("d", n)})
		texts = append(texts, withDeployment(fmt.Sprint("d", n), readyJSON(n)))
	}
	batch := "[" + strings.Join(texts, ",") + "]"
	var good []string
	expected := map[string][]*RouteChanges{}
	for _, mode := range []string{"honest", "cautious"} {
		path := write(t, folder, mode+".wasm", hostileVersion(t, mode))
		plugin, err := registry.host.LoadFile(background, path)
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range requests {
			plan, err := plugin.EvaluateCycle(background, request.Routes, &request.Spec)
			if err != nil {
				t.Fatal(err)
			}
			expected[plugin.ID().Digest] = append(expected[plugin.ID().Digest], plan)
		}
		plugin.Close()
		good = append(good, path)
	}
	// It loads and does not describe itself rightly: the last thing that can go wrong before a switch.
	bad := write(t, folder, "bad.wasm", hostileVersion(t, "schema-not-json"))
	mustSwap(t, registry, "hostile", good[0])

	var isOver atomic.Bool
	var group sync.WaitGroup
	answered := make([]map[string]int, evaluators)
	for i := range answered {
		answered[i] = map[string]int{}
		group.Go(func() {
			for !isOver.Load() && !t.Failed() {
				evaluateAll(t, registry, requests, batch, expected, answered[i])
			}
		})
	}
	for swaps := 0; swaps < swapsUnderLoad && !t.Failed(); swaps++ {
		if withBad && swaps%10 == 9 {
			if _, err := registry.Swap(background, "hostile", bad); !errors.Is(err, ErrSwapDescription) {
				t.Errorf("%v", err)
			}
			continue
		}
		if _, err := registry.Swap(background, "hostile", good[(swaps+1)%2]); err != nil {
			t.Errorf("%v", err)
		}
	}
	isOver.Store(true)
	group.Wait()

	for digest := range expected {
		total := 0
		for _, by := range answered {
			total += by[digest]
		}
		if total == 0 {
			t.Errorf("%s has answered nothing", digest)
		}
	}
	if status := statusOf(t, registry, "hostile"); len(status.Outcomes) != 1 || status.Outcomes[OutcomeOK] == 0 ||
		status.Reverts != 0 {
		t.Errorf("%+v", status)
	}
	// The current version, the one before, and the guard: what was swapped away is gone.
	if found := len(registry.host.plugins); found != 3 {
		t.Errorf("%d plugins are still loaded after %d swaps", found, swapsUnderLoad)
	}
}

// evaluateAll asks through every entry point.
func evaluateAll(t *testing.T, registry *Registry, requests []Request, batch string,
	expected map[string][]*RouteChanges, answered map[string]int) {
	check := func(plugin PluginID, i int, found *RouteChanges, err error) {
		if err != nil || !reflect.DeepEqual(found, expected[plugin.Digest][i]) {
			t.Errorf("%v: request %d: %+v, %v", plugin, i, found, err)
		}
		answered[plugin.Digest]++
	}
	for i := range requests {
		evaluated, err := registry.EvaluateCycle(background, "hostile", "a", requests[i].Routes, &requests[i].Spec)
		check(evaluated.Plugin, i, evaluated.Value, err)
	}
	results, err := registry.EvaluateCycles(background, "hostile", requests)
	if err != nil || len(results.Value) != len(requests) {
		t.Errorf("%d results, %v", len(results.Value), err)
		return
	}
	for i, result := range results.Value {
		check(results.Plugin, i, result.Plan, result.Err)
	}
	text, err := registry.EvaluateCyclesJSON(background, "hostile", batch)
	var answers []struct{ Ok *RouteChanges }
	if err == nil {
		err = json.Unmarshal([]byte(text.Value), &answers)
	}
	if err != nil || len(answers) != len(requests) {
		t.Errorf("%d answers, %v", len(answers), err)
		return
	}
	for i, answer := range answers {
		check(text.Plugin, i, answer.Ok, nil)
	}
}
