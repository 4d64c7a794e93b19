package pointsman

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The contract's types as Go values: what cannot be handed over, what is no JSON of the contract's, what applying a
// plan makes.

func TestWhatCannotBeHandedOverIsAnErrorThatNamesIt(t *testing.T) {
	for argument, c := range map[string]struct {
		edit     func(request *Request)
		contains string
	}{
		"routes[1].status": {func(r *Request) { r.Routes[1].Status = 0 }, "is none of provisioning, running"},
		"routes[1].health": {func(r *Request) { r.Routes[1].Health = 5 }, "is none of not-checked"},
		"routes[0].traffic_status": {func(r *Request) { r.Routes[0].TrafficStatus = 4 },
			"is none of active, standby, inactive"},
		"routes[1].id":       {func(r *Request) { r.Routes[1].ID = "\xff" }, "is not UTF-8"},
		"routes[0].revision": {func(r *Request) { r.Routes[0].Revision = "v\xc3" }, "is not UTF-8"},
		"routes[1].created_at": {func(r *Request) { r.Routes[1].CreatedAt = time.Time{} },
			"is 0001-01-01T00:00:00Z, not a moment from 1970 on"},
		"routes[0].status_updated_at": {func(r *Request) { r.Routes[0].StatusUpdatedAt = time.Unix(-1, 0) },
			"not a moment"},
		"spec.now":        {func(r *Request) { r.Spec.Now = time.Unix(1<<62, 0) }, "not a moment"},
		"spec.started_at": {func(r *Request) { r.Spec.StartedAt = time.Time{} }, "not a moment"},
		"routes[1].end":   {func(r *Request) { r.Routes[1].End = 4 }, "is none of drained, evicted, crashed"},
		"routes[1].labels": {func(r *Request) { r.Routes[1].Labels = map[string]string{"zone": "\xff"} },
			"is not UTF-8"},
		"spec.stable_revision": {func(r *Request) { r.Spec.StableRevision = "\xff" }, "is not UTF-8"},
		"spec.operator.passed_gates[1]": {func(r *Request) { r.Spec.Operator.PassedGates = []string{"go", "\xff"} },
			"is not UTF-8"},
		"spec.labels": {func(r *Request) { r.Spec.Labels = map[string]string{"\xff": ""} }, "is not UTF-8"},
		"spec.checks[0].outcome": {func(r *Request) { r.Spec.Checks = []Check{{Name: "smoke"}} },
			"is none of pending"},
		"spec.checks[1].observed_at": {func(r *Request) {
			r.Spec.Checks = []Check{{Name: "a", Outcome: CheckPassed}, {Name: "b", Outcome: CheckPassed,
				ObservedAt: time.Unix(-1, 0)}}
		}, "not a moment"},
		"spec.deploying_revision": {func(r *Request) { r.Spec.DeployingRevision = "\xff" }, "is not UTF-8"},
		"spec.memo":               {func(r *Request) { memo := "\xff"; r.Spec.Memo = &memo }, "is not UTF-8"},
	} {
		request := Request{Routes: readyRoutes(2), Spec: *specWith("{}")}
		c.edit(&request)
		_, err := blueGreen(t).EvaluateCycle(background, request.Routes, &request.Spec)
		var wrong *ArgumentError
		if !errors.As(err, &wrong) || !errors.Is(err, ErrInvalidArgument) || wrong.Argument != argument ||
			!strings.Contains(wrong.Problem, c.contains) {
			t.Errorf("%s: %v", argument, err)
		}
	}
	assertGoesOn(t, blueGreen(t))
}

func TestEveryMomentOfTheContractIsATime(t *testing.T) {
	for _, millis := range []uint64{0, 1, 999, 1760000000123, 1<<63 + 5, 1<<64 - 1} {
		l := &lowering{}
		if found := l.moment(moment(millis), "now", -1); found != millis || l.err != nil {
			t.Errorf("%d comes back as %d, %v", millis, found, l.err)
		}
	}
	l := &lowering{}
	if l.moment(moment(1<<64-1).Add(time.Millisecond), "now", -1); l.err == nil {
		t.Error("there is a moment after the last")
	}
}

func TestAnEmptyConfigIsAllDefaults(t *testing.T) {
	empty, err := blueGreen(t).EvaluateCycle(background, nil, specWith(""))
	defaults, other := blueGreen(t).EvaluateCycle(background, nil, specWith("{}"))
	if err != nil || other != nil || !reflect.DeepEqual(empty, defaults) {
		t.Errorf("%v, %v, %v, %v", empty, defaults, err, other)
	}
}

