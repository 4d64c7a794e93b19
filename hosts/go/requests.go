package pointsman

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Preparation of requests in JSON before a plugin sees them: their policies are taken out, and resolved into
// their limits. Everything else is for the plugin to judge, and reaches it as it is.

// jsonRequest is one element of a batch.
type jsonRequest struct {
	// text goes to the plugin; empty where nothing does.
	text json.RawMessage
	// refusal is the answer where it gets nothing.
	refusal json.RawMessage
	// isRequest tells that it has routes and a spec, whatever those are.
	isRequest bool
	// guard is the guard for its plan.
	guard Guard
}

// jsonBatch is a batch.
type jsonBatch struct {
	requests []jsonRequest
	// isArray tells whether there is a batch at all: what else the text is, the plugin is told as it is.
	isArray bool
	text    string
}

// prepare makes of a text what a plugin under this guard gets.
func prepare(text string, guard Guard) jsonBatch {
	batch := jsonBatch{text: text}
	if !json.Valid([]byte(text)) {
		return batch
	}
	requests, isArray := elements([]byte(text))
	if !isArray {
		return batch
	}
	batch.isArray, batch.requests = true, make([]jsonRequest, len(requests))
	var given []json.RawMessage
	for i, request := range requests {
		batch.requests[i] = prepareOne(request, guard)
		if batch.requests[i].refusal == nil {
			given = append(given, batch.requests[i].text)
		}
	}
	batch.text = joined(given)
	return batch
}

// prepareOne makes of a request what a plugin gets.
func prepareOne(request []byte, guard Guard) jsonRequest {
	found, _ := members(request)
	var policy *Policy
	var spec []byte
	routes, specs, others, hasDeployment := 0, 0, 0, false
	for _, member := range found {
		switch member.name {
		case "routes":
			routes++
		case "policy":
			problem := "is given twice"
			if policy == nil {
				policy = &Policy{}
				err := decodeObject(member.value, policyFields(policy)...)
				if err == nil {
					continue
				}
				problem = err.Error()
			}
			return jsonRequest{refusal: refusal("invalid_request", "`policy`: "+problem)}
		case "deployment":
			// The registry's; a plugin does not see it.
			hasDeployment = true
		case "spec":
			spec = member.value
			specs++
		default:
			others++
		}
	}
	isRequest := routes == 1 && specs == 1 && others == 0
	guard = guard.under(policy)
	limits := limitsFor(spec, guard)
	if policy == nil && limits == "" && !hasDeployment {
		return jsonRequest{text: request, isRequest: isRequest, guard: guard}
	}
	var kept []json.RawMessage
	for _, member := range found {
		value := member.value
		switch member.name {
		case "policy", "deployment":
			continue
		case "spec":
			value = withLimits(value, limits)
		}
		kept = append(kept, json.RawMessage(quoted(member.name)+":"+string(value)))
	}
	array := joined(kept)
	text := json.RawMessage("{" + array[1:len(array)-1] + "}")
	return jsonRequest{text: text, isRequest: isRequest, guard: guard}
}

// limitsFor are the limits of a spec that has none of its own; empty where it has, or where there is no policy to
// resolve. What is no spec is for the plugin to refuse.
func limitsFor(spec []byte, guard Guard) string {
	policy, hasPolicy := guard.Policy()
	if spec == nil || !hasPolicy {
		return ""
	}
	found, _ := members(spec)
	var target uint32
	hasTarget := false
	for _, member := range found {
		switch member.name {
		case "limits":
			if string(member.value) != "null" {
				return ""
			}
		case "target_replicas":
			hasTarget = number(&target)(member.value) == nil
		}
	}
	if !hasTarget {
		return ""
	}
	limits := policy.Resolve(target)
	return fmt.Sprintf(`"limits":{"least_serving":%d,"most_live":%d}`, limits.LeastServing, limits.MostLive)
}

// withLimits is a spec with these limits, in place of a null or in front of everything else.
func withLimits(spec []byte, limits string) []byte {
	found, _ := members(spec)
	if limits == "" || len(found) == 0 {
		return spec
	}
	_, value, _ := strings.Cut(limits, ":")
	for _, member := range found {
		if member.name == "limits" {
			return spliced(spec, splice{member.at, member.at + len(member.value), value})
		}
	}
	opening := skipSpace(spec, 0) + 1
	return spliced(spec, splice{opening, opening, limits + ","})
}

// refusal is an answer that there is no plan.
func refusal(code, message string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"error":{"code":%s,"message":%s}}`, quoted(code), quoted(message)))
}
