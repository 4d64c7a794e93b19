package main

import (
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/pointsman/pointsman/hosts/go"
)

// The peer: a plugin as a process that is called over net/rpc, whose arguments and answers are encoded with gob.

// Messages of the plugin; net/rpc needs them exported. The same as the host's types have; a moment is a number of
// milliseconds, which is shorter than a time.
type (
	Route struct {
		ID, Revision                  string
		Status, Health, TrafficStatus uint8
		TrafficRatio                  float64
		CreatedAt, StatusUpdatedAt    int64
		End                           uint8
		Labels                        map[string]string
	}
	Question struct {
		Routes            []Route
		DeployingRevision string
		TargetReplicas    uint32
		StartedAt, Now    int64
		Config            string
		Memo              string
	}
	// Lists are those of a plan that grow with the routes.
	Lists struct {
		PromoteRouteIDs, BlockingRouteIDs []string
	}
	Plan struct {
		SubStep       uint8
		Lists         Lists
		Code, Message string
		Memo          string
	}
)

// decider asks something for a plan.
type decider interface {
	decide(routes []pointsman.Route, spec *pointsman.Spec) (*Lists, error)
}

// strategy is the plugin's side.
type strategy struct{}

// Evaluate promotes what is ready once all of it is, and waits for the others before.
func (strategy) Evaluate(question *Question, answered *Plan) error {
	ready := 0
	for i := range question.Routes {
		route := &question.Routes[i]
		switch isGreen := route.Revision == question.DeployingRevision; {
		case isGreen && route.Status == uint8(pointsman.RouteRunning) && route.Health == uint8(pointsman.HealthHealthy):
			ready++
			if route.TrafficStatus != uint8(pointsman.TrafficActive) {
				answered.Lists.PromoteRouteIDs = append(answered.Lists.PromoteRouteIDs, route.ID)
			}
		case isGreen:
			answered.Lists.BlockingRouteIDs = append(answered.Lists.BlockingRouteIDs, route.ID)
		}
	}
	answered.Code = "promoting"
	if ready < int(question.TargetReplicas) {
		answered.Code, answered.Lists.PromoteRouteIDs = "waiting", nil
	}
	answered.Message = fmt.Sprintf("%d of %d green routes are ready", ready, question.TargetReplicas)
	return nil
}

// client is the host's side.
type client struct{ rpc *rpc.Client }

func (c *client) decide(routes []pointsman.Route, spec *pointsman.Spec) (*Lists, error) {
	question := Question{
		Routes: make([]Route, len(routes)), DeployingRevision: spec.DeployingRevision, TargetReplicas: spec.TargetReplicas,
		StartedAt: spec.StartedAt.UnixMilli(), Now: spec.Now.UnixMilli(), Config: spec.Config,
	}
	for i := range routes {
		from := &routes[i]
		question.Routes[i] = Route{
			from.ID, from.Revision, uint8(from.Status), uint8(from.Health), uint8(from.TrafficStatus), from.TrafficRatio,
			from.CreatedAt.UnixMilli(), millis(from.StatusUpdatedAt), uint8(from.End), from.Labels,
		}
	}
	var answered Plan
	err := c.rpc.Call("Plugin.Evaluate", &question, &answered)
	return &answered.Lists, err
}

func millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

// kind describes it to go-plugin.
type kind struct{}

func (kind) Server(*plugin.MuxBroker) (any, error) { return strategy{}, nil }

func (kind) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return &client{c}, nil }

var (
	handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "POINTSMAN_BENCHMARK_PEER",
		MagicCookieValue: "strategy"}
	kinds = map[string]plugin.Plugin{"strategy": kind{}}
)

// isPeer tells whether this process was started as the plugin.
func isPeer() bool { return os.Getenv(handshake.MagicCookieKey) != "" }

func servePeer() {
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: handshake, Plugins: kinds, Logger: hclog.NewNullLogger()})
}

// startPeer starts this program again as the plugin.
func startPeer() (decider, func(), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	process := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: kinds, Cmd: exec.Command(self), Logger: hclog.NewNullLogger(),
	})
	connection, err := process.Client()
	if err != nil {
		process.Kill()
		return nil, nil, err
	}
	dispensed, err := connection.Dispense("strategy")
	if err != nil {
		process.Kill()
		return nil, nil, err
	}
	return dispensed.(decider), process.Kill, nil
}

// peerVersion is that of go-plugin.
func peerVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/hashicorp/go-plugin" {
				return module.Version
			}
		}
	}
	return "of unknown version"
}
