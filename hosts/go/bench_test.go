package pointsman

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"
)

// Costs of an evaluation. `go test -run '^$' -bench .` measures; `make bench-go` prints the README's tables, in which
// what is compared was measured in turns, in one run.

// rollout is one of n routes: in the usual cycle nothing changes, in the other every route does.
func rollout(n int, everyRouteChanges bool) Request {
	routes := readyRoutes(n)
	for i := range routes {
		routes[i].ID = fmt.Sprintf("0193a6c5-7b1e-7c3a-9d5e-%012d", i)
		if everyRouteChanges {
			continue
		}
		routes[i].TrafficStatus, routes[i].TrafficRatio = TrafficActive, 1
		if i%2 == 0 {
			// Live, and waited for.
			routes[i].Health, routes[i].TrafficStatus, routes[i].TrafficRatio = HealthNotChecked, TrafficInactive, 0
		}
	}
	spec := specWith(`{"auto_promote": true}`)
	spec.TargetReplicas = uint32(n)
	return Request{Routes: routes, Spec: *spec}
}

// ask is one way to evaluate one request.
type ask func(request *Request) (*RouteChanges, error)

func askNative(request *Request) (*RouteChanges, error) {
	return nativeBlueGreen(request.Routes, &request.Spec)
}

func askPlugin(plugin *Plugin, ctx context.Context) ask {
	return func(request *Request) (*RouteChanges, error) {
		return plugin.EvaluateCycle(ctx, request.Routes, &request.Spec)
	}
}

func askSession(session *Session) ask {
	return func(request *Request) (*RouteChanges, error) {
		return session.EvaluateCycle(background, request.Routes, &request.Spec)
	}
}

func benchSession(b testing.TB, plugin *Plugin) *Session {
	session, err := plugin.Session(background)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(session.Close)
	return session
}

func BenchmarkEvaluateCycle(b *testing.B) {
	plugin := blueGreen(b)
	ways := []struct {
		name string
		ask  ask
	}{{"native", askNative}, {"session", askSession(benchSession(b, plugin))}, {"call", askPlugin(plugin, background)}}
	for _, n := range []int{1, 10, 100, 1000} {
		for _, changes := range []bool{false, true} {
			request := rollout(n, changes)
			for _, way := range ways {
				b.Run(fmt.Sprintf("%s/routes=%d/changes=%v", way.name, n, changes), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := way.ask(&request); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkFleet(b *testing.B) {
	plugin, requests := blueGreen(b), fleet()
	for _, way := range fleetWays(plugin) {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				if err := way.decide(requests); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(requests)), "ns/deployment")
		})
	}
}

// fleet is 1,000 deployments of 10 routes; in every tenth of them every route changes.
func fleet() []Request {
	requests := make([]Request, 1000)
	for i := range requests {
		requests[i] = rollout(10, i%10 == 0)
	}
	return requests
}

type fleetWay struct {
	name   string
	decide func(requests []Request) error
}

func fleetWays(plugin *Plugin) []fleetWay {
	return []fleetWay{
		{"native", func(requests []Request) error {
			for i := range requests {
				if _, err := askNative(&requests[i]); err != nil {
					return err
				}
			}
			return nil
		}},
		{"EvaluateCycles", func(requests []Request) error {
			results, err := plugin.EvaluateCycles(background, requests)
			for _, result := range results {
				if result.Err != nil {
					return result.Err
				}
			}
			return err
		}},
		{"EvaluateCycle for each", func(requests []Request) error {
			for i := range requests {
				if _, err := plugin.EvaluateCycle(background, requests[i].Routes, &requests[i].Spec); err != nil {
					return err
				}
			}
			return nil
		}},
		{"the JSON entry point", func(requests []Request) error {
			text, err := plugin.EvaluateCyclesJSON(background, requestsJSON(requests))
			var answers []answer
			if err == nil {
				err = json.Unmarshal([]byte(text), &answers)
			}
			return err
		}},
	}
}

// requestsJSON writes requests about as fast as they can be written.
func requestsJSON(requests []Request) string {
	to := []byte{'['}
	for i := range requests {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, `{"routes":[`...)
		for j := range requests[i].Routes {
			route := &requests[i].Routes[j]
			if j > 0 {
				to = append(to, ',')
			}
			word := func(w words, value uint8) {
				text, _ := w.marshal(value)
				to = append(to, text...)
			}
			to = strconv.AppendQuote(append(to, `{"id":`...), route.ID)
			to = strconv.AppendQuote(append(to, `,"revision":`...), route.Revision)
			to = append(to, `,"status":`...)
			word(routeStatuses, uint8(route.Status))
			to = append(to, `,"health":`...)
			word(healthStatuses, uint8(route.Health))
			to = append(to, `,"traffic_status":`...)
			word(trafficStatuses, uint8(route.TrafficStatus))
			to = strconv.AppendFloat(append(to, `,"traffic_ratio":`...), route.TrafficRatio, 'f', 1, 64)
			to = append(strconv.AppendInt(append(to, `,"created_at":`...), route.CreatedAt.UnixMilli(), 10), '}')
		}
		spec := &requests[i].Spec
		to = strconv.AppendQuote(append(to, `],"spec":{"deploying_revision":`...), spec.DeployingRevision)
		to = strconv.AppendUint(append(to, `,"target_replicas":`...), uint64(spec.TargetReplicas), 10)
		to = strconv.AppendInt(append(to, `,"started_at":`...), spec.StartedAt.UnixMilli(), 10)
		to = strconv.AppendInt(append(to, `,"now":`...), spec.Now.UnixMilli(), 10)
		to = append(append(append(to, `,"config":`...), spec.config()...), "}}"...)
	}
	return string(append(to, ']'))
}

// BenchmarkRegistryCall is a healthy call through a registry; its ratio to BenchmarkEvaluateCycle is what that costs.
func BenchmarkRegistryCall(b *testing.B) {
	registry := mustRegistry(b, sharedHost(b), RegistryOptions{})
	defer registry.Close()
	if _, err := registry.Swap(background, "blue-green", builtComponent(b, "plugins/blue_green.wasm")); err != nil {
		b.Fatal(err)
	}
	spec, routes := specWith("{}"), readyRoutes(3)
	plugin := blueGreen(b)
	b.Run("plugin", func(b *testing.B) {
		for b.Loop() {
			if _, err := plugin.EvaluateCycle(background, routes, spec); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("registry", func(b *testing.B) {
		for b.Loop() {
			if _, err := registry.EvaluateCycle(background, "blue-green", "a", routes, spec); err != nil {
				b.Fatal(err)
			}
		}
	})
	// Another deployment has failed, so that there is something to look up.
	slot, _ := registry.slot("blue-green")
	call := slot.versions.Load().blame.begin("b", func() uint64 { return 0 }, time.Now)
	slot.versions.Load().blame.finished(&call, OutcomeTrap, time.Now)
	b.Run("registry with a failing deployment", func(b *testing.B) {
		for b.Loop() {
			if _, err := registry.EvaluateCycle(background, "blue-green", "a", routes, spec); err != nil {
				b.Fatal(err)
			}
		}
	})
}
