package pointsman

import (
	"context"
	"errors"
	"time"
)

// Session is one instance of a plugin that is used for many calls, which saves rewinding it after each.
//
// The price: whatever the plugin remembers from one call is there in the next, so a plugin that is wrong or hostile can carry
// one deployment's routes into another's plan, and the memory it has taken is kept. After a failed call the instance is thrown
// away and the next call has a new one. A session holds one of the host's [Limits.Instances] until it is closed. It is not for
// use by several goroutines at once.
type Session struct {
	plugin   *Plugin
	purpose  purpose
	instance *instance
	isOpen   bool
}

// Session gives one instance for many calls. It must be closed.
//
// It fails with a [CallError] where no instance can be had.
func (p *Plugin) Session(ctx context.Context) (*Session, error) {
	session, err := p.session(ctx, p.purpose)
	if err != nil {
		return nil, err
	}
	if err := session.start(ctx); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

// session is one whose instance is taken when it is first needed.
func (p *Plugin) session(ctx context.Context, purpose purpose) (*Session, error) {
	host := p.loaded.host
	fail := func(kind, cause error) error {
		return &CallError{Plugin: p.loaded.id, Kind: kind, Limits: host.limits, Cause: cause}
	}
	if err := ctx.Err(); err != nil {
		return nil, fail(ErrCanceled, err)
	}
	if !p.loaded.retain(p.isHeld) {
		return nil, fail(ErrClosed, nil)
	}
	if err := host.permits.take(ctx, purpose, host.limits.Instances); err != nil {
		p.loaded.release()
		if errors.Is(err, ErrInstances) {
			return nil, fail(ErrInstances, nil)
		}
		return nil, fail(ErrCanceled, err)
	}
	return &Session{plugin: p, purpose: purpose, isOpen: true}, nil
}

// Close gives the instance back. It may be called more than once.
func (s *Session) Close() {
	if !s.isOpen {
		return
	}
	s.isOpen = false
	if s.instance != nil {
		s.plugin.loaded.give(s.instance)
		s.instance = nil
	}
	s.plugin.loaded.host.permits.give(s.purpose)
	s.plugin.loaded.release()
}

// start takes an instance where there is none.
func (s *Session) start(ctx context.Context) error {
	if !s.isOpen {
		return &CallError{Plugin: s.plugin.loaded.id, Kind: ErrClosed, Limits: s.plugin.loaded.host.limits}
	}
	if s.instance != nil {
		return nil
	}
	taken, err := s.plugin.loaded.take(ctx)
	if err == nil {
		s.instance = taken
	}
	return err
}

// do runs one call under the limits, for so long: `lower` puts the parameters on the stack, `lift` reads the result.
func (s *Session) do(ctx context.Context, limit time.Duration, place int, lower func(l *lowering), lift func(l *lifting, at uint32)) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	i := s.instance
	l := lowering{instance: i}
	i.call.begin(ctx, limit)
	err := i.call.check()
	if err != nil {
		err = &stopped{cause: err}
	} else if lower(&l); l.err != nil {
		err = l.err
	} else {
		err = i.invoke(place, lift)
	}
	if err == nil {
		return nil
	}
	failure := i.failure(err)
	// It cannot be entered again, and must not: its state is that of an interrupted program. Nor is one good that was told
	// half of its arguments.
	i.close()
	s.instance = nil
	return failure
}

// EvaluateCycle is as [Plugin.EvaluateCycle].
func (s *Session) EvaluateCycle(ctx context.Context, routes []Route, spec *Spec) (*RouteChanges, error) {
	plan, err := s.evaluate(ctx, s.plugin.loaded.host.limits.Time, routes, spec)
	if err != nil {
		return nil, err
	}
	return s.plugin.guarded(ctx, routes, spec, plan)
}

// evaluate decides a cycle within a time, and leaves the plan unchecked.
func (s *Session) evaluate(ctx context.Context, limit time.Duration, routes []Route, spec *Spec) (*RouteChanges, error) {
	if spec == nil {
		return nil, &ArgumentError{Argument: "spec", Problem: "is nil; every cycle needs one"}
	}
	var plan *RouteChanges
	var refused *RefusedError
	err := s.do(ctx, limit, evaluateCycle,
		func(l *lowering) { l.flat(l.routes(routes), l.spec(spec)) },
		func(l *lifting, at uint32) { plan, refused = l.evaluation(at) })
	if err != nil {
		return nil, err
	}
	if refused != nil {
		refused.Plugin = s.plugin.loaded.id
		return nil, refused
	}
	return plan, nil
}

// text calls a function that takes one string.
func (s *Session) text(ctx context.Context, place int, text, argument string, lift func(l *lifting, at uint32)) error {
	return s.do(ctx, s.plugin.loaded.host.limits.Time, place, func(l *lowering) {
		at := l.string(text, argument, -1)
		l.stack[0], l.stack[1] = uint64(at.at), uint64(at.length)
	}, lift)
}

// Describe is as [Plugin.Describe].
func (s *Session) Describe(ctx context.Context) (Description, error) {
	var description Description
	err := s.do(ctx, s.plugin.loaded.host.limits.Time, describe, func(*lowering) {}, func(l *lifting, at uint32) { description = l.description(at) })
	return description, err
}

// CheckConfig is as [Plugin.CheckConfig].
func (s *Session) CheckConfig(ctx context.Context, config string) error {
	var problem error
	err := s.text(ctx, checkConfig, config, "config", func(l *lifting, at uint32) { problem = l.onlyError(at) })
	if err == nil && problem != nil {
		return &RefusedError{Plugin: s.plugin.loaded.id, Kind: ErrInvalidConfig, Message: problem.Error()}
	}
	return err
}

// EvaluateCyclesJSON is as [Plugin.EvaluateCyclesJSON].
func (s *Session) EvaluateCyclesJSON(ctx context.Context, requests string) (string, error) {
	answers, err := s.answers(ctx, requests)
	return answers.text, err
}

// answers is EvaluateCyclesJSON with what the guard found.
func (s *Session) answers(ctx context.Context, requests string) (answers, error) {
	var text string
	var problem error
	err := s.text(ctx, evaluateCyclesJSON, requests, "requests", func(l *lifting, at uint32) { text, problem = l.textOrError(at) })
	if err != nil {
		return answers{}, err
	}
	return s.plugin.checkAnswers(ctx, requests, text, problem)
}
