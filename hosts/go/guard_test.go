package pointsman

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// The guard in the host: hostile plans through every entry point, and what the guard's own failures come to.

// given are three serving routes of v1, and three of v2, one of them not healthy.
func given() []Route {
	routes := readyRoutes(6)
	for i := range routes[:3] {
		routes[i].Revision, routes[i].TrafficStatus, routes[i].TrafficRatio = "v1", TrafficActive, 1
	}
	routes[5].Health = HealthUnhealthy
	return routes
}

// givenJSON is a request for a misdeed to the same routes, as JSON.
func givenJSON(t *testing.T, word string) string {
	t.Helper()
	var routes []map[string]any
	for _, route := range given() {
		word := func(s string) string { return strings.ReplaceAll(s, "-", "_") }
		routes = append(routes, map[string]any{
			"id": route.ID, "revision": route.Revision, "status": word(route.Status.String()),
			"health":         word(route.Health.String()),
			"traffic_status": word(route.TrafficStatus.String()), "traffic_ratio": route.TrafficRatio, "created_at": 0,
		})
	}
	spec := map[string]any{
		"deploying_revision": "v2", "target_replicas": 3, "started_at": 0, "now": 1000,
		"config": map[string]string{"misdeed": word},
	}
	text, err := json.Marshal(map[string]any{"routes": routes, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// asker gives the guard's violations of a misdeed, through one of the entry points.
type asker struct {
	name  string
	codes func(t *testing.T, plugin *Plugin, word string) []ViolationCode
}

func codesOf(t *testing.T, err error) []ViolationCode {
	t.Helper()
	var rejected *RejectedError
	if err == nil {
		return nil
	}
	if !errors.As(err, &rejected) || !errors.Is(err, ErrPlanRejected) || rejected.Plan == nil {
		t.Fatal(err)
	}
	var codes []ViolationCode
	for _, violation := range rejected.Violations {
		codes = append(codes, violation.Code)
		if !strings.Contains(err.Error(), string(violation.Code)+": "+violation.Message) {
			t.Errorf("%v does not say %v", err, violation)
		}
	}
	return codes
}

var askers = []asker{
	{"typed", func(t *testing.T, plugin *Plugin, word string) []ViolationCode {
		spec := misdeed(word)
		spec.Now = millisecond(1000)
		_, err := plugin.EvaluateCycle(background, given(), spec)
		return codesOf(t, err)
	}},
	{"batch", func(t *testing.T, plugin *Plugin, word string) []ViolationCode {
		var requests []Request
		for _, word := range []string{"none", word, "none"} {
			requests = append(requests, Request{Routes: given(), Spec: *misdeed(word)})
		}
		results, err := plugin.EvaluateCycles(background, requests)
		if err != nil || results[0].Err != nil || results[2].Err != nil {
			t.Fatal(results, err)
		}
		return codesOf(t, results[1].Err)
	}},
	{"json", func(t *testing.T, plugin *Plugin, word string) []ViolationCode {
		request := "[" + givenJSON(t, "none") + "," + givenJSON(t, word) + "," + givenJSON(t, "none") + "]"
		text, err := plugin.EvaluateCyclesJSON(background, request)
		if err != nil {
			t.Fatal(err)
		}
		var answers []struct {
			Ok    *RouteChanges
			Error *struct {
				Code       string
				Message    string
				Violations []Violation
			}
		}
		if err := json.Unmarshal([]byte(text), &answers); err != nil {
			t.Fatal(text, err)
		}
		if len(answers) != 3 || answers[0].Ok == nil || answers[2].Ok == nil {
			t.Fatal(text)
		}
		if answers[1].Error == nil {
			return nil
		}
		var codes []ViolationCode
		for _, violation := range answers[1].Error.Violations {
			codes = append(codes, violation.Code)
		}
		if answers[1].Error.Code != "plan_rejected" || answers[1].Error.Message != summary(answers[1].Error.Violations) {
			t.Errorf("%+v", answers[1].Error)
		}
		return codes
	}},
}

func TestAHostilePlanIsRejected(t *testing.T) {
	for word, expected := range map[string][]ViolationCode{
		"none":                   nil,
		"unknown_id":             {ViolationUnknownID},
		"duplicate_id":           {ViolationDuplicateID, ViolationPromotedNotGreen},
		"promote_and_drain":      {ViolationConflictingChanges, ViolationPromotedNotGreen},
		"promote_all":            {ViolationPromotedNotGreen, ViolationPromotedNotReady},
		"promote_blue":           {ViolationPromotedNotGreen},
		"promote_not_ready":      {ViolationPromotedNotReady},
		"drain_all":              {ViolationCapacityLowered, ViolationDrainedWhileShort},
		"create_ten_million":     {ViolationTooManyLive, ViolationTooManyTerminating},
		"create_active":          {ViolationTooManyLive},
		"long_memo":              {ViolationInvalidMemo},
		"nul_memo":               {ViolationInvalidMemo},
		"complete_early":         {ViolationCompletedEarly},
		"roll_back_early":        {ViolationRolledBackEarly},
		"again_in_a_millisecond": nil,
		"forge_texts":            nil,
		"again_at_once":          {ViolationNextEvaluationNotAhead},
	} {
		for _, asker := range askers {
			if found := asker.codes(t, hostile(t), word); !slices.Equal(found, expected) {
				t.Errorf("%s, %s: found %v, expected %v", word, asker.name, found, expected)
			}
		}
	}
	assertGoesOn(t, hostile(t), blueGreen(t))
}

func TestARejectionIsWrittenAsOtherHostsWriteIt(t *testing.T) {
	text, err := hostile(t).EvaluateCyclesJSON(background, "["+misdeedJSON("unknown_id")+"]")
	const expected = `[{"error":{"code":"plan_rejected","message":"unknown-id: not among the given routes: ` + "`nobody`" +
		`","violations":[{"code":"unknown-id","route_ids":["nobody"],"message":"not among the given routes: ` + "`nobody`" +
		`"}]}}]`
	if err != nil || text != expected {
		t.Errorf("found    %s, %v\nexpected %s", text, err, expected)
	}
}

func TestARatioThatIsNoNumberIsRejectedByBothEntryPoints(t *testing.T) {
	if found := askers[0].codes(t, hostile(t), "nan_ratio"); !slices.Equal(found,
		[]ViolationCode{ViolationRatioOutOfRange}) {
		t.Errorf("found %v", found)
	}
	// JSON has no NaN, so there the answer is none.
	_, err := hostile(t).EvaluateCyclesJSON(background, "["+givenJSON(t, "nan_ratio")+"]")
	if callKind(t, hostile(t), err) != ErrBrokenContract {
		t.Errorf("%v", err)
	}
}

func TestIDsAreCheckedWhateverTheGuard(t *testing.T) {
	plugin := hostile(t).WithGuard(GuardIDsOnly())
	for word, expected := range map[string][]ViolationCode{
		"drain_all": nil, "again_at_once": nil, "unknown_id": {ViolationUnknownID}, "duplicate_id": {ViolationDuplicateID},
		"promote_and_drain": {ViolationConflictingChanges},
	} {
		for _, asker := range askers {
			if found := asker.codes(t, plugin, word); !slices.Equal(found, expected) {
				t.Errorf("%s, %s: found %v, expected %v", word, asker.name, found, expected)
			}
		}
	}
}

func TestAPolicyCanBeSet(t *testing.T) {
	policy := Policy{MaxUnavailable: Percent(100)}
	plugin := hostile(t).WithGuard(GuardWith(policy))
	for _, asker := range askers {
		if found := asker.codes(t, plugin, "drain_all"); found != nil {
			t.Errorf("%s: found %v", asker.name, found)
		}
		if found := asker.codes(t, plugin, "create_ten_million"); len(found) == 0 {
			t.Errorf("%s: the rest of the policy is as it was, but found nothing", asker.name)
		}
	}
	if found, _ := plugin.Guard().Policy(); found != (Policy{Percent(100), Percent(100), Percent(100)}) {
		t.Errorf("found %v", found)
	}
	if found, has := hostile(t).Guard().Policy(); found != DefaultPolicy() || !has {
		t.Errorf("the default is %v", found)
	}
	if _, has := hostile(t).WithGuard(GuardIDsOnly()).Guard().Policy(); has {
		t.Error("there is a policy where only ids are checked")
	}
}

func TestIDsDoNotLeakFromOneDeploymentIntoAnother(t *testing.T) {
	other := readyRoutes(9)[7:]
	plugin := hostile(t)
	// An instance that is as good as new has nothing to leak.
	if _, err := plugin.EvaluateCycle(background, given(), misdeed("leak_ids")); err != nil {
		t.Fatal(err)
	}
	plan, err := plugin.EvaluateCycle(background, other, misdeed("leak_ids"))
	if err != nil || !plan.IsEmpty() {
		t.Errorf("%v, %v", plan, err)
	}
	// A session has, and the guard finds it.
	session, err := plugin.Session(background)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.EvaluateCycle(background, given(), misdeed("leak_ids")); err != nil {
		t.Fatal(err)
	}
	_, err = session.EvaluateCycle(background, other, misdeed("leak_ids"))
	var rejected *RejectedError
	if !errors.As(err, &rejected) || rejected.Violations[0].Code != ViolationUnknownID ||
		len(rejected.Violations[0].RouteIDs) != 6 {
		t.Errorf("%v", err)
	}
}

func TestAGuardThatFailsLetsNoPlanPass(t *testing.T) {
	host := newHost(t, Limits{})
	plugin := load(t, host, "guests/hostile.wasm")
	host.guard.isHeld = false
	host.guard.Close()
	for _, ask := range []func() error{
		func() error { _, err := plugin.EvaluateCycle(background, readyRoutes(1), misdeed("good")); return err },
		func() error {
			_, err := plugin.EvaluateCyclesJSON(background, "["+misdeedJSON("unknown_id")+"]")
			return err
		},
	} {
		err := ask()
		var guard *GuardError
		if !errors.As(err, &guard) || guard.Plugin != plugin.ID() || !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
	}
	// Nothing can be wrong with this one.
	if _, err := plugin.EvaluateCycle(background, nil, misdeed("none")); err != nil {
		t.Error(err)
	}
}
