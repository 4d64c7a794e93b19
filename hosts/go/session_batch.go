package pointsman

import (
	"context"
	"time"
)

// EvaluateCycles is as [Plugin.EvaluateCycles].
func (s *Session) EvaluateCycles(ctx context.Context, requests []Request) ([]Result, error) {
	limits := s.plugin.loaded.host.limits
	end := time.Now().Add(limits.Time)
	results := make([]Result, len(requests))
	for i := range requests {
		routes, guard := requests[i].Routes, s.plugin.guard.under(requests[i].Policy)
		spec := requests[i].Spec.under(guard)
		var plan *RouteChanges
		err := error(&CallError{Plugin: s.plugin.loaded.id, Kind: ErrTimeout, Limits: limits, isNotReached: true})
		if left := time.Until(end); left > 0 {
			err = s.contained(func() (err error) {
				if plan, err = s.evaluate(ctx, left, routes, spec); err != nil {
					return err
				}
				// The guard has a time limit of its own.
				start := time.Now()
				plan, err = s.guarded(ctx, routes, spec, plan, guard)
				end = end.Add(time.Since(start))
				return err
			})
		}
		if err != nil {
			plan = nil
		}
		results[i] = Result{plan, err, s.plugin.loaded.id}
	}
	return results, nil
}

// text calls a function that takes one string.
func (s *Session) text(ctx context.Context, place int, text, argument string, lift func(l *lifting, at uint32)) error {
	return s.do(ctx, s.plugin.loaded.host.limits.Time, place, func(l *lowering) {
		at := l.string(text, argument, -1)
		l.stack[0], l.stack[1] = uint64(at.at), uint64(at.length)
	}, lift)
}

// EvaluateCyclesJSON is as [Plugin.EvaluateCyclesJSON].
func (s *Session) EvaluateCyclesJSON(ctx context.Context, requests string) (string, error) {
	answers, err := s.answers(ctx, requests)
	return answers.text, err
}

// answers is EvaluateCyclesJSON with what the guard found.
func (s *Session) answers(ctx context.Context, requests string) (found answers, err error) {
	err = s.contained(func() (err error) {
		found, err = s.answersUncontained(ctx, requests)
		return err
	})
	return found, err
}

func (s *Session) answersUncontained(ctx context.Context, requests string) (answers, error) {
	batch := prepare(requests, s.plugin.guard)
	var text string
	var problem error
	err := s.text(ctx, evaluateCyclesJSON, batch.text, "requests", func(l *lifting, at uint32) {
		text,
			problem = l.textOrError(at)
	})
	if err != nil {
		return answers{}, err
	}
	return s.checkAnswers(ctx, batch, text, problem)
}