func TestAConfigIsChecked(t *testing.T) {
	plugin := blueGreen(t)
	commitment, err := plugin.CheckConfig(background, `{"auto_promote": true}`, 4)
	if err != nil || commitment != (Commitment{4, 8}) {
		t.Errorf("%v, %v", commitment, err)
	}
	for _, config := range []string{"", "[]", `{"auto_promote": 1}`, `{"progress_deadline_seconds": 0}`, "\xff"} {
		_, err := plugin.CheckConfig(background, config, 4)
		if config == "\xff" {
			if !errors.Is(err, ErrInvalidArgument) {
				t.Errorf("%q: %v", config, err)
			}
		} else if !errors.Is(err, ErrInvalidConfig) {
			t.Errorf("%q: %v", config, err)
		}
	}
	// Two full sets at once are what blue-green needs.
	if _, err := plugin.CheckConfigUnder(background, Policy{MaxSurge: Count(1)}, "{}", 4); !errors.Is(err,
		ErrInvalidConfig) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsNoArrayOfRequests(t *testing.T) {
	for _, text := range []string{"", "{}", "nonsense", "[1", "[NaN]", "null"} {
		if _, err := blueGreen(t).EvaluateCyclesJSON(background, text); !errors.Is(err, ErrInvalidRequests) {
			t.Errorf("%q: %v", text, err)
		}
	}
	text, err := blueGreen(t).EvaluateCyclesJSON(background, "[1]")
	if err != nil || !strings.Contains(text, `"invalid_request"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestJSONIsReadAsStrictlyAsByAPlugin(t *testing.T) {
	good := misdeedJSON("none")
	for _, change := range [][2]string{
		{`"routes":[]`, `"Routes":[]`}, {`"routes":[]`, `"routes":[],"routes":[]`}, {`"routes":[]`, `"routes":null`},
		{`"routes":[],`, ``},
		{`"now":1`, `"now":1.5`}, {`"now":1`, `"now":-1`}, {`"now":1`, `"now":1,"later":2`}, {`"now":1`,
			`"now":18446744073709551616`},
		{`"target_replicas":3`, `"target_replicas":4294967296`}, {`"now":1`, `"now":1,"operator":{"promote":"yes"}`},
		{`"routes":[]`, `"routes":[null]`}, {`"routes":[]`, `"routes":[{"id":"r-1"}]`},
	} {
		var request Request
		changed := strings.Replace(good, change[0], change[1], 1)
		if err := json.Unmarshal([]byte(changed), &request); err == nil || changed == good {
			t.Errorf("%s is read as %+v", changed, request)
		}
	}
	var request Request
	if err := json.Unmarshal([]byte(good), &request); err != nil || request.Spec.Config != `{"misdeed":"none"}` {
		t.Errorf("%+v, %v", request, err)
	}
}

func TestApplyingAPlanIsAllOrNothing(t *testing.T) {
	now := millisecond(9)
	routes := readyRoutes(3)
	before := readyRoutes(3)
	plan := &RouteChanges{
		RolloutSpecs:    []RolloutSpec{{2, "v3", TrafficActive, 0.25, map[string]string{"zone": "b"}}},
		PromoteRouteIDs: []string{"r-1"},
		TrafficChanges:  []TrafficChange{{"r-2", TrafficActive, 0.5}}, DrainRouteIDs: []string{"r-3"},
	}
	last := 3
	newID := func() string { last++; return "r-" + string(rune('0'+last)) }

	applied, err := plan.Apply(routes, now, newID)

	expected := readyRoutes(3)
	expected[0].TrafficStatus, expected[0].TrafficRatio = TrafficActive, 1
	expected[1].TrafficStatus, expected[1].TrafficRatio = TrafficActive, 0.5
	expected[2].Status, expected[2].StatusUpdatedAt, expected[2].End = RouteTerminating, now, EndDrained
	for _, id := range []string{"r-4", "r-5"} {
		expected = append(expected, Route{
			id, "v3", RouteProvisioning, HealthNotChecked, TrafficActive, 0.25, now, now, EndNone,
			map[string]string{"zone": "b"},
		})
	}
	if err != nil || !reflect.DeepEqual(applied, expected) || !reflect.DeepEqual(routes, before) {
		t.Errorf("found    %+v, %v\nexpected %+v", applied, err, expected)
	}
	plan.DrainRouteIDs = []string{"r-3", "nobody"}
	if applied, err := plan.Apply(routes, now, newID); err == nil || applied != nil || !reflect.DeepEqual(routes,
		before) || last != 5 {
		t.Errorf("%+v, %v", applied, err)
	}
}

func TestACacheThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewHost(background, WithCache(file)); err == nil || !strings.Contains(err.Error(),
		"cache folder `"+file+"` cannot be used") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsMissingIsAnErrorAndNoPanic(t *testing.T) {
	var argument *ArgumentError
	if _, err := blueGreen(t).EvaluateCycle(background, nil, nil); !errors.As(err, &argument) ||
		argument.Argument != "spec" {
		t.Errorf("%v", err)
	}
	plan := &RouteChanges{RolloutSpecs: []RolloutSpec{{Count: 1, Revision: "v2"}}}
	if _, err := plan.Apply(nil, millisecond(0), nil); err == nil {
		t.Error("routes without ids were created")
	}
}

func TestHalvesOfSurrogatePairsAreFound(t *testing.T) {
	for text, expected := range map[string]bool{
		`"\ud83d\ude00"`: false, `"\ud800"`: true, `"\udc00"`: true, `"\ud800x\udc00"`: true, `"\ud800\ud800\udc00"`: true,
		`"\\ud800"`:  false,
		`"\\\ud800"`: true, `"\u00e9\n"`: false, `"\ud800\n"`: true,
	} {
		if hasLoneSurrogate(text) != expected {
			t.Errorf("%s: %v", text, !expected)
		}
	}
}

func TestTextIsQuotedAsOtherHostsQuoteIt(t *testing.T) {
	if found, expected := quoted("\u2028 \u2029 <\\u2028>"), "\"\u2028 \u2029 <\\\\u2028>\""; found != expected {
		t.Errorf("found %s, expected %s", found, expected)
	}
}
