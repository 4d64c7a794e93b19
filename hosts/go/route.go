package pointsman

import (
	"cmp"
	"slices"
	"time"
)

// RouteStatus is where a route is in its life, in the order of a normal life. The zero value is none of them.
type RouteStatus uint8

const (
	// RouteProvisioning: being created, or restarting in place. Live.
	RouteProvisioning RouteStatus = iota + 1
	// RouteRunning: the process runs; [HealthStatus] says whether it works. Live.
	RouteRunning
	// RouteTerminating: asked to stop, finishing what it has. Not live.
	RouteTerminating
	// RouteTerminated: gone. Not live.
	RouteTerminated
	// RouteFailedToStart: never came up. Not live.
	RouteFailedToStart
)

// HealthStatus is the verdict of the last health check. The zero value is none of them.
type HealthStatus uint8

const (
	// HealthNotChecked: no check has finished yet.
	HealthNotChecked HealthStatus = iota + 1
	// HealthHealthy: passed; a host without health checks says so as soon as the route runs.
	HealthHealthy
	// HealthUnhealthy: failed.
	HealthUnhealthy
	// HealthDegraded: passed in part; not ready.
	HealthDegraded
)

// TrafficStatus of a route: whether requests are sent to it. The zero value is none of them.
type TrafficStatus uint8

const (
	// TrafficActive: requests are sent to it while it is ready, in the measure of its ratio; 0.0 gets nothing.
	TrafficActive TrafficStatus = iota + 1
	// TrafficStandby: out of traffic, was active before, and may be returned to traffic at once. Reached from active only,
	// by a traffic change; never by creation.
	TrafficStandby
	// TrafficInactive: out of traffic and not approved: never returned to.
	TrafficInactive
)

// RouteEnd is why a route stopped being live; the first cause wins. The zero value is none: live, or not known.
type RouteEnd uint8

const (
	// EndNone: it is live, or nobody knows. One that is terminating counts as drained.
	EndNone RouteEnd = iota
	// EndDrained: a plan, the host or a person asked it to stop.
	EndDrained
	// EndEvicted: its place was lost: preemption, node, spot.
	EndEvicted
	// EndCrashed: it stopped by itself, or never started.
	EndCrashed
)

// Route is one replica as the host tracks it. Moments are cut to milliseconds, and must be 1970 or later.
type Route struct {
	// ID is the host's identifier: not empty, unique among the routes of one evaluation.
	ID string
	// Revision is the revision it was created from, compared byte for byte; empty where it has none, which is never green.
	Revision string
	// Status is where it is in its life.
	Status RouteStatus
	// Health is the verdict of the last health check.
	Health HealthStatus
	// TrafficStatus says whether it gets requests.
	TrafficStatus TrafficStatus
	// TrafficRatio is 0.0 to 1.0, where 1.0 is a full share of what this route is built for: its size never goes in here.
	// Where it is standby, what it returns with; where it is inactive, not read.
	TrafficRatio float64
	// CreatedAt is when the host created it.
	CreatedAt time.Time
	// StatusUpdatedAt is when Status or Health last changed; the zero time where unknown. A health check that confirms
	// what was known must not move it.
	StatusUpdatedAt time.Time
	// End is why it stopped being live.
	End RouteEnd
	// Labels are the host's facts about it; shipped strategies read only keys that their configuration names.
	Labels map[string]string
}

// IsLive tells whether it is provisioning or running.
func (r *Route) IsLive() bool {
	return r.Status == RouteProvisioning || r.Status == RouteRunning
}

// IsReady tells whether it is running and healthy. Traffic does not matter.
func (r *Route) IsReady() bool {
	return r.Status == RouteRunning && r.Health == HealthHealthy
}

// IsServing tells whether it gets requests: ready, active, and with a ratio above 0.0.
func (r *Route) IsServing() bool {
	return r.IsReady() && r.TrafficStatus == TrafficActive && r.TrafficRatio > 0
}

// Capacity is over how many evenly loaded routes the traffic is spread: the ratios of those that serve, summed in the
// order of their ids, divided by the largest of them; 0.0 where none serves.
func Capacity(routes []Route) float64 {
	var serving []*Route
	for i := range routes {
		if routes[i].IsServing() {
			serving = append(serving, &routes[i])
		}
	}
	if len(serving) == 0 {
		return 0
	}
	slices.SortFunc(serving, func(a, b *Route) int { return cmp.Compare(a.ID, b.ID) })
	sum, largest := 0.0, 0.0
	for _, route := range serving {
		sum += route.TrafficRatio
		largest = max(largest, route.TrafficRatio)
	}
	return sum / largest
}

// The contract's words, in its order. The JSON entry point writes `_` for `-`.
var (
	routeStatuses   = words{"provisioning", "running", "terminating", "terminated", "failed-to-start"}
	healthStatuses  = words{"not-checked", "healthy", "unhealthy", "degraded"}
	trafficStatuses = words{"active", "standby", "inactive"}
	routeEnds       = words{"drained", "evicted", "crashed"}
)

// String is the contract's word, in kebab-case.
func (s RouteStatus) String() string { return routeStatuses.of(uint8(s)) }

// String is the contract's word, in kebab-case.
func (s HealthStatus) String() string { return healthStatuses.of(uint8(s)) }

// String is the contract's word, in kebab-case.
func (s TrafficStatus) String() string { return trafficStatuses.of(uint8(s)) }

// String is the contract's word; empty where there is none.
func (e RouteEnd) String() string {
	if e == EndNone {
		return ""
	}
	return routeEnds.of(uint8(e))
}
