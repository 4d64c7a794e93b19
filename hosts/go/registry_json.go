package pointsman

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Batches through a registry's JSON entry point.

// EvaluateCyclesJSON decides cycles of many deployments, through the JSON entry point; see [Plugin.EvaluateCyclesJSON].
// Each request must have a field `deployment`, its key, which the plugin does not see; one without is answered with the
// error code `invalid_request`. A call that fails as a whole is halved in fresh instances, so that what fails is found
// and spoils no other answer. Besides the contract's errors there are `plugin_failed`, where the plugin fails on this
// request, `circuit_open`, where it was not called because it did before, and `unavailable`, where the batch's time
// ([RegistryOptions.BatchTime]) was over or the host could not call it.
//
// It fails as a whole with an [UnknownStrategyError], where the registry was closed, and with a [RefusedError] where
// the text is not a JSON array.
func (r *Registry) EvaluateCyclesJSON(ctx context.Context, name, requests string) (Evaluated[string], error) {
	slot, err := r.slot(name)
	if err != nil {
		return Evaluated[string]{}, err
	}
	held, err := slot.hold(true)
	if err != nil {
		return Evaluated[string]{}, err
	}
	defer held.release()
	plugin := held.versions.current.plugin
	var given [][]byte
	isArray := json.Valid([]byte(requests))
	if isArray {
		given, isArray = elements([]byte(requests))
	}
	if !isArray {
		// That it refuses this says nothing of any deployment.
		answered, err := plugin.held().answers(ctx, requests)
		slot.counts.record(judge(err), notTimed)
		return Evaluated[string]{plugin.ID(), answered.text}, err
	}
	batch := &jsonEvaluation{given: given, answers: make([]json.RawMessage, len(given))}
	batch.isDecided = make([]bool, len(given))
	batch.batch = newBatch(held, len(given), batch.unreached, func(i int) asking { return askJSON(string(given[i])) })
	batch.begin()
	batch.run(ctx, batch.call)
	slot.observe(plugin.ID(), batch.observed)
	return Evaluated[string]{plugin.ID(), joined(batch.answers)}, nil
}

// jsonEvaluation is a batch under way.
type jsonEvaluation struct {
	batch
	given   [][]byte
	answers []json.RawMessage
	// isDecided has the places of the requests that a plugin has decided.
	isDecided []bool
}

// observed are the requests that were decided, for a trial. The texts are never changed.
func (e *jsonEvaluation) observed() []observedRequest {
	var observed []observedRequest
	for i, isDecided := range e.isDecided {
		if isDecided {
			observed = append(observed, observedRequest{
				deployment: e.admitted[i].deployment, json: string(e.given[i]), decision: decisionOfJSON(e.answers[i]),
			})
		}
	}
	return observed
}

func (e *jsonEvaluation) unreached(i int, err error) {
	e.answers[i] = refusal("unavailable", err.Error())
}

func (e *jsonEvaluation) begin() {
	for i, request := range e.given {
		deployment, err := deploymentOf(request)
		if err != nil {
			e.answers[i] = refusal("invalid_request", err.Error())
			continue
		}
		if err := e.batch.begin(i, deployment, func() uint64 { return inputOfJSON(request) }); err != nil {
			e.answers[i] = refusal("circuit_open", err.Error())
		}
	}
}

// call calls the plugin with a group, and tells whether there is an answer for each of it.
func (e *jsonEvaluation) call(ctx context.Context, plugin *Plugin, group []int) bool {
	texts := make([]json.RawMessage, len(group))
	for at, i := range group {
		texts[at] = e.given[i]
	}
	start := time.Now()
	answered, err := plugin.answers(ctx, joined(texts))
	e.held.slot.counts.recordTime(time.Since(start))
	if err != nil {
		judged := judge(err)
		switch {
		case isOver(ctx):
			e.leave(group)
		case judged.outcome == OutcomeHost:
			// Halves would fare no better.
			for _, i := range group {
				e.finish(i, judged, err)
				e.unreached(i, err)
			}
		case len(group) > 1:
			return false
		default:
			e.finish(group[0], judged, err)
			e.answers[group[0]] = refusal("plugin_failed", err.Error())
			e.isDecided[group[0]] = true
		}
		return true
	}
	for at, i := range group {
		e.answers[i] = answered.all[at]
		e.isDecided[i] = answered.judged[at].outcome != OutcomeHost
		e.finish(i, answered.judged[at], nil)
	}
	return true
}

// deploymentOf is the deployment that a request names.
func deploymentOf(request []byte) (string, error) {
	found, isObject := members(request)
	if !isObject {
		return "", errors.New("it is not an object")
	}
	deployment, isThere := "", false
	for _, member := range found {
		if member.name != "deployment" {
			continue
		}
		if isThere {
			return "", errors.New("`deployment`: is given twice")
		}
		isThere = true
		if err := text(&deployment)(member.value); err != nil {
			return "", errors.New("`deployment`: " + err.Error())
		}
	}
	if !isThere {
		return "", errors.New("missing field `deployment`")
	}
	return deployment, checkDeployment(deployment)
}

// inputOfJSON is [inputOf] for a request in JSON.
func inputOfJSON(request []byte) uint64 {
	var config, revision, target string
	found, _ := members(request)
	for _, member := range found {
		if member.name != "spec" {
			continue
		}
		spec, _ := members(member.value)
		for _, field := range spec {
			switch field.name {
			case "config":
				config = string(field.value)
			case "deploying_revision":
				// What is no string is for the plugin to refuse.
				_ = text(&revision)(field.value)
			case "target_replicas":
				target = string(field.value)
			}
		}
	}
	return fingerprint(config, revision, target)
}
