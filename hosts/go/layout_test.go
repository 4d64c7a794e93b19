package pointsman

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The offsets that values are written to and read from, against those that follow from the types in the built components.

// shape is a type: its size and alignment, and for a record where its fields are.
type shape struct {
	size, align int
	fields      map[string]int
	// cases are those of an enum or a variant, in their order.
	cases []string
}

func aligned(at, to int) int { return (at + to - 1) / to * to }

func recordOf(names []string, types []shape) shape {
	made := shape{align: 1, fields: map[string]int{}}
	for i, of := range types {
		at := aligned(made.size, of.align)
		made.fields[names[i]] = at
		made.size, made.align = at+of.size, max(made.align, of.align)
	}
	made.size = aligned(made.size, made.align)
	return made
}

// variantOf has one byte for its case, and room for the largest payload after it. Its payload's place is the field "payload".
func variantOf(cases []string, payloads []shape) shape {
	made := shape{size: 0, align: 1, cases: cases}
	for _, payload := range payloads {
		made.size, made.align = max(made.size, payload.size), max(made.align, payload.align)
	}
	at := aligned(1, made.align)
	made.size = aligned(at+made.size, made.align)
	made.fields = map[string]int{"payload": at}
	return made
}

var primitives = map[byte]shape{
	0x7f: {size: 1, align: 1}, 0x79: {size: 4, align: 4}, 0x77: {size: 8, align: 8}, 0x75: {size: 8, align: 8}, 0x73: {size: 8, align: 4},
}

// typeReader reads a component's types. Records found on the way are kept by the names of their fields.
type typeReader struct {
	t       *testing.T
	records map[string]shape
}

func (tr *typeReader) value(r *reader, types []shape) shape {
	if b := r.bytes[r.at]; b >= 0x40 && b < 0x80 {
		r.at++
		primitive, isKnown := primitives[b]
		if !isKnown {
			tr.t.Fatalf("the contract has no primitive type %#x", b)
		}
		return primitive
	}
	return types[r.u32()]
}

func (tr *typeReader) optional(r *reader, types []shape) []shape {
	if r.byte() == 0 {
		return nil
	}
	return []shape{tr.value(r, types)}
}

// definition reads a type. That of a function or a component has no shape.
func (tr *typeReader) definition(r *reader, types []shape) shape {
	var names []string
	var of []shape
	list := shape{size: 8, align: 4}
	start := r.at
	if primitive, isPrimitive := primitives[r.bytes[start]]; isPrimitive {
		r.at++
		return primitive
	}
	switch r.byte() {
	case 0x72: // record
		r.each(func() { names, of = append(names, r.name()), append(of, tr.value(r, types)) })
		made := recordOf(names, of)
		tr.records[strings.Join(names, " ")] = made
		return made
	case 0x71: // variant
		r.each(func() { names, of = append(names, r.name()), append(of, tr.optional(r, types)...); r.byte() })
		return variantOf(names, of)
	case 0x70: // list
		element := tr.value(r, types)
		return shape{size: list.size, align: list.align, fields: map[string]int{"element": element.size}}
	case 0x6f: // tuple
		r.each(func() { names, of = append(names, string(rune('0'+len(names)))), append(of, tr.value(r, types)) })
		return recordOf(names, of)
	case 0x6d: // enum
		r.each(func() { names = append(names, r.name()) })
		return variantOf(names, nil)
	case 0x6b: // option
		return variantOf([]string{"none", "some"}, []shape{tr.value(r, types)})
	case 0x6a: // result
		return variantOf([]string{"ok", "error"}, append(tr.optional(r, types), tr.optional(r, types)...))
	case 0x42: // instance
		var inner []shape
		r.each(func() {
			switch r.byte() {
			case 0x01:
				inner = append(inner, tr.definition(r, inner))
			case 0x02:
				// Of the component around it, whose types it may name.
				if sort, kind := r.sort(), r.byte(); sort != sortType || kind != 2 {
					tr.t.Fatal("an alias of something else than an outer type")
				}
				r.u32()
				inner = append(inner, types[r.u32()])
			case 0x04:
				r.externName()
				if sort, index := r.externType(); sort == sortType {
					inner = append(inner, inner[index])
				}
			}
		})
		// Its exports are found by their names later.
		return shape{}
	}
	r.at = start
	r.typeDefinition()
	return shape{}
}

