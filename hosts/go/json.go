package pointsman

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The contract's types in the words of the JSON door, read as strictly as a plugin reads them: a field that the contract does
// not know, one that is missing, given twice or spelt in other letters is an error. encoding/json alone is more lenient, and
// what the guard is asked about must be what everybody else reads.

// field is one that an object may have.
type field struct {
	name string
	// into is where its value goes.
	into any
	// isOptional tells that it may be left out, and isNullable that it may be null.
	isOptional, isNullable bool
}

// decodeObject reads an object with these fields and no others.
func decodeObject(data []byte, fields ...field) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if opening, err := decoder.Token(); err != nil {
		return err
	} else if opening != json.Delim('{') {
		return fmt.Errorf("%.40s is no object", data)
	}
	seen := make(map[string]bool, len(fields))
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if seen[name] {
			return fmt.Errorf("`%s` is given twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if err := decodeField(name, value, fields); err != nil {
			return err
		}
	}
	for _, field := range fields {
		if !field.isOptional && !seen[field.name] {
			return fmt.Errorf("`%s` is missing", field.name)
		}
	}
	return nil
}

func decodeField(name string, value json.RawMessage, fields []field) error {
	for _, field := range fields {
		if field.name != name {
			continue
		}
		if _, isText := field.into.(text); !isText && string(value) == "null" {
			if field.isNullable {
				return nil
			}
			return fmt.Errorf("`%s` is null", name)
		}
		var err error
		if special, ok := field.into.(json.Unmarshaler); ok {
			err = special.UnmarshalJSON(value)
		} else {
			err = json.Unmarshal(value, field.into)
		}
		if err != nil {
			return fmt.Errorf("`%s`: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("`%s` is unknown", name)
}

// millis is a moment in JSON.
type millis struct{ to *time.Time }

func (m millis) UnmarshalJSON(data []byte) error {
	number, err := strconv.ParseUint(string(data), 10, 64)
	if err != nil {
		return fmt.Errorf("%.40s is no number of milliseconds", data)
	}
	*m.to = moment(number)
	return nil
}

// ids are strings, none of which is null.
type ids struct{ to *[]string }

func (i ids) UnmarshalJSON(data []byte) error {
	var list []*string
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, id := range list {
		if id == nil {
			return errors.New("an id is null")
		}
		*i.to = append(*i.to, *id)
	}
	return nil
}

// text is a JSON value that is kept as the text it is.
type text struct{ to *string }

func (t text) UnmarshalJSON(data []byte) error {
	*t.to = string(data)
	return nil
}

// UnmarshalJSON reads a word of the JSON door.
func (s *RouteStatus) UnmarshalJSON(data []byte) error {
	return unmarshalWord(routeStatuses, data, (*uint8)(s))
}

// UnmarshalJSON reads a word of the JSON door.
func (s *HealthStatus) UnmarshalJSON(data []byte) error {
	return unmarshalWord(healthStatuses, data, (*uint8)(s))
}

// UnmarshalJSON reads a word of the JSON door.
func (s *TrafficStatus) UnmarshalJSON(data []byte) error {
	return unmarshalWord(trafficStatuses, data, (*uint8)(s))
}

// UnmarshalJSON reads a word of the JSON door.
func (r *OperatorRequest) UnmarshalJSON(data []byte) error {
	return unmarshalWord(operatorRequests, data, (*uint8)(r))
}

// UnmarshalJSON reads a word of the JSON door.
func (o *CheckOutcome) UnmarshalJSON(data []byte) error {
	return unmarshalWord(checkOutcomes, data, (*uint8)(o))
}

// UnmarshalJSON reads a word of the JSON door.
func (s *SubStep) UnmarshalJSON(data []byte) error {
	return unmarshalWord(subSteps, data, (*uint8)(s))
}

func unmarshalWord(w words, data []byte, to *uint8) error {
	value, err := w.unmarshal(data)
	*to = value
	return err
}

// UnmarshalJSON reads a request of the JSON door. Nothing is changed where it is none.
func (r *Request) UnmarshalJSON(data []byte) error {
	var read Request
	err := decodeObject(data, field{name: "routes", into: &read.Routes}, field{name: "spec", into: &read.Spec})
	if err == nil {
		*r = read
	}
	return err
}

// UnmarshalJSON reads a route of the JSON door.
func (r *Route) UnmarshalJSON(data []byte) error {
	var read Route
	err := decodeObject(data,
		field{name: "id", into: &read.ID},
		field{name: "revision", into: &read.Revision},
		field{name: "status", into: &read.Status},
		field{name: "health", into: &read.Health},
		field{name: "traffic_status", into: &read.TrafficStatus},
		field{name: "traffic_ratio", into: &read.TrafficRatio},
		field{name: "created_at", into: millis{&read.CreatedAt}},
		field{name: "status_updated_at", into: millis{&read.StatusUpdatedAt}, isOptional: true, isNullable: true},
	)
	if err == nil {
		*r = read
	}
	return err
}

// UnmarshalJSON reads a check of the JSON door.
func (c *Check) UnmarshalJSON(data []byte) error {
	var read Check
	err := decodeObject(data, field{name: "name", into: &read.Name}, field{name: "outcome", into: &read.Outcome})
	if err == nil {
		*c = read
	}
	return err
}

// UnmarshalJSON reads a spec of the JSON door, in which the configuration is an object.
func (s *Spec) UnmarshalJSON(data []byte) error {
	var read Spec
	err := decodeObject(data,
		field{name: "deploying_revision", into: &read.DeployingRevision},
		field{name: "target_replicas", into: &read.TargetReplicas},
		field{name: "started_at", into: millis{&read.StartedAt}},
		field{name: "now", into: millis{&read.Now}},
		field{name: "operator_request", into: &read.OperatorRequest, isOptional: true, isNullable: true},
		field{name: "checks", into: &read.Checks, isOptional: true},
		field{name: "config", into: text{&read.Config}, isOptional: true},
		field{name: "memo", into: &read.Memo, isOptional: true, isNullable: true},
	)
	if err == nil {
		*s = read
	}
	return err
}

// UnmarshalJSON reads a plan of the JSON door.
func (p *RouteChanges) UnmarshalJSON(data []byte) error {
	var read RouteChanges
	err := decodeObject(data,
		field{name: "sub_step", into: &read.SubStep},
		field{name: "rollout_specs", into: &read.RolloutSpecs},
		field{name: "promote_route_ids", into: ids{&read.PromoteRouteIDs}},
		field{name: "traffic_changes", into: &read.TrafficChanges},
		field{name: "drain_route_ids", into: ids{&read.DrainRouteIDs}},
		field{name: "reason", into: &read.Reason},
		field{name: "next_evaluation_at", into: millis{&read.NextEvaluationAt}, isOptional: true, isNullable: true},
		field{name: "memo", into: &read.Memo, isOptional: true, isNullable: true},
	)
	if err != nil {
		return err
	}
	// Lists that are empty are nil, as they are through the typed door.
	if len(read.RolloutSpecs) == 0 {
		read.RolloutSpecs = nil
	}
	if len(read.TrafficChanges) == 0 {
		read.TrafficChanges = nil
	}
	*p = read
	return nil
}

// UnmarshalJSON reads routes to create.
func (s *RolloutSpec) UnmarshalJSON(data []byte) error {
	var read RolloutSpec
	err := decodeObject(data,
		field{name: "count", into: &read.Count},
		field{name: "revision", into: &read.Revision},
		field{name: "traffic_status", into: &read.TrafficStatus},
		field{name: "traffic_ratio", into: &read.TrafficRatio},
	)
	if err == nil {
		*s = read
	}
	return err
}

// UnmarshalJSON reads a traffic change.
func (c *TrafficChange) UnmarshalJSON(data []byte) error {
	var read TrafficChange
	err := decodeObject(data,
		field{name: "route_id", into: &read.RouteID},
		field{name: "traffic_status", into: &read.TrafficStatus},
		field{name: "traffic_ratio", into: &read.TrafficRatio},
	)
	if err == nil {
		*c = read
	}
	return err
}

// UnmarshalJSON reads a reason.
func (r *Reason) UnmarshalJSON(data []byte) error {
	var read Reason
	err := decodeObject(data,
		field{name: "code", into: &read.Code},
		field{name: "message", into: &read.Message},
		field{name: "blocking_route_ids", into: ids{&read.BlockingRouteIDs}},
	)
	if err == nil {
		*r = read
	}
	return err
}

// quoted is a string as JSON, as other hosts write it.
func quoted(s string) string {
	var to strings.Builder
	encoder := json.NewEncoder(&to)
	encoder.SetEscapeHTML(false)
	// A string can always be written.
	_ = encoder.Encode(s)
	return unescaped.Replace(strings.TrimSuffix(to.String(), "\n"))
}

// unescaped writes out what encoding/json escapes and others do not. An escaped backslash is no beginning of an escape.
var unescaped = strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029")

// escapes are all of JSON's.
var escapes = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// hasLoneSurrogate tells whether JSON text has half of a surrogate pair, which encoding/json takes for another character, and
// other hosts refuse.
func hasLoneSurrogate(text string) bool {
	// high is where a half that goes first ended; -1 where the last escape was none.
	high := -1
	for _, place := range escapes.FindAllStringIndex(text, -1) {
		unit, err := strconv.ParseUint(strings.TrimPrefix(text[place[0]:place[1]], `\u`), 16, 16)
		isHigh, isLow := err == nil && unit>>10 == 0xd800>>10, err == nil && unit>>10 == 0xdc00>>10
		if isLow != (high == place[0]) || high >= 0 && !isLow {
			return true
		}
		high = -1
		if isHigh {
			high = place[1]
		}
	}
	return high >= 0
}
