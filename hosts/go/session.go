package pointsman

import (
	"context"
	"errors"
	"time"
)

// Session is one instance of a plugin that is used for many calls, which saves rewinding it after each.
//
// The price: whatever the plugin remembers from one call is there in the next, so a plugin that is wrong or hostile can
// carry one deployment's routes into another's plan, and the memory it has taken is kept. After a failed call the
// instance is thrown away and the next call has a new one. A session holds one of the host's [Limits.Instances] until
// it is closed. It is not for use by several goroutines at once.
type Session struct {
	plugin   *Plugin
	purpose  purpose
	instance *instance
	isOpen   bool
	// guard is the session in which its plans are checked; nil until one has to be.
	guard *Session
	// isOnce tells that the call that comes is the last one, so that its instance need not clean up after itself: what it
	// was is put back.
	isOnce bool
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
	if s.guard != nil {
		s.guard.Close()
	}
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
func (s *Session) do(
	ctx context.Context, limit time.Duration, place int, lower func(l *lowering), lift func(l *lifting, at uint32),
) error {
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
		err = i.invoke(place, !s.isOnce, lift)
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
	return s.evaluateUnder(ctx, s.plugin.guard, routes, spec)
}

// EvaluateCycleUnder is as [Plugin.EvaluateCycleUnder].
func (s *Session) EvaluateCycleUnder(
	ctx context.Context, policy Policy, routes []Route, spec *Spec,
) (*RouteChanges, error) {
	return s.evaluateUnder(ctx, s.plugin.guard.under(&policy), routes, spec)
}

func (s *Session) evaluateUnder(ctx context.Context, guard Guard, routes []Route, spec *Spec) (*RouteChanges, error) {
	if spec == nil {
		return nil, &ArgumentError{Argument: "spec", Problem: "is nil; every cycle needs one"}
	}
	spec = spec.under(guard)
	var plan *RouteChanges
	err := s.contained(func() (err error) {
		if plan, err = s.evaluate(ctx, s.plugin.loaded.host.limits.Time, routes, spec); err == nil {
			plan, err = s.guarded(ctx, routes, spec, plan, guard)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// evaluate decides a cycle within a time, and leaves the plan unchecked.
func (s *Session) evaluate(
	ctx context.Context, limit time.Duration, routes []Route, spec *Spec,
) (*RouteChanges, error) {
	var plan *RouteChanges
	var refused *RefusedError
	err := s.do(ctx, limit, evaluateCycle,
		func(l *lowering) { l.evaluation(routes, spec) },
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

// Describe is as [Plugin.Describe].
func (s *Session) Describe(ctx context.Context) (Description, error) {
	var description Description
	err := s.contained(func() error {
		return s.do(ctx, s.plugin.loaded.host.limits.Time, describe, func(*lowering) {},
			func(l *lifting, at uint32) { description = l.description(at) })
	})
	return description, err
}

// CheckConfig is as [Plugin.CheckConfig].
func (s *Session) CheckConfig(ctx context.Context, config string, targetReplicas uint32) (Commitment, error) {
	return s.checkConfigUnder(ctx, s.plugin.guard, config, targetReplicas)
}

// CheckConfigUnder is as [Plugin.CheckConfigUnder].
func (s *Session) CheckConfigUnder(
	ctx context.Context, policy Policy, config string, targetReplicas uint32,
) (Commitment, error) {
	return s.checkConfigUnder(ctx, s.plugin.guard.under(&policy), config, targetReplicas)
}

func (s *Session) checkConfigUnder(ctx context.Context, guard Guard, config string, target uint32) (Commitment, error) {
	var limits *Commitment
	if policy, hasPolicy := guard.Policy(); hasPolicy {
		resolved := policy.Resolve(target)
		limits = &resolved
	}
	var commitment Commitment
	var problem error
	err := s.contained(func() error {
		return s.do(ctx, s.plugin.loaded.host.limits.Time, checkConfig,
			func(l *lowering) { l.configCheck(config, target, limits) },
			func(l *lifting, at uint32) { commitment, problem = l.configVerdict(at) })
	})
	if err == nil && problem != nil {
		return Commitment{}, &RefusedError{Plugin: s.plugin.loaded.id, Kind: ErrInvalidConfig, Message: problem.Error()}
	}
	return commitment, err
}
