package pointsman

// The fields of the contract's types in JSON, written in the order in which other hosts write them.

func writeRequest(w *jsonWriter, r *Request) {
	w.object(func() {
		writeList(w, "routes", r.Routes, writeRoute)
		w.field("spec", func() { writeSpec(w, &r.Spec) })
		if r.Policy != nil {
			w.field("policy", func() { writePolicy(w, r.Policy) })
		}
		if r.Deployment != "" {
			w.text("deployment", r.Deployment)
		}
	})
}

func writeRoute(w *jsonWriter, r *Route) {
	w.object(func() {
		w.text("id", r.ID)
		w.text("revision", r.Revision)
		w.word("status", routeStatuses, uint8(r.Status))
		w.word("health", healthStatuses, uint8(r.Health))
		w.word("traffic_status", trafficStatuses, uint8(r.TrafficStatus))
		w.fraction("traffic_ratio", r.TrafficRatio)
		w.moment("created_at", r.CreatedAt)
		w.momentOrNull("status_updated_at", r.StatusUpdatedAt)
		w.orNull("end", r.End != EndNone, func() { w.bareWord(routeEnds, uint8(r.End)) })
		w.labels(r.Labels)
	})
}

func writeSpec(w *jsonWriter, s *Spec) {
	w.object(func() {
		w.text("deploying_revision", s.DeployingRevision)
		w.textOrNull("stable_revision", s.StableRevision)
		w.number("target_replicas", s.TargetReplicas)
		w.moment("started_at", s.StartedAt)
		w.moment("now", s.Now)
		w.field("operator", func() { writeOperator(w, &s.Operator) })
		writeList(w, "checks", s.Checks, writeCheck)
		w.orNull("limits", s.Limits != nil, func() { writeCommitment(w, s.Limits) })
		if s.FreePlaces != nil {
			w.number("free_places", *s.FreePlaces)
		} else {
			w.orNull("free_places", false, nil)
		}
		w.number("weight_steps", s.WeightSteps.Steps())
		w.labels(s.Labels)
		w.config(s.Config)
		w.memo(s.Memo)
	})
}

func writeOperator(w *jsonWriter, o *Operator) {
	w.object(func() {
		w.boolean("abort", o.Abort)
		w.boolean("pause", o.Pause)
		w.boolean("promote", o.Promote)
		writeList(w, "passed_gates", o.PassedGates, writeString)
	})
}

func writeCheck(w *jsonWriter, c *Check) {
	w.object(func() {
		w.text("name", c.Name)
		w.word("outcome", checkOutcomes, uint8(c.Outcome))
		w.momentOrNull("observed_at", c.ObservedAt)
	})
}

func writeCommitment(w *jsonWriter, c *Commitment) {
	w.object(func() {
		w.number("least_serving", c.LeastServing)
		w.number("most_live", c.MostLive)
	})
}

func writePolicy(w *jsonWriter, p *Policy) {
	w.object(func() {
		for _, amount := range []struct {
			name  string
			value Amount
		}{{"max_unavailable", p.MaxUnavailable}, {"max_surge", p.MaxSurge}, {"complete_at", p.CompleteAt}} {
			if amount.value != (Amount{}) {
				w.field(amount.name, func() {
					written, _ := amount.value.MarshalJSON()
					w.to = append(w.to, written...)
				})
			}
		}
	})
}

func writeViolation(w *jsonWriter, v *Violation) {
	w.object(func() {
		w.text("code", string(v.Code))
		writeList(w, "route_ids", v.RouteIDs, writeString)
		w.text("message", v.Message)
	})
}

func writePlan(w *jsonWriter, p *RouteChanges) {
	w.object(func() {
		w.word("sub_step", subSteps, uint8(p.SubStep))
		writeList(w, "rollout_specs", p.RolloutSpecs, writeRollout)
		writeList(w, "promote_route_ids", p.PromoteRouteIDs, writeString)
		writeList(w, "traffic_changes", p.TrafficChanges, writeChange)
		writeList(w, "drain_route_ids", p.DrainRouteIDs, writeString)
		w.field("reason", func() { writeReason(w, &p.Reason) })
		w.textOrNull("gate", p.Gate)
		w.momentOrNull("next_evaluation_at", p.NextEvaluationAt)
		w.memo(p.Memo)
		w.field("commitment", func() { writeCommitment(w, &p.Commitment) })
		w.orNull("progress", p.Progress != nil, func() { writeProgress(w, p.Progress) })
		w.labels(p.Labels)
	})
}

func writeRollout(w *jsonWriter, s *RolloutSpec) {
	w.object(func() {
		w.number("count", s.Count)
		w.text("revision", s.Revision)
		w.word("traffic_status", trafficStatuses, uint8(s.TrafficStatus))
		w.fraction("traffic_ratio", s.TrafficRatio)
		w.labels(s.Labels)
	})
}

func writeChange(w *jsonWriter, c *TrafficChange) {
	w.object(func() {
		w.text("route_id", c.RouteID)
		w.word("traffic_status", trafficStatuses, uint8(c.TrafficStatus))
		w.fraction("traffic_ratio", c.TrafficRatio)
	})
}

func writeReason(w *jsonWriter, r *Reason) {
	w.object(func() {
		w.text("code", r.Code)
		w.text("message", r.Message)
		writeList(w, "blocking_route_ids", r.BlockingRouteIDs, writeString)
	})
}

func writeProgress(w *jsonWriter, p *Progress) {
	w.object(func() {
		w.number("step", p.Step)
		w.number("steps", p.Steps)
		w.fraction("share", p.Share)
	})
}
