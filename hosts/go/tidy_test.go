package pointsman

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

// Tidying of plans.

func TestATextIsFitForALog(t *testing.T) {
	for _, c := range []struct {
		text     string
		longest  int
		expected string
	}{
		{"2 of 3 are ready", 64, "2 of 3 are ready"}, {"", 64, ""}, {"abcdefgh", 8, "abcdefgh"}, {"abcdefghi", 8, "abcde…"},
		{"ééééé", 8, "éé…"},
		{"a\nb\tc\x00", 64, `a\u{a}b\u{9}c\u{0}`}, {"\x7f\u0080\u009b31m", 64, `\u{7f}\u{80}\u{9b}31m`},
		{"a\u202eb\u2066c\u2069\u200e\u200f\u061c", 64, `a\u{202e}b\u{2066}c\u{2069}\u{200e}\u{200f}\u{61c}`},
		{"\u2028\u2029", 64, `\u{2028}\u{2029}`},
		{"\n\n\n", 8, `\u{a}…`}, {"\u2028\u2028", 12, `\u{2028}…`}, {"\u2028", 3, "…"},
		{"\u200d\u2065\u206a\u2027\u202f é 😀", 64, "\u200d\u2065\u206a\u2027\u202f é 😀"},
	} {
		found := tidied(c.text, c.longest)
		if found != c.expected || len(found) > c.longest || !utf8.ValidString(found) {
			t.Errorf("%q is %q, expected %q", c.text, found, c.expected)
		}
	}
}

func TestTheNextEvaluationIsASecondAhead(t *testing.T) {
	for _, c := range []struct{ at, now, expected uint64 }{
		{4_999, 5_000, 4_999}, {5_000, 5_000, 5_000}, {5_001, 5_000, 6_000}, {5_999, 5_000, 6_000}, {6_000, 5_000, 6_000},
		{9_000, 5_000, 9_000},
		{math.MaxUint64, math.MaxUint64 - 1, math.MaxUint64}, {math.MaxUint64 - 1, math.MaxUint64 - 2, math.MaxUint64}, {1,
			0, 1_000},
	} {
		plan := RouteChanges{NextEvaluationAt: moment(c.at)}
		plan.tidy(moment(c.now))
		if found, _ := millisOf(plan.NextEvaluationAt); found != c.expected {
			t.Errorf("%d at %d is %d, expected %d", c.at, c.now, found, c.expected)
		}
	}
	plan := RouteChanges{}
	if plan.tidy(moment(5)); !plan.NextEvaluationAt.IsZero() {
		t.Errorf("none is %v", plan.NextEvaluationAt)
	}
}

func TestEveryPlanIsPutRight(t *testing.T) {
	forged := "ok\\u{a}ERROR \\u{9b}31m all routes lost \\u{202e}" + strings.Repeat("x", 974) + "…"
	spec := misdeed("forge_texts")
	plan, err := hostile(t).EvaluateCycle(background, given(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Reason.Message != forged || len(forged) != 1024 || plan.Reason.Code != strings.Repeat("c", 61)+"…" ||
		plan.Gate != strings.Repeat("g", 61)+"…" {
		t.Errorf("%+v", plan)
	}
	results, err := hostile(t).EvaluateCycles(background, []Request{{Routes: given(), Spec: *spec}})
	if err != nil || results[0].Plan.Reason.Message != forged {
		t.Errorf("%+v, %v", results, err)
	}
	again := misdeed("again_in_a_millisecond")
	plan, err = hostile(t).EvaluateCycle(background, given(), again)
	if err != nil || !plan.NextEvaluationAt.Equal(millisecond(1001)) {
		t.Errorf("%+v, %v", plan, err)
	}
	for _, guard := range []Guard{{}, GuardIDsOnly()} {
		request := "[" + givenJSON(t, "forge_texts") + "," + givenJSON(t, "none") + "," + givenJSON(t,
			"again_in_a_millisecond") + "]"
		text, err := hostile(t).WithGuard(guard).EvaluateCyclesJSON(background, request)
		var answers []answer
		if err == nil {
			err = json.Unmarshal([]byte(text), &answers)
		}
		if err != nil || len(answers) != 3 {
			t.Fatal(text, err)
		}
		first, last := answers[0].plan, answers[2].plan
		if first.Reason.Message != forged || len(first.Reason.Code) != 64 || len(first.Gate) != 64 ||
			!last.NextEvaluationAt.Equal(millisecond(2000)) {
			t.Errorf("%+v, %+v", first, last)
		}
		// The rest is as the plugin wrote it.
		if !strings.HasPrefix(text,
			`[{"ok":{"sub_step":"provisioning","rollout_specs":[],"promote_route_ids":[],"traffic_changes":[],`+
				`"drain_route_ids":[],"reason":{"code":"ccc`) {
			t.Errorf("%.300s", text)
		}
	}
}
