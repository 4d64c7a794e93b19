package pointsman

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"

	"github.com/tetratelabs/wazero"
)

// PluginID identifies a plugin: the name it was loaded under and the digest of its bytes. It can be compared.
type PluginID struct {
	// Name is that of its file, or the one given with [Name].
	Name string
	// Digest is `sha256:` and 64 hex digits.
	Digest string
}

// longestName is the longest name of a plugin in a message, in bytes; that of a file is no longer on most systems.
const longestName = 255

// shownDigest is the length of a digest in messages: its prefix and twelve digits.
const shownDigest = len("sha256:") + 12

func newPluginID(name string, bytes []byte) PluginID {
	return PluginID{Name: name, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(bytes))}
}

// String is the name, and as much of the digest as tells versions apart.
func (id PluginID) String() string {
	return fmt.Sprintf("`%s` (%s…)", tidied(id.Name, longestName), id.Digest[:min(shownDigest, len(id.Digest))])
}

// LogValue is what String gives.
func (id PluginID) LogValue() slog.Value { return slog.StringValue(id.String()) }

// Plugin is a loaded strategy. It is safe for use by several goroutines at once: every call has an instance that is as
// good as new, so nothing leaks from one deployment to another. [Host.Load] makes them; the zero Plugin is none and
// must not be used.
type Plugin struct {
	loaded  *loaded
	guard   Guard
	purpose purpose
	// isHeld tells that who calls it keeps it from being given back; see loaded.retain.
	isHeld bool
}

// loaded is the result of loading a plugin.
type loaded struct {
	host      *Host
	id        PluginID
	contract  *contract
	version   string
	size      int
	exports   []string
	compiled  wazero.CompiledModule
	globals   []string
	image     image
	isTrusted bool
	// isRewindable: see admitted.
	isRewindable bool
	idle         idle
}

// WithGuard gives the same plugin under another guard. Plans are guarded by default; see [Guard] for what can be
// changed. Both are one plugin: closing one closes the other.
func (p *Plugin) WithGuard(guard Guard) *Plugin {
	return &Plugin{loaded: p.loaded, guard: guard, purpose: p.purpose, isHeld: p.isHeld}
}

// forBackground gives the same plugin with the instances that are not for callers.
func (p *Plugin) forBackground() *Plugin {
	return &Plugin{loaded: p.loaded, guard: p.guard, purpose: forBackground}
}

// held gives the same plugin for calls while it is retained, which do not fail because it is closed meanwhile.
func (p *Plugin) held() *Plugin {
	return &Plugin{loaded: p.loaded, guard: p.guard, purpose: p.purpose, isHeld: true}
}

// Guard is the guard that its plans pass.
func (p *Plugin) Guard() Guard { return p.guard }

// ID is its name and digest.
func (p *Plugin) ID() PluginID { return p.loaded.id }

// ContractVersion is the contract version that it is called by.
func (p *Plugin) ContractVersion() string { return p.loaded.version }

// Size is that of the component, in bytes.
func (p *Plugin) Size() int { return p.loaded.size }

// Exports are the names of what it exports. What it imports needs no list: nothing but types is admitted.
func (p *Plugin) Exports() []string { return slices.Clone(p.loaded.exports) }

// Close gives the plugin's memory and code back, once the calls under way have ended. Calls after it fail with
// [ErrClosed]. It may be called more than once; closing the host closes all of its plugins.
func (p *Plugin) Close() {
	p.loaded.close()
}

// once gives one instance for one call.
func (p *Plugin) once(ctx context.Context) (*Session, error) {
	session, err := p.session(ctx, p.purpose)
	if err == nil {
		session.isOnce = true
	}
	return session, err
}

