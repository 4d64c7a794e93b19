package pointsman

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Decisions of plugins, and the fields in which two of them differ.

// Decision is the result of one request, as a trial compares it: a plan, an error, or a call that failed.
type Decision struct {
	// Plan has passed the guard; nil where there is none.
	Plan *RouteChanges
	// Code is that of an error of the contract's, such as `invalid_config`, or `plan_rejected`; else empty.
	Code string
	// Message is the error's.
	Message string
	// Violations are those of a rejected plan.
	Violations []Violation
	// Failed is the error of a call that failed; else empty.
	Failed string
}

// FieldDifference is one thing in which two decisions differ.
type FieldDifference struct {
	// Field is one of a plan's; `reason.code`; or `outcome`, where only one of them is a plan or they are other errors.
	Field string
	// First is the first decision's value as JSON, and Second the other's.
	First, Second string
}

// String is `drain_route_ids: ["r-1"] or []`, shortened where it is long.
func (d FieldDifference) String() string {
	const longest = 120
	return fmt.Sprintf("%s: %s or %s", d.Field, tidied(d.First, longest), tidied(d.Second, longest))
}

// MarshalJSON writes it as an answer of the JSON entry point, with `{"failed": "…"}` for a call that failed.
func (d Decision) MarshalJSON() ([]byte, error) {
	switch {
	case d.Plan != nil:
		plan, err := d.Plan.MarshalJSON()
		return append(append([]byte(`{"ok":`), plan...), '}'), err
	case d.Failed != "":
		return []byte(`{"failed":` + quoted(d.Failed) + `}`), nil
	case len(d.Violations) > 0:
		return rejection(d.Violations), nil
	default:
		return refusal(d.Code, d.Message), nil
	}
}

// Differences are the fields in which another decision differs from this one; none where a host would do the same for
// both. The order of ids and the words of a message decide nothing; nor do the routes named as blocking and the
// progress, which are for people.
func (d *Decision) Differences(other *Decision) []FieldDifference {
	switch {
	case d.Plan != nil && other.Plan != nil:
		return planDifferences(d.Plan, other.Plan)
	case d.Plan == nil && other.Plan == nil && d.Code == other.Code && (d.Failed == "") == (other.Failed == ""):
		return nil
	}
	return []FieldDifference{{"outcome", string(d.text()), string(other.text())}}
}

// text is a decision as JSON; null for what has none.
func (d *Decision) text() []byte {
	text, err := d.MarshalJSON()
	if err != nil {
		return []byte("null")
	}
	return text
}

// hasFailed tells whether the plugin failed: by trap, timeout or limit, or with a plan that the guard rejects.
func (d *Decision) hasFailed() bool { return d.Failed != "" || d.Code == "plan_rejected" }

// decisionOf is the decision that a typed call came to.
func decisionOf(plan *RouteChanges, err error) Decision {
	var rejected *RejectedError
	var refused *RefusedError
	switch {
	case err == nil:
		return Decision{Plan: plan.clone()}
	case errors.As(err, &rejected):
		return Decision{
			Code: "plan_rejected", Message: summary(rejected.Violations), Violations: slices.Clone(rejected.Violations),
		}
	case errors.As(err, &refused):
		for _, refusal := range refusals {
			if refusal.kind == refused.Kind {
				return Decision{Code: refusal.code, Message: refused.Message}
			}
		}
	}
	return Decision{Failed: err.Error()}
}

// decisionOfJSON is the decision that an answer of a registry's JSON entry point says.
func decisionOfJSON(answer json.RawMessage) Decision {
	var read struct {
		Ok    *RouteChanges
		Error struct {
			Code, Message string
			Violations    []Violation
		}
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return Decision{Failed: err.Error()}
	}
	if read.Error.Code == "plugin_failed" {
		return Decision{Failed: read.Error.Message}
	}
	return Decision{read.Ok, read.Error.Code, read.Error.Message, read.Error.Violations, ""}
}

// clone copies whatever the original's owner may change.
func (p *RouteChanges) clone() *RouteChanges {
	copied := *p
	copied.RolloutSpecs = slices.Clone(p.RolloutSpecs)
	for i := range copied.RolloutSpecs {
		copied.RolloutSpecs[i].Labels = maps.Clone(copied.RolloutSpecs[i].Labels)
	}
	copied.PromoteRouteIDs, copied.DrainRouteIDs = slices.Clone(p.PromoteRouteIDs), slices.Clone(p.DrainRouteIDs)
	copied.TrafficChanges = slices.Clone(p.TrafficChanges)
	copied.Reason.BlockingRouteIDs = slices.Clone(p.Reason.BlockingRouteIDs)
	copied.Memo, copied.Progress, copied.Labels = cloned(p.Memo), cloned(p.Progress), maps.Clone(p.Labels)
	return &copied
}

// decidingFields are a plan's fields that decide something; those that are lists have no order.
var decidingFields = []struct {
	name   string
	isList bool
}{
	{"sub_step", false}, {"reason.code", false}, {"rollout_specs", true}, {"promote_route_ids", true},
	{"traffic_changes", true}, {"drain_route_ids", true}, {"gate", false}, {"next_evaluation_at", false}, {"memo", false},
	{"commitment", false}, {"labels", false},
}

func planDifferences(first, second *RouteChanges) []FieldDifference {
	one, errOne := first.MarshalJSON()
	two, errTwo := second.MarshalJSON()
	if errOne != nil || errTwo != nil {
		return []FieldDifference{{"outcome", fmt.Sprint(errOne), fmt.Sprint(errTwo)}}
	}
	if bytes.Equal(one, two) {
		return nil
	}
	ones, twos := valuesOf(one), valuesOf(two)
	var differences []FieldDifference
	for _, field := range decidingFields {
		a, b := ones[field.name], twos[field.name]
		if field.isList {
			a, b = sortedList(a), sortedList(b)
		}
		if a != b {
			differences = append(differences, FieldDifference{field.name, a, b})
		}
	}
	return differences
}

// valuesOf are a written plan's values by their fields, and the reason's code.
func valuesOf(plan []byte) map[string]string {
	values := map[string]string{}
	found, _ := members(plan)
	for _, member := range found {
		values[member.name] = string(member.value)
		if member.name == "reason" {
			reason, _ := members(member.value)
			for _, of := range reason {
				values["reason."+of.name] = string(of.value)
			}
		}
	}
	return values
}

// sortedList is a list in an order that depends on nothing but what is in it.
func sortedList(list string) string {
	values, _ := elements([]byte(list))
	slices.SortFunc(values, bytes.Compare)
	raw := make([]json.RawMessage, len(values))
	for i := range values {
		raw[i] = values[i]
	}
	return joined(raw)
}
