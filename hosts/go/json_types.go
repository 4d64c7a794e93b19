package pointsman

import (
	"encoding/json"
	"strconv"
)

// The contract's types and encoding/json: each writes what it reads, in the words of the JSON entry point. Nothing is
// changed where a text is not what it should be, and nothing is written of a value that no plugin could be handed: an
// [ArgumentError] names the field.
//
// [json.Marshal] compacts a configuration and escapes the characters <, > and & in it, which changes nothing of what it
// says; MarshalJSON itself leaves it as it is.

// UnmarshalJSON reads a request of the JSON entry point, with its policy and its deployment where it has those.
func (r *Request) UnmarshalJSON(data []byte) error { return decodeValid(data, r, requestFields) }

// MarshalJSON writes a request of the JSON entry point, with its policy and its deployment where it has those.
func (r Request) MarshalJSON() ([]byte, error) { return writeJSON(&r, writeRequest) }

// UnmarshalJSON reads a route.
func (r *Route) UnmarshalJSON(data []byte) error { return decodeValid(data, r, routeFields) }

// MarshalJSON writes a route.
func (r Route) MarshalJSON() ([]byte, error) { return writeJSON(&r, writeRoute) }

// UnmarshalJSON reads a spec, in which the configuration is inline.
func (s *Spec) UnmarshalJSON(data []byte) error { return decodeValid(data, s, specFields) }

// MarshalJSON writes a spec, in which the configuration is inline.
func (s Spec) MarshalJSON() ([]byte, error) { return writeJSON(&s, writeSpec) }

// UnmarshalJSON reads an operator's requests.
func (o *Operator) UnmarshalJSON(data []byte) error { return decodeValid(data, o, operatorFields) }

// MarshalJSON writes an operator's requests.
func (o Operator) MarshalJSON() ([]byte, error) { return writeJSON(&o, writeOperator) }

// UnmarshalJSON reads a check.
func (c *Check) UnmarshalJSON(data []byte) error { return decodeValid(data, c, checkFields) }

// MarshalJSON writes a check.
func (c Check) MarshalJSON() ([]byte, error) { return writeJSON(&c, writeCheck) }

// UnmarshalJSON reads bounds.
func (c *Commitment) UnmarshalJSON(data []byte) error { return decodeValid(data, c, commitmentFields) }

// MarshalJSON writes bounds.
func (c Commitment) MarshalJSON() ([]byte, error) { return writeJSON(&c, writeCommitment) }

// UnmarshalJSON reads a policy; what is left out has its default.
func (p *Policy) UnmarshalJSON(data []byte) error { return decodeValid(data, p, policyFields) }

// MarshalJSON writes a policy.
func (p Policy) MarshalJSON() ([]byte, error) { return writeJSON(&p, writePolicy) }

// UnmarshalJSON reads a plan.
func (p *RouteChanges) UnmarshalJSON(data []byte) error { return decodeValid(data, p, planFields) }

// MarshalJSON writes a plan.
func (p RouteChanges) MarshalJSON() ([]byte, error) { return writeJSON(&p, writePlan) }

// UnmarshalJSON reads routes to create.
func (s *RolloutSpec) UnmarshalJSON(data []byte) error { return decodeValid(data, s, rolloutFields) }

// MarshalJSON writes routes to create.
func (s RolloutSpec) MarshalJSON() ([]byte, error) { return writeJSON(&s, writeRollout) }

// UnmarshalJSON reads a change of traffic.
func (c *TrafficChange) UnmarshalJSON(data []byte) error { return decodeValid(data, c, changeFields) }

// MarshalJSON writes a change of traffic.
func (c TrafficChange) MarshalJSON() ([]byte, error) { return writeJSON(&c, writeChange) }

// UnmarshalJSON reads a reason.
func (r *Reason) UnmarshalJSON(data []byte) error { return decodeValid(data, r, reasonFields) }

// MarshalJSON writes a reason.
func (r Reason) MarshalJSON() ([]byte, error) { return writeJSON(&r, writeReason) }

// UnmarshalJSON reads progress.
func (p *Progress) UnmarshalJSON(data []byte) error { return decodeValid(data, p, progressFields) }

// MarshalJSON writes progress.
func (p Progress) MarshalJSON() ([]byte, error) { return writeJSON(&p, writeProgress) }

// MarshalJSON writes a violation, as it stands in the answer of a plan that was rejected.
func (v Violation) MarshalJSON() ([]byte, error) { return writeJSON(&v, writeViolation) }

// UnmarshalJSON reads a number of steps, 0 where every ratio is possible.
func (w *WeightSteps) UnmarshalJSON(data []byte) error { return weightSteps(w)(data) }

// MarshalJSON writes the number of steps.
func (w WeightSteps) MarshalJSON() ([]byte, error) {
	return strconv.AppendUint(nil, uint64(w.Steps()), 10), nil
}

// Each type is also read within others of whoever uses it, and written there.
var (
	_ json.Marshaler   = Request{}
	_ json.Unmarshaler = (*Request)(nil)
)