// shapesIn are the records in a component.
func shapesIn(t *testing.T, path string) map[string]shape {
	tr := typeReader{t, map[string]shape{}}
	var types []shape
	sections := reader{bytes: readFile(t, builtComponent(t, path)), at: len(componentHeader)}
	for sections.more() {
		id, content := sections.byte(), sections.take(uint64(sections.u32()))
		r := &reader{bytes: content}
		switch id {
		case sectionType:
			r.each(func() { types = append(types, tr.definition(r, types)) })
		case sectionAlias:
			r.each(func() {
				before := r.at
				if r.alias() == sortType {
					types = append(types, tr.named(content[before:r.at]))
				}
			})
		case sectionImport:
			r.each(func() {
				r.externName()
				if sort, _ := r.externType(); sort == sortType {
					types = append(types, shape{})
				}
			})
		case sectionExport:
			r.each(func() {
				r.externName()
				if sort := r.sort(); sort == sortType {
					types = append(types, shape{})
				}
				r.u32()
				if r.byte() != 0 {
					r.externType()
				}
			})
		}
		if r.err != nil {
			t.Fatal(r.err)
		}
	}
	return tr.records
}

// fieldsOf are the fields of the contract's records, as the aliases of a component name them.
var fieldsOf = map[string]string{
	"route": "id revision status health traffic-status traffic-ratio created-at status-updated-at end labels",
	"spec": "deploying-revision stable-revision target-replicas started-at now operator checks limits free-places weight-steps labels " +
		"config memo",
	"route-changes": "sub-step rollout-specs promote-route-ids traffic-changes drain-route-ids reason gate next-evaluation-at memo " +
		"commitment progress labels",
	"description": "name version summary config-schema",
	"commitment":  "least-serving most-live",
}

// named is the type that an alias is of; without a shape where it is none of the records above.
func (tr *typeReader) named(alias []byte) shape {
	for name, fields := range fieldsOf {
		if strings.HasSuffix(string(alias), string(appendName(nil, name))) {
			return tr.records[fields]
		}
	}
	return shape{}
}

func TestTheLayoutFollowsFromTheTypesInTheComponents(t *testing.T) {
	strategy, guard := shapesIn(t, "plugins/blue_green.wasm"), shapesIn(t, "plugins/guard.wasm")
	reason := planCode
	for _, c := range []struct {
		in      map[string]shape
		fields  string
		size    int
		offsets []int
	}{
		{strategy, fieldsOf["route"], sizeRoute,
			[]int{routeID, routeRevision, routeStatus, routeHealth, routeTraffic, routeRatio, routeCreated, routeUpdated, routeEnd, routeLabels}},
		{strategy, "abort pause promote passed-gates", specChecks - specAbort,
			[]int{0, specPause - specAbort, specPromote - specAbort, specGates - specAbort}},
		{strategy, "name outcome observed-at", sizeCheck, []int{checkName, checkOutcome, checkObserved}},
		{strategy, fieldsOf["commitment"], sizeCommitment, []int{0, 4}},
		{strategy, fieldsOf["spec"], sizeSpec, []int{specDeploying, specStable, specTarget, specStarted, specNow, specAbort, specChecks, specLimits,
			specPlaces, specSteps, specLabels, specConfig, specMemo}},
		{strategy, "count revision traffic-status traffic-ratio labels", sizeRolloutSpec,
			[]int{rolloutCount, rolloutRevision, rolloutTraffic, rolloutRatio, rolloutLabels}},
		{strategy, "route-id traffic-status traffic-ratio", sizeTrafficChange, []int{changeID, changeTraffic, changeRatio}},
		{strategy, "code message blocking-route-ids", planGate - reason, []int{0, planMessage - reason, planBlocking - reason}},
		{strategy, "step steps share", 16, []int{0, 4, 8}},
		{strategy, fieldsOf["route-changes"], sizeRouteChanges, []int{planSubStep, planRollouts, planPromote, planTraffic, planDrain, reason, planGate,
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
	text, list := primitives[0x73], shape{size: 8, align: 4}
	result := variantOf(nil, []shape{plan, variantOf(nil, []shape{text})})
	for name, c := range map[string][2]int{
		"an evaluation":          {sizeEvaluation, result.size},
		"a plan in it":           {resultPlan, result.fields["payload"]},
		"an error in it":         {resultErrorMessage, result.fields["payload"] + variantOf(nil, []shape{text}).fields["payload"]},
		"a verdict on a config":  {sizeConfigVerdict, variantOf(nil, []shape{strategy[fieldsOf["commitment"]], text}).size},
		"a text or an error":     {sizeTextOrError, variantOf(nil, []shape{text, text}).size},
		"a label":                {sizeLabel, recordOf([]string{"0", "1"}, []shape{text, text}).size},
		"an amount":              {sizeAmount, variantOf(nil, []shape{primitives[0x79], primitives[0x79]}).size},
		"evaluate-cycle's input": {sizeEvaluateParams, recordOf([]string{"0", "1"}, []shape{list, spec}).size},
		"check-ids' input":       {sizeCheckIDsParams, recordOf([]string{"0", "1", "2"}, []shape{list, spec, plan}).size},
		"check's input":          {sizeCheckParams, recordOf([]string{"0", "1", "2", "3"}, []shape{list, spec, plan, guard["max-unavailable max-surge complete-at"]}).size},
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
		"route-status": routeStatuses, "health-status": healthStatuses, "traffic-status": trafficStatuses, "route-end": routeEnds,
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
