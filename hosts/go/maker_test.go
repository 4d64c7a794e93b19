package pointsman

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Requests and plans made at random, and as JSON.

// jsonValue is a value in the words of the JSON entry point, written by other means than the host reads it.
func jsonValue(of any) any {
	switch of := of.(type) {
	case Amount:
		// Its JSON has a test of its own.
		return of
	case fmt.Stringer:
		if at, isMoment := of.(time.Time); isMoment {
			if at.IsZero() {
				return nil
			}
			return json.Number(fmt.Sprint(uint64(at.Unix())*1000 + uint64(at.Nanosecond()/1e6)))
		}
		if word := strings.ReplaceAll(of.String(), "-", "_"); word != "" {
			return word
		}
		return nil
	case WeightSteps:
		return of.Steps()
	case nil:
		return nil
	}
	value := reflect.ValueOf(of)
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() {
			return nil
		}
		return jsonValue(value.Elem().Interface())
	case reflect.Slice:
		list := []any{}
		for i := range value.Len() {
			list = append(list, jsonValue(value.Index(i).Interface()))
		}
		return list
	case reflect.Map:
		if value.IsNil() {
			return struct{}{}
		}
		return of
	case reflect.Struct:
		record := map[string]any{}
		for i := range value.NumField() {
			record[snakeCase(value.Type().Field(i).Name)] = jsonValue(value.Field(i).Interface())
		}
		return record
	}
	return of
}

func snakeCase(name string) string {
	var to strings.Builder
	name = strings.NewReplacer("IDs", "Ids", "ID", "Id").Replace(name)
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				to.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		to.WriteRune(c)
	}
	return to.String()
}

// jsonOf is a request, a plan or a policy as JSON.
func jsonOf(t *testing.T, of any) string {
	t.Helper()
	value := jsonValue(of)
	if record, isRecord := value.(map[string]any); isRecord {
		if spec, hasSpec := record["spec"].(map[string]any); hasSpec {
			spec["config"] = json.RawMessage(spec["config"].(string))
			// A revision that is not there is null, and so is a policy that is left out.
			if spec["stable_revision"] == "" {
				spec["stable_revision"] = nil
			}
			if record["policy"] == nil {
				delete(record, "policy")
			}
			// The registry's, which neither a plugin nor the guard knows.
			delete(record, "deployment")
		}
		if gate, hasGate := record["gate"]; hasGate && gate == "" {
			record["gate"] = nil
		}
		if reason, hasReason := record["reason"].(map[string]any); hasReason {
			// Not an enum.
			reason["code"] = of.(*RouteChanges).Reason.Code
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// maker makes values of all kinds.
type maker struct{ *rand.Rand }

func (m maker) some() bool { return m.IntN(2) == 0 }

func (m maker) text() string {
	return []string{"", "v1", "v2", "r-7", "zone", "é😀\u2028\"\\", strings.Repeat("long ", 40)}[m.IntN(7)]
}

func (m maker) moment() time.Time { return moment(m.Uint64() >> (m.IntN(7) * 8)) }

func (m maker) labels() map[string]string {
	labels := map[string]string{}
	for range m.IntN(4) {
		labels["k"+m.text()] = m.text()
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}

// ratio is one of arbitrary bits from 0.0 to 1.0.
func (m maker) ratio() float64 {
	return []float64{0, 1, 0.1, 1.0 / 3, math.Float64frombits(m.Uint64() % (math.Float64bits(1) + 1))}[m.IntN(5)]
}

func (m maker) route(i int) Route {
	route := Route{
		ID: fmt.Sprintf("r-%02d", i), Revision: m.text(), Status: RouteStatus(1 + m.IntN(5)), Health: HealthStatus(1 +
			m.IntN(4)),
		TrafficStatus: TrafficStatus(1 + m.IntN(3)), TrafficRatio: m.ratio(), CreatedAt: m.moment(),
		End: RouteEnd(m.IntN(4)), Labels: m.labels(),
	}
	if m.some() {
		route.StatusUpdatedAt = m.moment()
	}
	return route
}

func (m maker) request() Request {
	request := Request{Spec: Spec{
		DeployingRevision: "v2", StableRevision: m.text(), TargetReplicas: m.Uint32N(9), StartedAt: m.moment(),
		Now:      m.moment(),
		Operator: Operator{Abort: m.some(), Pause: m.some(), Promote: m.some()}, WeightSteps: NewWeightSteps(m.Uint32N(4)),
		Labels: m.labels(), Config: "{}",
	}}
	for i := range m.IntN(12) {
		request.Routes = append(request.Routes, m.route(i))
	}
	for i := range m.IntN(3) {
		request.Spec.Operator.PassedGates = append(request.Spec.Operator.PassedGates, m.text())
		check := Check{Name: fmt.Sprintf("check-%d", i), Outcome: CheckOutcome(1 + m.IntN(4))}
		if m.some() {
			check.ObservedAt = m.moment()
		}
		request.Spec.Checks = append(request.Spec.Checks, check)
	}
	if m.some() {
		request.Spec.Limits = &Commitment{m.Uint32N(9), m.Uint32N(12)}
	}
	if m.some() {
		free := m.Uint32N(9)
		request.Spec.FreePlaces = &free
	}
	if m.some() {
		memo := m.text()
		request.Spec.Memo = &memo
	}
	return request
}

func (m maker) plan(routes []Route) *RouteChanges {
	id := func() string { return fmt.Sprintf("r-%02d", m.IntN(len(routes)+2)) }
	plan := &RouteChanges{
		SubStep: SubStep(1 + m.IntN(6)), Reason: Reason{m.text(), m.text(), nil}, Gate: m.text(),
		Commitment: Commitment{m.Uint32N(9), m.Uint32N(12)}, Labels: m.labels(),
	}
	for range m.IntN(3) {
		plan.PromoteRouteIDs = append(plan.PromoteRouteIDs, id())
		plan.DrainRouteIDs = append(plan.DrainRouteIDs, id())
		plan.Reason.BlockingRouteIDs = append(plan.Reason.BlockingRouteIDs, id())
		plan.TrafficChanges = append(plan.TrafficChanges, TrafficChange{id(), TrafficStatus(1 + m.IntN(3)), m.ratio()})
		plan.RolloutSpecs = append(plan.RolloutSpecs, RolloutSpec{m.Uint32N(3), m.text(), TrafficStatus(1 + m.IntN(3)),
			m.ratio(), m.labels()})
	}
	if m.some() {
		plan.NextEvaluationAt = m.moment()
	}
	if m.some() {
		memo := m.text() + strings.Repeat("\x00", m.IntN(2))
		plan.Memo = &memo
	}
	if m.some() {
		plan.Progress = &Progress{m.Uint32N(4), 3, m.ratio()}
	}
	return plan
}
