package pointsman

import (
	"math"
)

// The fields of the contract's types in JSON.

func requestFields(r *Request) []field {
	return []field{
		{"routes", objects(&r.Routes, routeFields), required},
		{"spec", object(&r.Spec, specFields), required},
		{"policy", maybeObject(&r.Policy, policyFields), optional},
		{"deployment", text(&r.Deployment), optional},
	}
}

func routeFields(r *Route) []field {
	return []field{
		{"id", text(&r.ID), required},
		{"revision", text(&r.Revision), required},
		{"status", word(routeStatuses, &r.Status), required},
		{"health", word(healthStatuses, &r.Health), required},
		{"traffic_status", word(trafficStatuses, &r.TrafficStatus), required},
		{"traffic_ratio", fraction(&r.TrafficRatio), required},
		{"created_at", millis(&r.CreatedAt), required},
		{"status_updated_at", millis(&r.StatusUpdatedAt), nullable},
		{"end", word(routeEnds, &r.End), nullable},
		{"labels", labels(&r.Labels), optional},
	}
}

// specFields are those of a spec, in which the configuration is an object.
func specFields(s *Spec) []field {
	return []field{
		{"deploying_revision", text(&s.DeployingRevision), required},
		{"stable_revision", text(&s.StableRevision), nullable},
		{"target_replicas", number(&s.TargetReplicas), required},
		{"started_at", millis(&s.StartedAt), required},
		{"now", millis(&s.Now), required},
		{"operator", object(&s.Operator, operatorFields), optional},
		{"checks", objects(&s.Checks, checkFields), optional},
		{"limits", maybeObject(&s.Limits, commitmentFields), nullable},
		{"free_places", maybeNumber(&s.FreePlaces), nullable},
		{"weight_steps", weightSteps(&s.WeightSteps), optional},
		{"labels", labels(&s.Labels), optional},
		{"config", raw(&s.Config), anything},
		{"memo", maybeText(&s.Memo), nullable},
	}
}

func operatorFields(o *Operator) []field {
	return []field{
		{"abort", boolean(&o.Abort), optional},
		{"pause", boolean(&o.Pause), optional},
		{"promote", boolean(&o.Promote), optional},
		{"passed_gates", listOf(&o.PassedGates, text), optional},
	}
}

func checkFields(c *Check) []field {
	return []field{
		{"name", text(&c.Name), required},
		{"outcome", word(checkOutcomes, &c.Outcome), required},
		{"observed_at", millis(&c.ObservedAt), nullable},
	}
}

func commitmentFields(c *Commitment) []field {
	return []field{{"least_serving", number(&c.LeastServing), required}, {"most_live", number(&c.MostLive), required}}
}

func weightSteps(to *WeightSteps) decode {
	return func(data []byte) error {
		var steps uint32
		err := number(&steps)(data)
		*to = NewWeightSteps(steps)
		return err
	}
}

func policyFields(p *Policy) []field {
	return []field{
		{"max_unavailable", p.MaxUnavailable.UnmarshalJSON, optional},
		{"max_surge", p.MaxSurge.UnmarshalJSON, optional},
		{"complete_at", p.CompleteAt.UnmarshalJSON, optional},
	}
}

func planFields(p *RouteChanges) []field {
	p.Commitment = Commitment{MostLive: math.MaxUint32}
	return []field{
		{"sub_step", word(subSteps, &p.SubStep), required},
		{"rollout_specs", objects(&p.RolloutSpecs, rolloutFields), required},
		{"promote_route_ids", listOf(&p.PromoteRouteIDs, text), required},
		{"traffic_changes", objects(&p.TrafficChanges, changeFields), required},
		{"drain_route_ids", listOf(&p.DrainRouteIDs, text), required},
		{"reason", object(&p.Reason, reasonFields), required},
		{"gate", text(&p.Gate), nullable},
		{"next_evaluation_at", millis(&p.NextEvaluationAt), nullable},
		{"memo", maybeText(&p.Memo), nullable},
		{"commitment", object(&p.Commitment, commitmentFields), optional},
		{"progress", maybeObject(&p.Progress, progressFields), nullable},
		{"labels", labels(&p.Labels), optional},
	}
}

func rolloutFields(s *RolloutSpec) []field {
	return []field{
		{"count", number(&s.Count), required},
		{"revision", text(&s.Revision), required},
		{"traffic_status", word(trafficStatuses, &s.TrafficStatus), required},
		{"traffic_ratio", fraction(&s.TrafficRatio), required},
		{"labels", labels(&s.Labels), optional},
	}
}

func changeFields(c *TrafficChange) []field {
	return []field{
		{"route_id", text(&c.RouteID), required},
		{"traffic_status", word(trafficStatuses, &c.TrafficStatus), required},
		{"traffic_ratio", fraction(&c.TrafficRatio), required},
	}
}

func reasonFields(r *Reason) []field {
	return []field{
		{"code", text(&r.Code), required},
		{"message", text(&r.Message), required},
		{"blocking_route_ids", listOf(&r.BlockingRouteIDs, text), required},
	}
}

func progressFields(p *Progress) []field {
	return []field{
		{"step", number(&p.Step), required}, {"steps", number(&p.Steps), required}, {"share", fraction(&p.Share), required},
	}
}
