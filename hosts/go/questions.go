package pointsman

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Questions in the background: whether a version, the one before, or the input is to blame.

// mostQuestions is the number of questions that wait at most. What finds no room is asked at the next failure.
const mostQuestions = 64

// asking calls a plugin with what failed, in a fresh instance, and tells how that ends.
type asking func(ctx context.Context, plugin *Plugin) Outcome

// askTyped asks what a request in Go values comes to. The caller may go on to change it, so that it is copied.
func askTyped(request *Request) asking {
	copied := request.clone()
	return func(ctx context.Context, plugin *Plugin) Outcome {
		if copied.Policy != nil {
			plugin = plugin.WithGuard(plugin.guard.under(copied.Policy))
		}
		_, err := plugin.EvaluateCycle(ctx, copied.Routes, &copied.Spec)
		return judge(err).outcome
	}
}

// askJSON asks what a request in JSON comes to.
func askJSON(request string) asking {
	return func(ctx context.Context, plugin *Plugin) Outcome {
		answers, err := plugin.answers(ctx, "["+request+"]")
		if err != nil {
			return judge(err).outcome
		}
		return answers.judged[0].outcome
	}
}

// clone copies whatever the original's owner may change.
func (r *Request) clone() *Request {
	copied := *r
	copied.Routes = slices.Clone(r.Routes)
	for i := range copied.Routes {
		copied.Routes[i].Labels = maps.Clone(copied.Routes[i].Labels)
	}
	copied.Spec.Labels = maps.Clone(r.Spec.Labels)
	copied.Spec.Checks = slices.Clone(r.Spec.Checks)
	copied.Spec.Operator.PassedGates = slices.Clone(r.Spec.Operator.PassedGates)
	copied.Spec.Limits, copied.Spec.FreePlaces = cloned(r.Spec.Limits), cloned(r.Spec.FreePlaces)
	copied.Spec.Memo, copied.Policy = cloned(r.Spec.Memo), cloned(r.Policy)
	return &copied
}

func cloned[T any](of *T) *T {
	if of == nil {
		return nil
	}
	copied := *of
	return &copied
}

// questions are answered one at a time, on a goroutine that is there while there are any.
type questions struct {
	mutex    sync.Mutex
	waiting  []func(ctx context.Context)
	done     chan struct{}
	cancel   context.CancelFunc
	isClosed bool
}

// add has a question answered, if there is room for it.
func (q *questions) add(ask func(ctx context.Context)) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.isClosed || len(q.waiting) >= mostQuestions {
		return false
	}
	q.waiting = append(q.waiting, ask)
	if q.done == nil {
		ctx, cancel := context.WithCancel(context.Background())
		q.done, q.cancel = make(chan struct{}), cancel
		go q.run(ctx, cancel, q.done)
	}
	return true
}

func (q *questions) run(ctx context.Context, cancel context.CancelFunc, done chan struct{}) {
	defer close(done)
	defer cancel()
	for {
		q.mutex.Lock()
		if len(q.waiting) == 0 || ctx.Err() != nil {
			q.waiting, q.done = nil, nil
			q.mutex.Unlock()
			return
		}
		ask := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mutex.Unlock()
		ask(ctx)
	}
}

// wait waits until all have been answered.
func (q *questions) wait() {
	q.mutex.Lock()
	done := q.done
	q.mutex.Unlock()
	if done != nil {
		<-done
	}
}

// close answers no more of them.
func (q *questions) close() {
	q.mutex.Lock()
	q.isClosed = true
	if q.done != nil {
		q.cancel()
	}
	q.mutex.Unlock()
	q.wait()
}

// askLater has the versions asked.
func (s *slot) askLater(versions *versions, call *admission, outcome Outcome, again func() asking) {
	deployment, input, ask := call.deployment, call.input(), again()
	isWaiting := s.registry.background.add(func(ctx context.Context) {
		last := outcome
		found := question(func(previous bool) Outcome {
			version := versions.current
			if previous {
				version = versions.previous
			}
			if !version.plugin.loaded.retain(false) {
				return OutcomeHost
			}
			defer version.plugin.loaded.release()
			found := ask(ctx, version.plugin.forBackground().held())
			if !previous {
				last = found
			}
			return found
		})
		isPinned, isReverted := versions.blame.verdict(deployment, input, found)
		name := shownDeployment(deployment)
		if isPinned {
			before := versions.previous.description.Version
			s.log().Warn(fmt.Sprintf("pinned deployment `%s` to %s: %s %s where it does not", name, before,
				versions.current.description.Version, deeds[last]))
		} else if found == verdictInput && outcome.IsFailure() {
			s.log().Warn(fmt.Sprintf("input of deployment `%s` is to blame: %s does not take it either", name,
				versions.previous.description.Version))
		}
		if isReverted {
			s.revert(versions)
		}
	})
	if !isWaiting {
		versions.blame.verdict(deployment, input, noVerdict)
	}
}

// deeds are outcomes as a version's deeds.
var deeds = map[Outcome]string{
	OutcomeTrap: "trapped", OutcomeTimeout: "ran for too long", OutcomeMemory: "requested too much memory",
	OutcomeResponse: "returned too much", OutcomeMalformed: "returned a malformed response",
	OutcomeRejected: "made a plan that was rejected", OutcomeRefused: "refused its input",
}
