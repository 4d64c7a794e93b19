package pointsman

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// The corpus, through every door.

type strategy struct {
	name   string
	plugin *Plugin
}

func strategies(t *testing.T) []strategy {
	setUp(t)
	return []strategy{{"blue-green", shared.blueGreen}, {"rolling-update", shared.rollingUpdate}}
}

func TestTheCorpusThroughTheJSONDoorOneByOne(t *testing.T) {
	for _, s := range strategies(t) {
		for _, vector := range corpus(t, s.name) {
			found, err := s.plugin.EvaluateCyclesJSON(background, "["+vector.request+"]")
			if err != nil || found != "["+vector.response+"]" {
				t.Errorf("%s: %s\nfound    %s, %v\nexpected [%s]", s.name, vector.name, found, err, vector.response)
			}
		}
	}
}

func TestTheCorpusThroughTheJSONDoorAtOnce(t *testing.T) {
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

// verdict is a result in the words of an answer.
func verdict(t *testing.T, plan *RouteChanges, err error) answer {
	t.Helper()
	var refused *RefusedError
	switch {
	case err == nil:
		return answer{plan: plan}
	case errors.As(err, &refused) && refused.Kind == ErrInvalidConfig:
		return answer{code: "invalid_config", message: refused.Message}
	case errors.As(err, &refused) && refused.Kind == ErrInvalidRoutes:
		return answer{code: "invalid_routes", message: refused.Message}
	}
	t.Fatal(err)
	return answer{}
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
			if found := verdict(t, plan, err); !reflect.DeepEqual(found, expected[i]) {
				t.Errorf("%s: found %+v, expected %+v", names[i], found, expected[i])
			}
		}
		results, err := s.plugin.EvaluateCycles(background, requests)
		if err != nil || len(results) != len(requests) {
			t.Fatalf("%d results, %v", len(results), err)
		}
		for i, result := range results {
			if found := verdict(t, result.Plan, result.Err); !reflect.DeepEqual(found, expected[i]) {
				t.Errorf("%s, of many: found %+v, expected %+v", names[i], found, expected[i])
			}
		}
	}
}
