package pointsman

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// Every field of every type, in and out: through the typed entry points and through JSON the same is said, to the last
// bit.

func TestJSONIsReadAsItIsMeant(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(7, 11))}
	for range 300 {
		request := m.request()
		if m.some() {
			request.Policy = &Policy{Count(m.Uint32N(3)), Millipercent(m.Uint32N(300_000)), Percent(100)}
		}
		var found Request
		if err := json.Unmarshal([]byte(jsonOf(t, &request)), &found); err != nil || !reflect.DeepEqual(found, request) {
			t.Fatalf("%s\nfound    %+v, %v\nexpected %+v", jsonOf(t, &request), found, err, request)
		}
		plan := m.plan(request.Routes)
		var read RouteChanges
		if err := json.Unmarshal([]byte(jsonOf(t, plan)), &read); err != nil || !reflect.DeepEqual(&read, plan) {
			t.Fatalf("%s\nfound    %+v, %v\nexpected %+v", jsonOf(t, plan), read, err, plan)
		}
	}
}

// The guard judges values and text alike, and looks at all that matters.
func TestEveryFieldReachesTheGuard(t *testing.T) {
	session := newSession(t, hostile(t))
	guard, err := sharedHost(t).guard.loaded.instantiate(background)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.close()
	guard.functions = append(guard.functions,
		guard.module.ExportedFunction("pointsman:guard/guard-json@0.2.0#check-plans"))
	guard.posts = append(guard.posts, nil)
	checkPlans := len(guard.functions) - 1
	byText := &Session{plugin: sharedHost(t).guard, instance: guard, isOpen: true}
	m := maker{rand.New(rand.NewPCG(3, 5))}
	seen := map[ViolationCode]int{}
	for range 3000 {
		request := m.request()
		plan := m.plan(request.Routes)
		policy := Policy{Count(m.Uint32N(3)), Count(m.Uint32N(3)), Percent(50 + m.Uint32N(50))}
		if m.some() {
			policy = Policy{Millipercent(m.Uint32N(100_001)), Millipercent(m.Uint32N(200_000)), Count(m.Uint32N(9))}
		}
		typed, err := session.violations(background, request.Routes, &request.Spec, plan, GuardWith(policy))
		if err != nil {
			t.Fatal(err)
		}
		text := jsonOf(t, &request)
		text = fmt.Sprintf(`[%s,"plan":%s,"policy":%s}]`, strings.TrimSuffix(text, "}"), jsonOf(t, plan), jsonOf(t, &policy))
		var answered string
		var problem error
		if err := byText.text(background, checkPlans, text, "plans", func(l *lifting, at uint32) {
			answered,
				problem = l.textOrError(at)
		}); err != nil || problem != nil {
			t.Fatal(err, problem)
		}
		var verdicts []struct {
			Violations []Violation
			Error      string
		}
		if err := json.Unmarshal([]byte(answered), &verdicts); err != nil || verdicts[0].Error != "" {
			t.Fatalf("%s\n%s, %v", text, answered, err)
		}
		for i := range typed {
			seen[typed[i].Code]++
			typed[i].RouteIDs = append([]string{}, typed[i].RouteIDs...)
		}
		if len(typed) != len(verdicts[0].Violations) || len(typed) > 0 && !reflect.DeepEqual(typed, verdicts[0].Violations) {
			t.Fatalf("%s\ntyped  %q\nas text %q", text, typed, verdicts[0].Violations)
		}
	}
	for _, code := range []ViolationCode{
		ViolationInvalidRoutes, ViolationUnknownID, ViolationDuplicateID, ViolationConflictingChanges,
		ViolationChangedNotLive, ViolationPromotedNotGreen,
		ViolationPromotedNotReady, ViolationActivatedNotReady, ViolationStandbyNotApproved, ViolationCreatedOtherRevision,
		ViolationEmptyCreation,
		ViolationRatioOutOfRange, ViolationRatioNotPossible, ViolationCapacityLowered, ViolationDrainedWhileShort,
		ViolationTooManyLive,
		ViolationTooManyTerminating, ViolationCompletedEarly, ViolationRolledBackEarly, ViolationAgainstRequest,
		ViolationInvalidMemo,
		ViolationNextEvaluationNotAhead,
	} {
		if seen[code] == 0 {
			t.Errorf("no plan came to %s", code)
		}
		delete(seen, code)
	}
	if len(seen) > 0 {
		t.Errorf("the guard has other codes: %v", seen)
	}
}

