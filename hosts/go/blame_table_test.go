package pointsman

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The table of outcomes that every host's registry comes to; tests/blame/README.md says how it is read.

type blameTable struct {
	Options struct {
		RevertAfter    int   `json:"revert_after"`
		OpenAfter      int   `json:"open_after"`
		FirstBackOff   int64 `json:"first_back_off"`
		LongestBackOff int64 `json:"longest_back_off"`
		MostEntries    int   `json:"most_entries"`
	}
	Cases []blameCase
}

type blameCase struct {
	Name     string
	Versions []string
	Seen     *[]string
	Steps    []blameStep
}

type blameCall struct {
	Deployment, Spec string
	N, Again, Third  Outcome
	P, Returns       Outcome
}

type blameStep struct {
	At   *int64
	Ends *bool
	blameCall
	Batch     []blameCall
	MostCalls int `json:"most_calls"`
	Swap      string
	Called    []string
	Answer    string
	Answers   map[string]string
	Verdicts  map[string]string
	After     blameState
}

type blameState struct {
	Versions    []string
	Pinned      []string
	Open        map[string]int64
	VersionOpen int64 `json:"version_open"`
	Quarantined []string
}

// gives is the outcome of the call of N that is the nth, or of P.
func (c *blameCall) gives(version string, nth int) Outcome {
	or := func(outcome, other Outcome) Outcome {
		if outcome == "" {
			return other
		}
		return outcome
	}
	n := or(c.N, OutcomeOK)
	again := or(c.Again, n)
	if version == "P" {
		return or(c.P, OutcomeOK)
	}
	return []Outcome{n, again, or(c.Third, again)}[nth]
}

// blameWorld replays a case as a registry would: all but the plugins and the goroutines is the registry's own.
type blameWorld struct {
	options     *blameOptions
	versions    []string
	quarantined []string
	blame       *blame
	now         time.Time
	goingOn     map[string]*admission
	called      []string
	answers     map[string]string
	verdicts    map[string]string
	asked       []askedCall
}

type askedCall struct {
	admission *admission
	call      *blameCall
	isBatch   bool
}

func (w *blameWorld) use(versions []string) {
	w.versions = versions
	w.blame = newBlame(w.options, len(versions) > 1, w.blame.seen)
}

func (w *blameWorld) clock() time.Time { return w.now }

func (w *blameWorld) begin(call *blameCall) *admission {
	input := func() uint64 { return fingerprint(call.Spec, "", "") }
	admitted := w.blame.begin(call.Deployment, input, w.clock)
	return &admitted
}

func (w *blameWorld) end(admitted *admission, call *blameCall, outcome Outcome, isBatch bool) {
	w.answers[call.Deployment] = string(outcome)
	if w.blame.finished(admitted, outcome, w.clock).ask {
		w.asked = append(w.asked, askedCall{admitted, call, isBatch})
	}
}

func (w *blameWorld) name(toPrevious bool) string {
	return w.versions[map[bool]int{true: 1}[toPrevious]]
}

func (w *blameWorld) single(step *blameStep) {
	call := &step.blameCall
	if call.Returns != "" {
		w.end(w.goingOn[call.Deployment], call, call.Returns, false)
		return
	}
	admitted := w.begin(call)
	if admitted.isOpen {
		w.answers[call.Deployment] = "circuit-open"
		return
	}
	w.called = append(w.called, w.name(admitted.toPrevious))
	if step.Ends != nil && !*step.Ends {
		w.goingOn[call.Deployment] = admitted
		return
	}
	w.end(admitted, call, call.gives(w.tableName(admitted.toPrevious), 0), false)
}

// tableName is N or P: after a revert, the current version is P.
func (w *blameWorld) tableName(toPrevious bool) string {
	if w.name(toPrevious) == "P" {
		return "P"
	}
	return "N"
}

func (w *blameWorld) batch(step *blameStep) {
	admitted := make([]*admission, len(step.Batch))
	for i := range step.Batch {
		if admitted[i] = w.begin(&step.Batch[i]); admitted[i].isOpen {
			w.answers[step.Batch[i].Deployment] = "circuit-open"
		}
	}
	calls := 0
	for _, group := range order(admitted) {
		halve(group, func(group []int) bool {
			if step.MostCalls > 0 && calls == step.MostCalls {
				for _, i := range group {
					w.answers[step.Batch[i].Deployment] = "unavailable"
					w.blame.finished(admitted[i], OutcomeHost, w.clock)
				}
				return true
			}
			calls++
			toPrevious := admitted[group[0]].toPrevious
			words := []string{w.name(toPrevious)}
			var outcomes []Outcome
			whole := OutcomeOK
			for _, i := range group {
				words = append(words, step.Batch[i].Deployment)
				outcome := step.Batch[i].gives(w.tableName(toPrevious), 0)
				outcomes = append(outcomes, outcome)
				if whole == OutcomeOK && failsWhole(outcome) {
					whole = outcome
				}
			}
			w.called = append(w.called, strings.Join(words, " "))
			if whole != OutcomeOK && len(group) > 1 {
				return false
			}
			for at, i := range group {
				w.end(admitted[i], &step.Batch[i], outcomes[at], true)
			}
			return true
		})
	}
}

