package pointsman

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The offsets that values are written to and read from, against those that follow from the types of the functions.

// fieldsOf are the fields of the contract's records, in their order.
var fieldsOf = map[string]string{
	"route": "id revision status health traffic-status traffic-ratio created-at status-updated-at end labels",
	"spec": "deploying-revision stable-revision target-replicas started-at now operator checks limits free-places " +
		"weight-steps labels config memo",
	"route-changes": "sub-step rollout-specs promote-route-ids traffic-changes drain-route-ids reason gate " +
		"next-evaluation-at memo commitment progress labels",
	"description": "name version summary config-schema",
	"commitment":  "least-serving most-live",
}

func TestTheLayoutFollowsFromTheTypesOfTheFunctions(t *testing.T) {
	strategy, guard := shapesIn(t, strategyInterface), shapesIn(t, guardInterface)
	reason := planCode
	for _, c := range []struct {
		in      map[string]shape
		fields  string
		size    int
		offsets []int
	}{
		{strategy, fieldsOf["route"], sizeRoute,
			[]int{routeID, routeRevision, routeStatus, routeHealth, routeTraffic, routeRatio, routeCreated, routeUpdated,
				routeEnd, routeLabels}},
		{strategy, "abort pause promote passed-gates", specChecks - specAbort,
			[]int{0, specPause - specAbort, specPromote - specAbort, specGates - specAbort}},
		{strategy, "name outcome observed-at", sizeCheck, []int{checkName, checkOutcome, checkObserved}},
		{strategy, fieldsOf["commitment"], sizeCommitment, []int{0, 4}},
		{strategy, fieldsOf["spec"], sizeSpec, []int{specDeploying, specStable, specTarget, specStarted, specNow, specAbort,
			specChecks, specLimits,
			specPlaces, specSteps, specLabels, specConfig, specMemo}},
		{strategy, "count revision traffic-status traffic-ratio labels", sizeRolloutSpec,
			[]int{rolloutCount, rolloutRevision, rolloutTraffic, rolloutRatio, rolloutLabels}},
		{strategy, "route-id traffic-status traffic-ratio", sizeTrafficChange, []int{changeID, changeTraffic, changeRatio}},
		{strategy, "code message blocking-route-ids", planGate - reason, []int{0, planMessage - reason,
			planBlocking - reason}},
		{strategy, "step steps share", 16, []int{0, 4, 8}},
		{strategy, fieldsOf["route-changes"], sizeRouteChanges, []int{planSubStep, planRollouts, planPromote, planTraffic,
			planDrain, reason, planGate,
			planNext, planMemo, planCommitment, planProgress, planLabels}},
		{strategy, fieldsOf["description"], sizeDescription, []int{0, 8, 16, 24}},
		{guard, fieldsOf["route"], sizeRoute, nil},
		{guard, fieldsOf["spec"], sizeSpec, nil},
		{guard, fieldsOf["route-changes"], sizeRouteChanges, nil},
		{guard, "max-unavailable max-surge complete-at", sizePolicy, []int{0, sizeAmount, 2 * sizeAmount}},
		{guard, "code route-ids message", sizeViolation, []int{violationCode, violationIDs, violationMessage}},
	} {
		found, isThere := c.in[c.fields]
		if !isThere {
			t.Errorf("there is no record of %s; there are %q", c.fields, slices.Sorted(maps.Keys(c.in)))
			continue
		}
		if found.size != c.size {
			t.Errorf("%s: %d bytes, expected %d", c.fields, c.size, found.size)
		}
		for i, name := range strings.Fields(c.fields) {
			if c.offsets != nil && c.offsets[i] != found.fields[name] {
				t.Errorf("%s is at %d, expected %d", name, c.offsets[i], found.fields[name])
			}
		}
	}
	plan, spec := strategy[fieldsOf["route-changes"]], strategy[fieldsOf["spec"]]
	text := primitives["string"]
	result := variantOf(nil, []shape{plan, variantOf(nil, []shape{text})})
	for name, c := range map[string][2]int{
		"an evaluation": {sizeEvaluation, result.size},
		"a plan in it":  {resultPlan, result.fields["payload"]},
		"an error in it": {resultErrorMessage, result.fields["payload"] + variantOf(nil,
			[]shape{text}).fields["payload"]},
		"a verdict on a config":  {sizeConfigVerdict, variantOf(nil, []shape{strategy[fieldsOf["commitment"]], text}).size},
		"a text or an error":     {sizeTextOrError, variantOf(nil, []shape{text, text}).size},
		"a label":                {sizeLabel, recordOf([]string{"0", "1"}, []shape{text, text}).size},
		"an amount":              {sizeAmount, variantOf(nil, []shape{primitives["u32"], primitives["u32"]}).size},
		"evaluate-cycle's input": {sizeEvaluateParams, recordOf([]string{"0", "1"}, []shape{list, spec}).size},
		"check-ids' input":       {sizeCheckIDsParams, recordOf([]string{"0", "1", "2"}, []shape{list, spec, plan}).size},
		"check's input": {sizeCheckParams, recordOf([]string{"0", "1", "2", "3"}, []shape{list, spec, plan,
			guard["max-unavailable max-surge complete-at"]}).size},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, expected %d", name, c[0], c[1])
		}
	}
}

// Enums go by the place of a word.
func TestTheWordsAreInTheContractsOrder(t *testing.T) {
	contract := string(readFile(t, "../../wit/strategy.wit"))
	for name, words := range map[string]words{
		"route-status": routeStatuses, "health-status": healthStatuses, "traffic-status": trafficStatuses,
		"route-end":     routeEnds,
		"check-outcome": checkOutcomes, "sub-step": subSteps,
	} {
		_, body, hasEnum := strings.Cut(contract, "enum "+name+" {")
		body, _, _ = strings.Cut(body, "}")
		var found []string
		for line := range strings.Lines(body) {
			if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "//") {
				found = append(found, strings.TrimSuffix(word, ","))
			}
		}
		if !hasEnum || !slices.Equal(found, words) {
			t.Errorf("%s has %q, expected %q", name, words, found)
		}
	}
}
