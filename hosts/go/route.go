package pointsman

import "time"

// RouteStatus is where a route is in its life, in the order of a normal life. The zero value is none of them.
type RouteStatus uint8

const (
	// RouteProvisioning: being created, that is scheduled, pulling, starting. Live.
	RouteProvisioning RouteStatus = iota + 1
	// RouteRunning: the process runs; [HealthStatus] says whether it works. Live.
	RouteRunning
	// RouteTerminating: asked to stop: no new traffic, finishing what it has. Not live.
	RouteTerminating
	// RouteTerminated: gone. Not live.
	RouteTerminated
	// RouteFailedToStart: never came up. Not live.
	RouteFailedToStart
)

// HealthStatus is what the last health check said. The zero value is none of them.
type HealthStatus uint8

const (
	// HealthNotChecked: no check has finished yet.
	HealthNotChecked HealthStatus = iota + 1
	// HealthHealthy: the check passed.
	HealthHealthy
	// HealthUnhealthy: the check failed.
	HealthUnhealthy
	// HealthDegraded: the check passed in part: the route works, but not as it should.
	HealthDegraded
)

// TrafficStatus is whether the host's proxy sends requests to a route. The zero value is none of them.
type TrafficStatus uint8

const (
	// TrafficActive: requests are sent to it, in the measure of its traffic ratio.
	TrafficActive TrafficStatus = iota + 1
	// TrafficInactive: no request is sent to it.
	TrafficInactive
)

// Route is one replica as the host tracks it. Moments are cut to milliseconds, and must be 1970 or later.
type Route struct {
	// ID is the host's identifier, unique among the routes of one evaluation.
	ID string
	// Revision is the revision it was created from.
	Revision string
	// Status is where it is in its life.
	Status RouteStatus
	// Health is what the last health check said.
	Health HealthStatus
	// TrafficStatus is whether it gets requests.
	TrafficStatus TrafficStatus
	// TrafficRatio is its share of traffic relative to its peers, 0.0 to 1.0 inclusive.
	TrafficRatio float64
	// CreatedAt is when the host created it.
	CreatedAt time.Time
	// StatusUpdatedAt is when Status or Health last changed; the zero time where unknown. A health check that confirms what
	// was known must not move it.
	StatusUpdatedAt time.Time
}

// IsLive tells whether it is provisioning or running.
func (r *Route) IsLive() bool {
	return r.Status == RouteProvisioning || r.Status == RouteRunning
}

// IsReady tells whether it is running and healthy. Traffic does not matter.
func (r *Route) IsReady() bool {
	return r.Status == RouteRunning && r.Health == HealthHealthy
}

// IsServing tells whether it is ready and gets requests.
func (r *Route) IsServing() bool {
	return r.IsReady() && r.TrafficStatus == TrafficActive
}

// The contract's words, in its order. The JSON door writes `_` for `-`.
var (
	routeStatuses   = words{"provisioning", "running", "terminating", "terminated", "failed-to-start"}
	healthStatuses  = words{"not-checked", "healthy", "unhealthy", "degraded"}
	trafficStatuses = words{"active", "inactive"}
)

// String is the contract's word, in kebab-case.
func (s RouteStatus) String() string { return routeStatuses.of(uint8(s)) }

// String is the contract's word, in kebab-case.
func (s HealthStatus) String() string { return healthStatuses.of(uint8(s)) }

// String is the contract's word, in kebab-case.
func (s TrafficStatus) String() string { return trafficStatuses.of(uint8(s)) }
