package pointsman

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Answers of the JSON entry point: read, put right, and checked by the guard.

// answers are those of the JSON entry point.
type answers struct {
	text string
	// violations are those that the guard found in them.
	violations []Violation
	// all are the single ones, and judged is what each comes to.
	all    []json.RawMessage
	judged []judgement
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
	if !json.Valid(data) {
		return errNotJSON
	}
	return a.decode(data)
}

func (a *answer) decode(data []byte) error {
	var read answer
	isRefused := false
	refused := func(data []byte) error {
		isRefused = true
		err := decodeObject(data, field{"code", text(&read.code), required}, field{"message", text(&read.message), required})
		if err == nil && !isCode(read.code) {
			err = fmt.Errorf("`%.40s` is no code of the contract's", read.code)
		}
		return err
	}
	err := decodeObject(data, field{"ok", maybeObject(&read.plan, planFields), optional}, field{"error", refused,
		optional})
	if err == nil && (read.plan != nil) == isRefused {
		err = errNoAnswer
	}
	if err == nil {
		*a = read
	}
	return err
}

// isCode tells whether a plugin may answer with an error of this code.
func isCode(code string) bool {
	if code == "invalid_request" {
		return true
	}
	for _, refusal := range refusals {
		if refusal.code == code {
			return true
		}
	}
	return false
}

// checkAnswers puts right what is to be put right in the plans of a batch, and an error in the place of each that the
// guard rejects. `problem` is what the plugin has against all of the requests, if anything.
func (s *Session) checkAnswers(ctx context.Context, batch jsonBatch, given string, problem error) (answers, error) {
	broken := func(format string, args ...any) (answers, error) {
		cause, limits := fmt.Errorf(format, args...), s.plugin.loaded.host.limits
		return answers{}, &CallError{Plugin: s.plugin.loaded.id, Kind: ErrBrokenContract, Limits: limits, Cause: cause}
	}
	switch {
	case problem != nil && !batch.isArray:
		return answers{}, &RefusedError{Plugin: s.plugin.loaded.id, Kind: ErrInvalidRequests, Message: problem.Error()}
	case problem != nil:
		// The contract has no other reason to answer none of them.
		return broken("it answers no request of an array: %w", problem)
	case !batch.isArray:
		return broken("it answers what is not a JSON array")
	}
	if !json.Valid([]byte(given)) {
		return broken("its answers are not JSON")
	}
	values, isArray := elements([]byte(given))
	if !isArray {
		return broken("its answers are not a JSON array")
	}
	if strings.Contains(given, `\u`) && hasLoneSurrogate(given) {
		return broken("its answers have half of a surrogate pair")
	}
	sent := 0
	for i := range batch.requests {
		if batch.requests[i].refusal == nil {
			sent++
		}
	}
	if len(values) != sent {
		return broken("it gave %d answers to %d requests", len(values), sent)
	}
	checked := answers{text: given}
	isChanged := sent < len(batch.requests)
	all, next := make([]json.RawMessage, len(batch.requests)), 0
	checked.all, checked.judged = all, make([]judgement, len(all))
	for i := range batch.requests {
		request := &batch.requests[i]
		if request.refusal != nil {
			// The plugin was not called for it.
			all[i], checked.judged[i].outcome = request.refusal, OutcomeHost
			continue
		}
		all[i] = values[next]
		next++
		var read answer
		if err := read.decode(all[i]); err != nil {
			return broken("its answer %d is none: %w", i, err)
		}
		if read.plan == nil {
			checked.judged[i].outcome = OutcomeRefused
			continue
		}
		found, err := s.checkAnswer(ctx, request, all[i], read.plan)
		if err != nil {
			return answers{}, &GuardError{Plugin: s.plugin.loaded.id, Cause: err}
		}
		if found.answer != nil {
			all[i], isChanged = found.answer, true
		}
		checked.judged[i] = found.judged
		checked.violations = append(checked.violations, found.violations...)
	}
	if isChanged {
		checked.text = joined(all)
	}
	return checked, nil
}

// checkedAnswer is an answer after its check.
type checkedAnswer struct {
	// answer is what stands in its place; nil where it stays.
	answer     json.RawMessage
	violations []Violation
	judged     judgement
}

// checkAnswer puts an answer with a plan right, and has the plan checked.
func (s *Session) checkAnswer(
	ctx context.Context, element *jsonRequest, given json.RawMessage, plan *RouteChanges,
) (checkedAnswer, error) {
	var request Request
	needed := needs(plan, element.guard)
	// Most plans change nothing, and the request is long.
	if !element.isRequest || needed != nothing || !plan.NextEvaluationAt.IsZero() {
		if err := decodeObject(element.text, requestFields(&request)...); err != nil {
			// A plugin that makes a plan of it all the same. The others' answers are none the worse for that.
			return checkedAnswer{
				answer: refusal("invalid_request", err.Error()), judged: judgement{outcome: OutcomeRefused},
			}, nil
		}
	}
	before := *plan
	plan.tidy(request.Spec.Now)
	var changed json.RawMessage
	if isTidied(&before, plan) {
		changed = withTidied(given, plan)
	}
	violations, err := s.violations(ctx, request.Routes, &request.Spec, plan, element.guard)
	judged := judgement{outcome: OutcomeOK}
	if err == nil && len(violations) > 0 {
		changed, judged = rejection(violations), judgement{OutcomeRejected, violations}
	}
	return checkedAnswer{changed, violations, judged}, err
}

// isTidied tells whether one plan is not the other as a plugin gave it.
func isTidied(before, after *RouteChanges) bool {
	return before.Reason.Code != after.Reason.Code || before.Reason.Message != after.Reason.Message ||
		before.Gate != after.Gate ||
		!before.NextEvaluationAt.Equal(after.NextEvaluationAt)
}

// withTidied is an answer with what is put right in it, and the rest of it as it is.
func withTidied(given json.RawMessage, plan *RouteChanges) json.RawMessage {
	var splices []splice
	replace := func(within int, of member, by string) {
		if string(of.value) != "null" {
			splices = append(splices, splice{within + of.at, within + of.at + len(of.value), by})
		}
	}
	answered, _ := members(given)
	// It has nothing but a plan.
	changes, _ := members(answered[0].value)
	for _, change := range changes {
		at := answered[0].at
		switch change.name {
		case "gate":
			replace(at, change, quoted(plan.Gate))
		case "next_evaluation_at":
			next, _ := millisOf(plan.NextEvaluationAt)
			replace(at, change, strconv.FormatUint(next, 10))
		case "reason":
			reason, _ := members(change.value)
			for _, of := range reason {
				switch of.name {
				case "code":
					replace(at+change.at, of, quoted(plan.Reason.Code))
				case "message":
					replace(at+change.at, of, quoted(plan.Reason.Message))
				}
			}
		}
	}
	slices.SortFunc(splices, func(a, b splice) int { return a.at - b.at })
	return spliced(given, splices...)
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
		fmt.Fprintf(&to, `{"code":%s,"route_ids":%s,"message":%s}`, quoted(string(violation.Code)), joined(ids),
			quoted(violation.Message))
	}
	to.WriteString("]}}")
	return json.RawMessage(to.String())
}
