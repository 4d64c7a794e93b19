package pointsman

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Writing of the contract's JSON: what is written is read back, and is what other hosts write.

// written is a value as JSON, which is read back to be the same.
func written[T any](t *testing.T, value T) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("%+v: %v", value, err)
	}
	var read T
	if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read, value) {
		t.Fatalf("%s\nfound    %+v, %v\nexpected %+v", text, read, err, value)
	}
	return string(text)
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(19, 23))}
	for range 500 {
		request := m.request()
		if m.some() {
			request.Policy = &Policy{Count(m.Uint32N(3)), Millipercent(m.Uint32N(300_000)), Percent(100)}
		}
		if m.some() {
			request.Deployment = "team-a/web"
		}
		if m.some() {
			request.Spec.Config = ""
		}
		written(t, request)
		written(t, request.Spec)
		written(t, request.Spec.Operator)
		for _, route := range request.Routes {
			written(t, route)
		}
		for _, check := range request.Spec.Checks {
			written(t, check)
		}
		plan := *m.plan(request.Routes)
		text := written(t, plan)
		// As the tests write it by other means, which other hosts read.
		if !isSameJSON(t, text, jsonOf(t, &plan)) {
			t.Errorf("found    %s\nexpected %s", text, jsonOf(t, &plan))
		}
		written(t, plan.Commitment)
		written(t, plan.Reason)
		for _, created := range plan.RolloutSpecs {
			written(t, created)
		}
		for _, change := range plan.TrafficChanges {
			written(t, change)
		}
		if plan.Progress != nil {
			written(t, *plan.Progress)
		}
	}
	for _, policy := range []Policy{{}, {MaxSurge: Count(0)}, {Percent(25), Count(1), Millipercent(12_500)}} {
		written(t, policy)
	}
	written(t, Violation{ViolationTooManyLive, []string{"r-1", "é"}, "too many"})
	written(t, Description{"a", "1.0.0", "b", `{"type": "object"}`})
	if text, err := json.Marshal(Violation{Code: "a"}); err != nil ||
		string(text) != `{"code":"a","route_ids":[],"message":""}` {
		t.Errorf("%s, %v", text, err)
	}
	for _, steps := range []uint32{0, 1, 2, 256, math.MaxUint32} {
		written(t, NewWeightSteps(steps))
	}
}

func isSameJSON(t *testing.T, first, second string) bool {
	t.Helper()
	var read [2]any
	for i, text := range []string{first, second} {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&read[i]); err != nil {
			t.Fatal(err)
		}
		read[i] = withoutEndings(read[i])
	}
	return reflect.DeepEqual(read[0], read[1])
}

// withoutEndings writes every number in one way: 1.0 as 1.
func withoutEndings(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = withoutEndings(value[key])
		}
	case []any:
		for i := range value {
			value[i] = withoutEndings(value[i])
		}
	case json.Number:
		if number, err := value.Float64(); err == nil && strings.ContainsAny(value.String(), ".e") {
			return number
		} else if err == nil && number < 1<<53 {
			return number
		}
	}
	return value
}

func TestTheCorpusIsWrittenAsOtherHostsDo(t *testing.T) {
	for _, strategy := range []string{"blue-green", "rolling-update"} {
		for _, vector := range corpus(t, strategy) {
			var request Request
			if err := json.Unmarshal([]byte(vector.request), &request); err == nil {
				text, err := request.MarshalJSON()
				var read Request
				if err == nil {
					err = json.Unmarshal(text, &read)
				}
				if err != nil || !reflect.DeepEqual(read, request) {
					t.Errorf("%s: %v\nfound    %+v\nexpected %+v", vector.name, err, read, request)
				}
			}
			var answer struct{ Ok *RouteChanges }
			if err := json.Unmarshal([]byte(vector.response), &answer); err != nil {
				t.Errorf("%s: %v", vector.name, err)
			} else if answer.Ok != nil {
				if text := `{"ok":` + written(t, *answer.Ok) + `}`; !isSameJSON(t, text, vector.response) {
					t.Errorf("%s:\nfound    %s\nexpected %s", vector.name, text, vector.response)
				}
			}
		}
	}
}

func TestWhatNoPluginCouldBeHandedIsNotWritten(t *testing.T) {
	route := readyRoutes(1)[0]
	spec := *specWith("{}")
	for field, value := range map[string]json.Marshaler{
		"status":           func() Route { r := route; r.Status = 0; return r }(),
		"traffic_status":   func() Route { r := route; r.TrafficStatus = 4; return r }(),
		"traffic_ratio":    func() Route { r := route; r.TrafficRatio = math.NaN(); return r }(),
		"created_at":       func() Route { r := route; r.CreatedAt = time.Unix(-1, 0); return r }(),
		"id":               func() Route { r := route; r.ID = "\xff"; return r }(),
		"labels":           func() Route { r := route; r.Labels = map[string]string{"a": "\xff"}; return r }(),
		"config":           func() Spec { s := spec; s.Config = "{"; return s }(),
		"now":              func() Spec { s := spec; s.Now = time.Time{}; return s }(),
		"checks.0.outcome": func() Spec { s := spec; s.Checks = []Check{{Name: "a"}}; return s }(),
		"sub_step":         RouteChanges{},
		"routes.0.health":  Request{Routes: []Route{{Status: RouteRunning}}, Spec: spec},
		"share":            Progress{Share: math.Inf(1)},
	} {
		_, err := value.MarshalJSON()
		var argument *ArgumentError
		if !errors.As(err, &argument) || argument.Argument != field {
			t.Errorf("%s: found %v", field, err)
		}
	}
}

func TestWordsOfADatabaseAreRead(t *testing.T) {
	isWords(t, len(routeStatuses), ParseRouteStatus)
	isWords(t, len(healthStatuses), ParseHealthStatus)
	isWords(t, len(trafficStatuses), ParseTrafficStatus)
	isWords(t, len(routeEnds), ParseRouteEnd)
	isWords(t, len(checkOutcomes), ParseCheckOutcome)
	isWords(t, len(subSteps), ParseSubStep)
	if end, err := ParseRouteEnd(""); err != nil || end != EndNone {
		t.Error(end, err)
	}
	_, err := ParseRouteStatus("Running\n")
	if err == nil || err.Error() != "`Running\\u{a}` is none of provisioning, running, terminating, terminated, "+
		"failed-to-start" {
		t.Error(err)
	}
	var status RouteStatus = RouteRunning
	if err := status.UnmarshalText([]byte("gone")); err == nil || status != RouteRunning {
		t.Error(status, err)
	}
}

// isWords tries all words of an enum, whose values are counted from 1.
func isWords[T interface {
	~uint8
	String() string
	MarshalText() ([]byte, error)
}](t *testing.T, count int, parse func(string) (T, error)) {
	t.Helper()
	for value := T(1); int(value) <= count; value++ {
		for _, word := range []string{value.String(), strings.ReplaceAll(value.String(), "-", "_")} {
			if found, err := parse(word); err != nil || found != value {
				t.Errorf("%s is %v, %v", word, found, err)
			}
		}
		text, err := value.MarshalText()
		if found, errParse := parse(string(text)); err != nil || errParse != nil || found != value {
			t.Errorf("%s is %v, %v, %v", text, found, err, errParse)
		}
	}
	for _, word := range []string{" ", "unknown(0)", "RUNNING", "unknown"} {
		if found, err := parse(word); err == nil {
			t.Errorf("%q is %v", word, found)
		}
	}
	if text, err := T(count + 1).MarshalText(); err == nil {
		t.Errorf("%s is no word", text)
	}
}
