// A manager: a loop over a table of routes that runs a blue-green rollout to its end, in virtual time. From the root of
// the repository, after `make components`:
//
//	go -C hosts/go run ./examples/manager "$PWD/target/plugins/blue_green.wasm"
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pointsman/pointsman/hosts/go"
)

const step = 10 * time.Second

// run decides cycle after cycle, applies each plan, and lets the environment go on.
func run(ctx context.Context, plugin *pointsman.Plugin) error {
	start := time.UnixMilli(1760000000000)
	yesterday := start.Add(-24 * time.Hour)
	var routes []pointsman.Route
	last := 0
	newID := func() string { last++; return fmt.Sprintf("r-%d", last) }
	for range 3 {
		routes = append(routes, pointsman.Route{
			ID: newID(), Revision: "v1", Status: pointsman.RouteRunning, Health: pointsman.HealthHealthy,
			TrafficStatus: pointsman.TrafficActive, TrafficRatio: 1, CreatedAt: yesterday, StatusUpdatedAt: yesterday,
		})
	}
	spec := &pointsman.Spec{
		DeployingRevision: "v2", StableRevision: "v1", TargetReplicas: 3, StartedAt: start, Now: start,
		Config: `{"auto_promote": true, "promote_delay_seconds": 20, "progress_deadline_seconds": 600}`,
	}
	for {
		plan, err := plugin.EvaluateCycle(ctx, routes, spec)
		if err != nil {
			return err
		}
		fmt.Printf("%4ds  %s: %s%s\n", int(spec.Now.Sub(start).Seconds()), plan.SubStep, plan.Reason.Message, changes(plan))
		// In one transaction, where the table is a database's; the memo is stored with it.
		if routes, err = plan.Apply(routes, spec.Now, newID); err != nil {
			return err
		}
		if plan.SubStep.IsOver() {
			return nil
		}
		spec.Now, spec.Memo = spec.Now.Add(step), plan.Memo
		for i := range routes {
			route := &routes[i]
			if route.Status == pointsman.RouteProvisioning && spec.Now.Sub(route.CreatedAt) >= 2*step {
				route.Status, route.Health, route.StatusUpdatedAt = pointsman.RouteRunning, pointsman.HealthHealthy, spec.Now
			} else if route.Status == pointsman.RouteTerminating {
				route.Status, route.StatusUpdatedAt = pointsman.RouteTerminated, spec.Now
			}
		}
	}
}

// changes says what a plan changes; nothing for one that changes nothing.
func changes(plan *pointsman.RouteChanges) string {
	created := 0
	for _, rollout := range plan.RolloutSpecs {
		created += int(rollout.Count)
	}
	var parts []string
	for _, part := range []struct {
		verb  string
		count int
	}{{"create", created}, {"promote", len(plan.PromoteRouteIDs)}, {"drain", len(plan.DrainRouteIDs)}} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", part.verb, part.count))
		}
	}
	if parts == nil {
		return ""
	}
	return " [" + strings.Join(parts, ", ") + "]"
}

func main() {
	path := "target/plugins/blue_green.wasm"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	ctx := context.Background()
	host, err := pointsman.NewHost(ctx, pointsman.WithReleaseFolder(filepath.Join(filepath.Dir(path), "..",
		"release-files")))
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close(ctx)
	plugin, err := host.LoadFile(ctx, path)
	if err == nil {
		err = run(ctx, plugin)
	}
	if err != nil {
		log.Fatal(err)
	}
}