func TestRatiosAreExactToTheBit(t *testing.T) {
	plugin := hostile(t).WithGuard(GuardIDsOnly())
	routes := readyRoutes(3000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range routes {
		bits := random.Uint64() % (math.Float64bits(1) + 1)
		routes[i].TrafficStatus, routes[i].TrafficRatio = TrafficStatus(1+i%3), math.Float64frombits(bits)
	}
	routes[0].TrafficRatio, routes[1].TrafficRatio, routes[2].TrafficRatio = 0, 1, math.SmallestNonzeroFloat64
	spec := misdeed("echo_traffic")
	typed, err := plugin.EvaluateCycle(background, routes, spec)
	if err != nil {
		t.Fatal(err)
	}
	text, err := plugin.EvaluateCyclesJSON(background, "["+jsonOf(t, &Request{Routes: routes, Spec: *spec})+"]")
	var answers []answer
	if err == nil {
		err = json.Unmarshal([]byte(text), &answers)
	}
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]*Route{}
	for i := range routes {
		given[routes[i].ID] = &routes[i]
	}
	for name, plan := range map[string]*RouteChanges{"typed": typed, "JSON": answers[0].plan} {
		if len(plan.TrafficChanges) != len(routes) {
			t.Fatalf("%s: %d changes", name, len(plan.TrafficChanges))
		}
		for _, change := range plan.TrafficChanges {
			route := given[change.RouteID]
			if math.Float64bits(change.TrafficRatio) != math.Float64bits(route.TrafficRatio) ||
				change.TrafficStatus != route.TrafficStatus {
				t.Errorf("%s: %v came back as %v", name, route, change)
			}
		}
	}
}

// The plugin is told everything: what it takes apart as text is what it takes apart as values.
func TestEveryFieldReachesAPlugin(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(13, 17))}
	var requests []Request
	var texts []string
	for range 400 {
		request := m.request()
		// Clocks that run, so that not every delay and deadline is over.
		request.Spec.StartedAt, request.Spec.Now = moment(5_000), moment(20_000+m.Uint64N(20_000))
		request.Spec.Config = []string{`{}`, `{"auto_promote": true, "promote_delay_seconds": 9}`,
			`{"keep_blue_seconds": 60, "auto_promote": true}`}[m.IntN(3)]
		for i := range request.Routes {
			request.Routes[i].CreatedAt = moment(m.Uint64N(40_000))
		}
		requests, texts = append(requests, request), append(texts, jsonOf(t, &request))
	}
	codes := map[string]bool{}
	for _, plugin := range []*Plugin{blueGreen(t), shared.rollingUpdate} {
		plugin = plugin.WithGuard(GuardIDsOnly())
		if plugin.ID() == shared.rollingUpdate.ID() {
			for i := range requests {
				texts[i] = strings.Replace(texts[i], `"config":`+compact(t, []byte(requests[i].Spec.Config)), `"config":{}`, 1)
				requests[i].Spec.Config = "{}"
			}
		}
		results, err := plugin.EvaluateCycles(background, requests)
		if err != nil {
			t.Fatal(err)
		}
		text, err := plugin.EvaluateCyclesJSON(background, "["+strings.Join(texts, ",")+"]")
		var answers []answer
		if err == nil {
			err = json.Unmarshal([]byte(text), &answers)
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, result := range results {
			found := decided(t, result.Plan, result.Err)
			if !reflect.DeepEqual(found, answers[i]) {
				t.Errorf("%s\nas values %+v\nas text   %+v", texts[i], found, answers[i])
			}
			if found.plan != nil {
				codes[found.plan.Reason.Code] = true
			}
			codes[found.code] = true
		}
	}
	for _, code := range []string{"invalid_routes", "invalid_spec", "aborted", "paused", "check-failed", "creating-green",
		"no-budget", "replacing"} {
		if !codes[code] {
			t.Errorf("no request came to %s", code)
		}
	}
}
