package pointsman

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// Requests in JSON: policies are taken out and limits put in, and nothing else changes.

const routesJSON = `"routes": [ {"id": "r-1", "revision" : "v\u0031"} ]`

func TestWhatAPluginIsAsked(t *testing.T) {
	ask := func(spec, more string) string { return "{" + routesJSON + `,"spec":` + spec + more + "}" }
	for _, c := range []struct {
		name, request, expected string
		guard                   Guard
	}{
		{"the policy is resolved in front", ask(`{"target_replicas":10}`, ""),
			ask(`{"limits":{"least_serving":8,"most_live":20},"target_replicas":10}`, ""), Guard{}},
		{"the deployment's own goes before", ask(`{"target_replicas":10}`, `,"policy":{"max_surge":1}`),
			ask(`{"limits":{"least_serving":8,"most_live":11},"target_replicas":10}`, ""),
			GuardWith(Policy{MaxUnavailable: Count(0)})},
		{"a null is none", ask(`{ "limits" : null , "target_replicas":10}`, ""),
			ask(`{ "limits" : {"least_serving":10,"most_live":20} , "target_replicas":10}`, ""),
			GuardWith(Policy{MaxUnavailable: Count(0)})},
		{"limits that are given stay", ask(`{"target_replicas":10,"limits":{"least_serving":1,"most_live":99}}`, ""),
			ask(`{"target_replicas":10,"limits":{"least_serving":1,"most_live":99}}`, ""), Guard{}},
		{"no policy, no limits", ask(`{"target_replicas":10}`, ""), ask(`{"target_replicas":10}`, ""), GuardIDsOnly()},
		{"a policy has no say then", ask(`{"target_replicas":10}`, `,"policy":{"max_surge":1}`),
			ask(`{"target_replicas":10}`, ""), GuardIDsOnly()},
		{"a target that is none", ask(`{"target_replicas":-1}`, ""), ask(`{"target_replicas":-1}`, ""), Guard{}},
		{"a spec that is none", ask(`7`, ""), ask(`7`, ""), Guard{}},
		{"no spec", "{" + routesJSON + "}", "{" + routesJSON + "}", Guard{}},
		{"no request", `[1, {}]`, `[1, {}]`, Guard{}},
		{"text that looks like one", ask(`{"deploying_revision":"}\",\"limits\":","target_replicas":0}`, ""),
			ask(`{"limits":{"least_serving":0,"most_live":0},"deploying_revision":"}\",\"limits\":","target_replicas":0}`, ""),
			Guard{}},
	} {
		batch := prepare("[ "+c.request+" , null]", c.guard)
		// Between the fields of a request that had to be written anew there is no space.
		found, expected := strings.ReplaceAll(batch.text, " ", ""), strings.ReplaceAll("["+c.expected+",null]", " ", "")
		if found != expected || !batch.isArray || len(batch.requests) != 2 {
			t.Errorf("%s\nfound    %s\nexpected %s", c.name, found, expected)
		}
	}
}

func TestWhatIsNoBatchIsForThePluginToRefuse(t *testing.T) {
	for _, text := range []string{"", "{}", "nonsense", "[1", "null", `"[]"`} {
		if batch := prepare(text, Guard{}); batch.isArray || batch.text != text {
			t.Errorf("%q is asked as %q", text, batch.text)
		}
	}
}

