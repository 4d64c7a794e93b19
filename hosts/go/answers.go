package pointsman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// What the JSON door gives, and what the guard has against it.

// answers are what the JSON door gave.
type answers struct {
	text string
	// violations are what the guard found in them.
	violations []Violation
}

// answer is one of them.
type answer struct {
	// plan is what it has; nil where it is an error.
	plan *RouteChanges
	// code and message are the error's.
	code, message string
}

// UnmarshalJSON reads an answer as a plugin may give it.
func (a *answer) UnmarshalJSON(data []byte) error {
	var read answer
	refusal := func(data []byte) error {
		err := decodeObject(data, field{name: "code", into: &read.code}, field{name: "message", into: &read.message})
		if err != nil {
			return err
		}
		switch read.code {
		case "invalid_request", "invalid_config", "invalid_routes":
			return nil
		}
		return fmt.Errorf("`%.40s` is no code of the contract's", read.code)
	}
	var refused json.RawMessage
	err := decodeObject(data,
		field{name: "ok", into: &read.plan, isOptional: true}, field{name: "error", into: &refused, isOptional: true})
	if err != nil {
		return err
	}
	if (read.plan == nil) == (refused == nil) {
		return errors.New("it is neither a plan nor an error")
	}
	if refused != nil {
		if err := refusal(refused); err != nil {
			return fmt.Errorf("`error`: %w", err)
		}
	}
	*a = read
	return nil
}

// checkAnswers puts an error in the place of each plan that the guard rejects. `problem` is what the plugin has against all of
// the requests, if anything.
func (p *Plugin) checkAnswers(ctx context.Context, requests, text string, problem error) (answers, error) {
	broken := func(format string, args ...any) (answers, error) {
		cause := fmt.Errorf(format, args...)
		return answers{}, &CallError{Plugin: p.loaded.id, Kind: ErrBrokenContract, Limits: p.loaded.host.limits, Cause: cause}
	}
	var asked, given []json.RawMessage
	isAsked := json.Unmarshal([]byte(requests), &asked)
	if isAsked == nil && asked == nil {
		isAsked = errors.New("it is null")
	}
	switch {
	case problem != nil && isAsked != nil:
		return answers{}, &RefusedError{Plugin: p.loaded.id, Kind: ErrInvalidRequests, Message: problem.Error()}
	case problem != nil:
		// The contract has no other reason to answer none of them.
		return broken("it answers no request of an array: %w", problem)
	case isAsked != nil:
		return broken("it answers what is not a JSON array: %w", isAsked)
	}
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return broken("its answers are not a JSON array: %w", err)
	}
	if strings.Contains(text, `\u`) && hasLoneSurrogate(text) {
		return broken("its answers have half of a surrogate pair")
	}
	if len(given) != len(asked) {
		return broken("it gave %d answers to %d requests", len(given), len(asked))
	}
	checked := answers{text: text}
	for i := range given {
		var read answer
		if err := json.Unmarshal(given[i], &read); err != nil {
			return broken("its answer %d is none: %w", i, err)
		}
		if read.plan == nil {
			continue
		}
		violations, err := p.violationsOf(ctx, asked[i], read.plan)
		if errors.Is(err, errNoRequest) {
			return broken("%w", err)
		}
		if err != nil {
			return answers{}, &GuardError{Plugin: p.loaded.id, Cause: err}
		}
		if len(violations) > 0 {
			given[i] = rejection(violations)
			checked.violations = append(checked.violations, violations...)
		}
	}
	if checked.violations != nil {
		checked.text = joined(given)
	}
	return checked, nil
}

// errNoRequest: a plan was given for what is no request.
var errNoRequest = errors.New("it has a plan for what is no request")

// violationsOf is what is wrong with a plan for a request.
func (p *Plugin) violationsOf(ctx context.Context, asked json.RawMessage, plan *RouteChanges) ([]Violation, error) {
	if plan.IsEmpty() && plan.NextEvaluationAt.IsZero() {
		return nil, nil
	}
	var request Request
	if err := json.Unmarshal(asked, &request); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoRequest, err)
	}
	return p.violations(ctx, request.Routes, &request.Spec, plan)
}

// rejection is the answer in the place of a plan, as other hosts write it.
func rejection(violations []Violation) json.RawMessage {
	var to strings.Builder
	fmt.Fprintf(&to, `{"error":{"code":"plan_rejected","message":%s,"violations":[`, quoted(summary(violations)))
	for i, violation := range violations {
		if i > 0 {
			to.WriteByte(',')
		}
		var ids []json.RawMessage
		for _, id := range violation.RouteIDs {
			ids = append(ids, json.RawMessage(quoted(id)))
		}
		fmt.Fprintf(&to, `{"code":%s,"route_ids":%s,"message":%s}`, quoted(string(violation.Code)), joined(ids), quoted(violation.Message))
	}
	to.WriteString("]}}")
	return json.RawMessage(to.String())
}

// joined is an array of values as compact as they are.
func joined(values []json.RawMessage) string {
	var to strings.Builder
	to.WriteByte('[')
	for i, value := range values {
		if i > 0 {
			to.WriteByte(',')
		}
		to.Write(value)
	}
	to.WriteByte(']')
	return to.String()
}
