package pointsman

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Checks must be passed by a new version of a strategy before a swap.
type Checks struct {
	// Configs are the configurations of rollouts under way: it must take each.
	Configs []ConfigInUse
	// Vectors are requests whose answers are known: it must give them.
	Vectors []Vector
}

// ConfigInUse is the configuration of a rollout under way: it is checked at its target and under the strategy's policy.
type ConfigInUse struct {
	// Config is one JSON object.
	Config string
	// TargetReplicas is the rollout's target.
	TargetReplicas uint32
}

// Vector is a request and the answer that a strategy must give.
type Vector struct {
	// Name is for messages.
	Name string
	// Request is a JSON request, as wit/strategy.wit says.
	Request string
	// Response is the answer, as wit/strategy.wit says.
	Response string
}

// SetChecks sets what every later version of a strategy must pass before it is switched to: the first one, too, where
// none was loaded yet.
func (r *Registry) SetChecks(name string, checks Checks) {
	kept := &Checks{Configs: slices.Clone(checks.Configs), Vectors: slices.Clone(checks.Vectors)}
	r.mutex.Lock()
	slot, isThere := r.slots[name]
	if !isThere {
		r.checks[name] = kept
	}
	r.mutex.Unlock()
	if isThere {
		slot.change.Lock()
		defer slot.change.Unlock()
		slot.checks = kept
	}
}

// pass finds out whether a plugin passes the checks, where there are any.
func (c *Checks) pass(ctx context.Context, version *version) *SwapError {
	plugin, name := version.plugin, version.description.Name
	fail := func(kind error, detail string, cause error) *SwapError {
		return &SwapError{Plugin: plugin.ID(), Kind: kind, Detail: detail, Cause: cause, strategy: name}
	}
	if c == nil {
		return nil
	}
	for _, use := range c.Configs {
		if _, err := plugin.forBackground().CheckConfig(ctx, use.Config, use.TargetReplicas); err != nil {
			return fail(ErrSwapConfig, fmt.Sprintf("%v, %s", ErrSwapConfig, shown(use.Config)), err)
		}
	}
	// What a vector expects is the plugin's own answer, before any policy.
	unlimited := plugin.forBackground().WithGuard(GuardIDsOnly())
	for _, vector := range c.Vectors {
		text, err := unlimited.EvaluateCyclesJSON(ctx, "["+vector.Request+"]")
		if err != nil {
			return fail(ErrSwapVectorFailed, fmt.Sprintf("the new version fails on vector `%s`", shown(vector.Name)), err)
		}
		var found []answer
		var expected answer
		isRead := json.Unmarshal([]byte(text), &found) == nil && json.Unmarshal([]byte(vector.Response), &expected) == nil
		if !isRead || !reflect.DeepEqual(found, []answer{expected}) {
			detail := fmt.Sprintf("the new version answers vector `%s` with %s instead of %s", shown(vector.Name),
				shown(text), shown(vector.Response))
			return fail(ErrSwapVector, detail, nil)
		}
	}
	return nil
}
