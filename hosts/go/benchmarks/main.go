// Measures a call of a strategy beside the usual way to have plugins in Go: hashicorp/go-plugin over net/rpc, where a
// plugin is a process. Both get the same routes and return a plan with the same lists; the peer's plugin decides as
// simply as can be, and nobody checks its plan. A module of its own, so that who uses the host gets none of what it
// requires. From the root of the repository, after `make components`:
//
//	go -C hosts/go/benchmarks run . "$PWD/target/plugins"
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/pointsman/pointsman/hosts/go"
)

// routes are n routes of the deploying revision: all of them ready and out of traffic, or half of them ready and in
// traffic, so that the others are waited for.
func routes(n int, everyRouteChanges bool) []pointsman.Route {
	made := make([]pointsman.Route, n)
	for i := range made {
		made[i] = pointsman.Route{
			ID: fmt.Sprintf("0193a6c5-7b1e-7c3a-9d5e-%012d", i), Revision: "v2",
			Status: pointsman.RouteRunning, Health: pointsman.HealthHealthy,
			TrafficStatus: pointsman.TrafficInactive, CreatedAt: time.UnixMilli(0),
		}
		switch {
		case everyRouteChanges:
		case i%2 == 0:
			made[i].Health = pointsman.HealthNotChecked
		default:
			made[i].TrafficStatus, made[i].TrafficRatio = pointsman.TrafficActive, 1
		}
	}
	return made
}

// inTurns is the median time of each of several things, measured in turns, so that what slows one down slows all.
func inTurns(things ...func() error) ([]time.Duration, error) {
	const turns, length = 15, 20 * time.Millisecond
	repeats, times := make([]int, len(things)), make([][]time.Duration, len(things))
	for turn := range turns + 1 {
		for i, thing := range things {
			start, n := time.Now(), 0
			for ; turn == 0 && time.Since(start) < length || n < repeats[i]; n++ {
				if err := thing(); err != nil {
					return nil, err
				}
			}
			if turn == 0 {
				repeats[i] = n
				continue
			}
			times[i] = append(times[i], time.Since(start)/time.Duration(n))
		}
	}
	var medians []time.Duration
	for _, of := range times {
		slices.Sort(of)
		medians = append(medians, of[turns/2])
	}
	return medians, nil
}

// compare measures one size, and prints a line for it.
func compare(ctx context.Context, plugin *pointsman.Plugin, peer decider, n int, everyRouteChanges bool) error {
	given := routes(n, everyRouteChanges)
	spec := &pointsman.Spec{
		DeployingRevision: "v2", TargetReplicas: uint32(n), StartedAt: time.UnixMilli(0), Now: time.UnixMilli(1),
		Config: `{"auto_promote": true}`,
	}
	session, err := plugin.Session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	plan, err := plugin.EvaluateCycle(ctx, given, spec)
	if err != nil {
		return err
	}
	decided, err := peer.decide(given, spec)
	if err != nil {
		return err
	}
	ours := Lists{PromoteRouteIDs: plan.PromoteRouteIDs, BlockingRouteIDs: plan.Reason.BlockingRouteIDs}
	if !reflect.DeepEqual(*decided, ours) {
		return fmt.Errorf("the peer promotes %d and waits for %d, the strategy promotes %d and waits for %d",
			len(decided.PromoteRouteIDs),
			len(decided.BlockingRouteIDs), len(ours.PromoteRouteIDs), len(ours.BlockingRouteIDs))
	}
	medians, err := inTurns(
		func() error { _, err := session.EvaluateCycle(ctx, given, spec); return err },
		func() error { _, err := plugin.EvaluateCycle(ctx, given, spec); return err },
		func() error { _, err := peer.decide(given, spec); return err },
	)
	if err != nil {
		return err
	}
	cycle := "nothing changes"
	if everyRouteChanges {
		cycle = "every route changes"
	}
	micros := func(d time.Duration) string { return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1000) }
	fmt.Printf("| %d | %s | %s | %s | %s |\n", n, cycle, micros(medians[0]), micros(medians[1]), micros(medians[2]))
	return nil
}

func run(ctx context.Context, folder string) error {
	host, err := pointsman.NewHost(ctx, pointsman.WithReleaseFolder(filepath.Join(folder, "..", "release-files")))
	if err != nil {
		return err
	}
	defer host.Close(ctx)
	plugin, err := host.LoadFile(ctx, filepath.Join(folder, "blue_green.wasm"))
	if err != nil {
		return err
	}
	peer, stop, err := startPeer()
	if err != nil {
		return err
	}
	defer stop()
	system := fmt.Sprintf("%s/%s, %s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU())
	fmt.Printf("\n%s; go-plugin %s over net/rpc\n", system, peerVersion())
	fmt.Printf("\n| routes | cycle | a session | a call | go-plugin |\n|---:|---|---:|---:|---:|\n")
	for _, n := range []int{10, 100, 1000} {
		for _, everyRouteChanges := range []bool{false, true} {
			if err := compare(ctx, plugin, peer, n, everyRouteChanges); err != nil {
				return err
			}
		}
	}
	return nil
}

func main() {
	if isPeer() {
		servePeer()
		return
	}
	folder := filepath.Join("target", "plugins")
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := run(context.Background(), folder); err != nil {
		log.Fatal(err)
	}
}