// EvaluateCycle decides one cycle of one rollout. The plan has passed the guard; it is not applied. Where the spec has
// no limits, the policy of the plugin's guard is resolved into them.
//
// It fails with a [RefusedError], which is the plugin's answer that the configuration, the spec or the routes are not
// right; with a [RejectedError], where the guard rejects the plan; with a [CallError], where the call failed; with a
// [GuardError], where the guard did; with an [ArgumentError], where a value cannot be handed over.
func (p *Plugin) EvaluateCycle(ctx context.Context, routes []Route, spec *Spec) (*RouteChanges, error) {
	session, err := p.once(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.EvaluateCycle(ctx, routes, spec)
}

// EvaluateCycleUnder is [Plugin.EvaluateCycle] for a deployment that has a policy of its own. It has no say where the
// plugin's guard checks only ids.
func (p *Plugin) EvaluateCycleUnder(
	ctx context.Context, policy Policy, routes []Route, spec *Spec,
) (*RouteChanges, error) {
	return p.WithGuard(p.guard.under(&policy)).EvaluateCycle(ctx, routes, spec)
}

// Result is the answer to one request of many: a plan, or an error.
type Result struct {
	// Plan has passed the guard; nil where there is an error.
	Plan *RouteChanges
	// Err is as those of [Plugin.EvaluateCycle]; of a registry, also a [CircuitOpenError] and [ErrUnavailable].
	Err error
	// Plugin is the plugin that gave it; the zero value where none was called.
	Plugin PluginID
}

// EvaluateCycles decides cycles of many rollouts in one instance: a result for each request, in the same order. One bad
// request never spoils the others, even one at which the plugin traps: those after it have a new instance. A request
// may have a policy of its own. [Limits.Time] is for all of them together, without the guard's checks; those that it
// leaves no time for have that as their error.
//
// It fails as a whole with a [CallError] where no instance can be had.
func (p *Plugin) EvaluateCycles(ctx context.Context, requests []Request) ([]Result, error) {
	session, err := p.session(ctx, p.purpose)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.EvaluateCycles(ctx, requests)
}

// EvaluateCyclesJSON decides cycles of many rollouts in one call, through the JSON entry point: an array of requests
// in, an array of answers of the same length and order out, as wit/strategy.wit says. A request may have a third field,
// `policy` (`{"max_unavailable": "25%", "max_surge": 1, "complete_at": "100%"}`, each optional), which the plugin does
// not see. In the place of a plan that the guard rejects stands `{"error": {"code": "plan_rejected", "message",
// "violations"}}`. For Go values [Plugin.EvaluateCycles] is the faster way.
//
// It fails with a [RefusedError], where the text is not a JSON array, and with a [CallError], where the answers are not
// what the contract says or the call failed.
func (p *Plugin) EvaluateCyclesJSON(ctx context.Context, requests string) (string, error) {
	answers, err := p.answers(ctx, requests)
	return answers.text, err
}

// answers is EvaluateCyclesJSON with what the guard found.
func (p *Plugin) answers(ctx context.Context, requests string) (answers, error) {
	session, err := p.once(ctx)
	if err != nil {
		return answers{}, err
	}
	defer session.Close()
	return session.answers(ctx, requests)
}

// Describe gives what the plugin says of itself. It fails with a [CallError].
func (p *Plugin) Describe(ctx context.Context) (Description, error) {
	session, err := p.once(ctx)
	if err != nil {
		return Description{}, err
	}
	defer session.Close()
	return session.Describe(ctx)
}

// CheckConfig gives what the plugin would promise with this configuration, one JSON object, at a target and under the
// policy of its guard: every plan's commitment at these is equal to it. It fails with a [RefusedError], which is the
// plugin's answer that the configuration is wrong or that the policy leaves it no move, or with a [CallError].
func (p *Plugin) CheckConfig(ctx context.Context, config string, targetReplicas uint32) (Commitment, error) {
	session, err := p.once(ctx)
	if err != nil {
		return Commitment{}, err
	}
	defer session.Close()
	return session.CheckConfig(ctx, config, targetReplicas)
}

// CheckConfigUnder is [Plugin.CheckConfig] for a deployment that has a policy of its own.
func (p *Plugin) CheckConfigUnder(
	ctx context.Context, policy Policy, config string, targetReplicas uint32,
) (Commitment, error) {
	return p.WithGuard(p.guard.under(&policy)).CheckConfig(ctx, config, targetReplicas)
}
