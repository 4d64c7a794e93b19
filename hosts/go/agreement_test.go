package pointsman

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// The corpus, through every entry point.

type strategy struct {
	name   string
	plugin *Plugin
}

// strategies are the plugins themselves, without the limits of a policy.
func strategies(t *testing.T) []strategy {
	setUp(t)
	return []strategy{
		{"blue-green", shared.blueGreen.WithGuard(GuardIDsOnly())}, {"rolling-update",
			shared.rollingUpdate.WithGuard(GuardIDsOnly())},
	}
}

func TestTheCorpusThroughTheJSONEntryPointOneByOne(t *testing.T) {
	for _, s := range strategies(t) {
		for _, vector := range corpus(t, s.name) {
			found, err := s.plugin.EvaluateCyclesJSON(background, "["+vector.request+"]")
			if err != nil || found != "["+vector.response+"]" {
				t.Errorf("%s: %s\nfound    %s, %v\nexpected [%s]", s.name, vector.name, found, err, vector.response)
			}
		}
	}
}

func TestTheCorpusThroughTheJSONEntryPointAtOnce(t *testing.T) {
	for _, s := range strategies(t) {
		var requests, responses []string
		for _, vector := range corpus(t, s.name) {
			requests, responses = append(requests, vector.request), append(responses, vector.response)
		}
		found, err := s.plugin.EvaluateCyclesJSON(background, "["+strings.Join(requests, ",")+"]")
		if expected := "[" + strings.Join(responses, ",") + "]"; err != nil || found != expected {
			t.Errorf("%s: found %s, %v", s.name, found, err)
		}
	}
}

// decided is a result in the words of an answer.
func decided(t *testing.T, plan *RouteChanges, err error) answer {
	t.Helper()
	var refused *RefusedError
	if err == nil {
		return answer{plan: plan}
	}
	codes := map[error]string{ErrInvalidConfig: "invalid_config", ErrInvalidSpec: "invalid_spec",
		ErrInvalidRoutes: "invalid_routes"}
	if !errors.As(err, &refused) || codes[refused.Kind] == "" {
		t.Fatal(err)
	}
	return answer{code: codes[refused.Kind], message: refused.Message}
}

func TestTheCorpusAsGoValues(t *testing.T) {
	for _, s := range strategies(t) {
		var requests []Request
		var expected []answer
		var names []string
		for _, vector := range corpus(t, s.name) {
			var response answer
			if err := json.Unmarshal([]byte(vector.response), &response); err != nil {
				t.Fatalf("%s: %v", vector.name, err)
			}
			// Some of the corpus is about text that is no request.
			var request Request
			if err := json.Unmarshal([]byte(vector.request), &request); err != nil {
				if response.code == "" {
					t.Errorf("%s: %v", vector.name, err)
				}
				continue
			}
			if response.code == "invalid_request" {
				t.Errorf("%s is read as a request", vector.name)
				continue
			}
			requests, expected, names = append(requests, request), append(expected, response), append(names, vector.name)
		}
		if len(requests) < 40 {
			t.Fatalf("only %d requests of the corpus of %s can be typed", len(requests), s.name)
		}
		for i, request := range requests {
			plan, err := s.plugin.EvaluateCycle(background, request.Routes, &request.Spec)
			if found := decided(t, plan, err); !reflect.DeepEqual(found, expected[i]) {
				t.Errorf("%s: found %+v, expected %+v", names[i], found, expected[i])
			}
		}
		results, err := s.plugin.EvaluateCycles(background, requests)
		if err != nil || len(results) != len(requests) {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, result := range results {
			if found := decided(t, result.Plan, result.Err); !reflect.DeepEqual(found, expected[i]) {
				t.Errorf("%s, of many: found %+v, expected %+v", names[i], found, expected[i])
			}
		}
	}
}

// Under the default policy a strategy may do less, but nothing that it does is rejected.
func TestNoPlanOfTheCorpusIsRejected(t *testing.T) {
	for _, s := range strategies(t) {
		plugin := s.plugin.WithGuard(Guard{})
		for _, vector := range corpus(t, s.name) {
			text, err := plugin.EvaluateCyclesJSON(background, "["+vector.request+"]")
			if err != nil || strings.Contains(text, "plan_rejected") {
				t.Errorf("%s: %s: %s, %v", s.name, vector.name, text, err)
			}
		}
	}
}