// ask answers the questions that are waiting.
func (w *blameWorld) ask() {
	current := w.blame
	for _, asked := range w.asked {
		if w.blame != current {
			break
		}
		nth := 0
		found := question(func(previous bool) Outcome {
			name := w.name(previous)
			if asked.isBatch {
				w.called = append(w.called, name+" "+asked.call.Deployment)
			} else {
				w.called = append(w.called, name)
			}
			if !previous {
				nth++
			}
			return asked.call.gives(w.tableName(previous), nth)
		})
		if word := []string{"", "nobody", "input", "version"}[found]; word != "" {
			w.verdicts[asked.call.Deployment] = word
		}
		if _, isReverted := current.verdict(asked.call.Deployment, asked.admission.input(), found); isReverted {
			w.quarantined = append(w.quarantined, w.versions[0])
			w.use(w.versions[1:])
		}
	}
	w.asked = nil
}

func (w *blameWorld) swap(name string) {
	before := w.versions
	if !w.blame.isGood() {
		before = before[1:]
	}
	w.use(append([]string{name}, before[:min(1, len(before))]...))
}

func (w *blameWorld) state() blameState {
	found := blameState{Versions: w.versions, Open: map[string]int64{}, Quarantined: w.quarantined}
	for name, known := range w.blame.entries {
		if known.isPinned {
			found.Pinned = append(found.Pinned, name)
		}
		if known.circuit.until.After(w.now) {
			found.Open[name] = known.circuit.until.Sub(w.now).Milliseconds()
		}
	}
	slices.Sort(found.Pinned)
	found.VersionOpen = max(0, w.blame.version.until.Sub(w.now).Milliseconds())
	if !w.blame.version.isTripped() {
		found.VersionOpen = 0
	}
	return found
}

func TestTheRegistryComesToTheOutcomesOfTheTable(t *testing.T) {
	var table blameTable
	path := filepath.Join("..", "..", "tests", "blame", "outcomes.json")
	if err := json.Unmarshal(readFile(t, path), &table); err != nil {
		t.Fatal(err)
	}
	if len(table.Cases) < 30 {
		t.Fatalf("only %d cases", len(table.Cases))
	}
	options := &blameOptions{
		revertAfter: table.Options.RevertAfter, openAfter: table.Options.OpenAfter,
		mostEntries: table.Options.MostEntries, first: time.Duration(table.Options.FirstBackOff) * time.Millisecond,
		longest: time.Duration(table.Options.LongestBackOff) * time.Millisecond,
	}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) { c.replay(t, options) })
	}
}

func (c *blameCase) replay(t *testing.T, options *blameOptions) {
	known := newSeen(options.revertAfter)
	names := []string{"x", "y", "z"}
	if c.Seen != nil {
		names = *c.Seen
	}
	for _, name := range names {
		known.add(name)
	}
	world := &blameWorld{options: options, blame: &blame{seen: known}, now: time.UnixMilli(0),
		goingOn: map[string]*admission{}}
	world.use(c.Versions)
	expectedVersions := c.Versions
	for i := range c.Steps {
		step := &c.Steps[i]
		world.called, world.answers, world.verdicts = nil, map[string]string{}, map[string]string{}
		if step.At != nil {
			world.now = time.UnixMilli(*step.At)
		}
		switch {
		case step.Swap != "":
			world.swap(step.Swap)
		case step.Batch != nil:
			world.batch(step)
		default:
			world.single(step)
		}
		world.ask()

		if step.After.Versions != nil {
			expectedVersions = step.After.Versions
		}
		expected := step.After
		expected.Versions = expectedVersions
		if step.Answer != "" {
			step.Answers = map[string]string{step.Deployment: step.Answer}
		}
		same := func(what string, found, expected any) {
			t.Helper()
			if f, e := fmt.Sprint(found), fmt.Sprint(expected); f != e {
				t.Errorf("step %d: %s %s, expected %s", i+1, what, f, e)
			}
		}
		same("called", world.called, step.Called)
		same("answers", world.answers, step.Answers)
		same("verdicts", world.verdicts, step.Verdicts)
		found := world.state()
		if len(found.Open) == 0 && len(expected.Open) == 0 {
			found.Open, expected.Open = nil, nil
		}
		if !reflect.DeepEqual(found, expected) {
			same("after", found, expected)
		}
	}
}

func TestTheOneLongestUnheardOfMakesWay(t *testing.T) {
	options := &blameOptions{revertAfter: 3, openAfter: 1, mostEntries: 3, first: time.Second, longest: time.Hour}
	known := newBlame(options, true, newSeen(3))
	at := time.UnixMilli(0)
	now := func() time.Time { return at }
	for i := range 1000 {
		at = at.Add(time.Millisecond)
		call := known.begin(fmt.Sprint("d", i), func() uint64 { return 0 }, now)
		known.finished(&call, OutcomeTrap, now)
		if len(known.entries) > 3 {
			t.Fatalf("%d entries", len(known.entries))
		}
	}
	for _, name := range []string{"d997", "d998", "d999"} {
		if known.entries[name] == nil {
			t.Errorf("%s is forgotten", name)
		}
	}
}