func TestAPolicyThatCannotBeReadSpoilsItsOwnRequestOnly(t *testing.T) {
	with := func(policy string) string {
		return strings.TrimSuffix(givenJSON(t, "none"), "}") + `,"policy":` + policy + "}"
	}
	text, err := hostile(t).EvaluateCyclesJSON(background, "["+strings.Join([]string{
		with(`{"max_surge": "many"}`), givenJSON(t, "none"), with(`{"max_surge": 1}`), with(`7`), with(`{},"policy":{}`),
	}, ",")+"]")
	var answers []answer
	if err == nil {
		err = json.Unmarshal([]byte(text), &answers)
	}
	if err != nil || len(answers) != 5 || answers[1].plan == nil || answers[2].plan == nil {
		t.Fatal(text, err)
	}
	for place, contains := range map[int]string{
		0: "`policy`: `max_surge`: \"many\" is no amount: it should be a number of routes",
		3: "`policy`: 7 is no object", 4: "`policy`: is given twice"} {
		if found := answers[place]; found.code != "invalid_request" || !strings.Contains(found.message, contains) {
			t.Errorf("answer %d is %+v", place, found)
		}
	}
	// Where it is the only one, the plugin is not called.
	if text, err := hostile(t).EvaluateCyclesJSON(background, "["+with(`null`)+"]"); err != nil ||
		!strings.HasPrefix(text, `[{"error":{"code":"invalid_request"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAPlanOfWhatIsNoRequestSpoilsItsOwnAnswerOnly(t *testing.T) {
	session, request := newSession(t, hostile(t)), givenJSON(t, "none")
	text, err := session.EvaluateCyclesJSON(background, "["+request+"]")
	if err != nil {
		t.Fatal(err)
	}
	plan := strings.Trim(text, "[]")
	odd := []string{"7", "null", "[]", `{}`, `{"routes":[]}`, `{"spec":{},"routes":[],"more":1}`,
		`{"routes":[],"routes":[],"spec":{}}`}
	for _, second := range []string{plan, strings.Replace(plan, `"drain_route_ids":[]`, `"drain_route_ids":["r-1"]`, 1)} {
		for _, other := range odd {
			batch := prepare("["+request+","+other+"]", Guard{})
			answered, err := session.checkAnswers(background, batch, "["+plan+","+second+"]", nil)
			expected := "[" + plan + `,{"error":{"code":"invalid_request","message":`
			if err != nil || !strings.HasPrefix(answered.text, expected) || len(answered.violations) > 0 {
				t.Errorf("%s: %s, %v", other, answered.text, err)
			}
		}
	}
}

// A deployment's own policy, through each entry point that takes one.
func TestEachDeploymentHasItsPolicy(t *testing.T) {
	lenient, strict := Policy{MaxUnavailable: Percent(100)}, Policy{}
	plugin, drain := hostile(t), misdeed("drain_all")
	isRejected := func(err error) bool { return errors.Is(err, ErrPlanRejected) }

	if _, err := plugin.EvaluateCycleUnder(background, strict, given(), drain); !isRejected(err) {
		t.Errorf("%v", err)
	}
	plan, err := plugin.EvaluateCycleUnder(background, lenient, given(), drain)
	if err != nil || plan.Commitment != (Commitment{0, 6}) {
		t.Errorf("%+v, %v", plan, err)
	}
	session := newSession(t, plugin)
	if plan, err = session.EvaluateCycleUnder(background, lenient, given(), drain); err != nil ||
		plan.Commitment != (Commitment{0, 6}) {
		t.Errorf("%+v, %v", plan, err)
	}
	results, err := plugin.EvaluateCycles(background, []Request{{given(), *drain, nil, ""},
		{given(), *drain, &lenient, ""},
		{given(), *drain, &strict, ""}})
	if err != nil || !isRejected(results[0].Err) || results[1].Err != nil || !isRejected(results[2].Err) {
		t.Errorf("%v, %v", results, err)
	}
	own := strings.TrimSuffix(givenJSON(t, "drain_all"), "}") + `,"policy":{"max_unavailable":"100%"}}`
	text, err := plugin.EvaluateCyclesJSON(background, "["+givenJSON(t, "drain_all")+","+own+"]")
	if err != nil || strings.Count(text, "plan_rejected") != 1 || !strings.Contains(text,
		`"commitment":{"least_serving":0,"most_live":6}`) {
		t.Errorf("%s, %v", text, err)
	}
	// What the caller gives wins over every policy.
	drain.Limits = &Commitment{0, 7}
	if plan, err := plugin.EvaluateCycle(background, given(), drain); err != nil || plan.Commitment != *drain.Limits {
		t.Errorf("%+v, %v", plan, err)
	}
	// Where only ids are checked a policy has no say.
	drain.Limits = nil
	free := plugin.WithGuard(GuardIDsOnly())
	if plan, err := free.EvaluateCycleUnder(background, strict, given(), drain); err != nil ||
		plan.Commitment.LeastServing != 0 {
		t.Errorf("%+v, %v", plan, err)
	}
	if results, err := free.EvaluateCycles(background, []Request{{given(), *drain, &strict, ""}}); err != nil ||
		results[0].Err != nil {
		t.Errorf("%v, %v", results, err)
	}
}

func TestTheRegistryTakesAPolicyForADeployment(t *testing.T) {
	registry := mustRegistry(t, sharedHost(t), RegistryOptions{})
	defer registry.Close()
	mustSwap(t, registry, "hostile", builtComponent(t, "guests/hostile.wasm"))
	evaluated, err := registry.EvaluateCycleUnder(background, "hostile", "a", Policy{MaxUnavailable: Percent(100)},
		given(),
		misdeed("drain_all"))
	if err != nil || len(evaluated.Value.DrainRouteIDs) != 6 {
		t.Errorf("%+v, %v", evaluated, err)
	}
	if _, err := registry.EvaluateCycle(background, "hostile", "a", given(), misdeed("drain_all")); !errors.Is(err,
		ErrPlanRejected) {
		t.Errorf("%v", err)
	}
}
