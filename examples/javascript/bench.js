// Times a cycle here: 10 routes, 5 blue and 5 green and ready, waiting for approval.

import { strategy, strategyJson } from "./build/blue_green.js";
import * as typed from "./typed.js";

const REPEATS = 15;
const DEPLOYMENTS = 1000;
const START = 1_760_000_000_000;

const wire = Array.from({ length: 10 }, (_, i) => ({
  id: crypto.randomUUID(),
  revision: i < 5 ? "v1" : "v2",
  status: "running",
  health: "healthy",
  traffic_status: i < 5 ? "active" : "inactive",
  traffic_ratio: i < 5 ? 1 : 0,
  created_at: START,
  status_updated_at: START,
}));
const request = {
  routes: wire,
  spec: { deploying_revision: "v2", stable_revision: "v1", target_replicas: 5, started_at: START, now: START + 60_000 },
};
const routes = request.routes.map(typed.route);
const spec = typed.spec(request.spec);
const fleet = Array.from({ length: DEPLOYMENTS }, () => request);
const json = (requests) => JSON.parse(strategyJson.evaluateCycles(JSON.stringify(requests)));

// The median, in microseconds for each deployment.
function measure(name, deployments, calls, call) {
  const took = Array.from({ length: REPEATS }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) call();
    return Number(process.hrtime.bigint() - start) / 1000 / calls / deployments;
  });
  took.sort((a, b) => a - b);
  console.log(`${name.padEnd(44)} ${took[REPEATS >> 1].toFixed(1).padStart(6)} µs a deployment`);
}

measure("typed, one deployment a call", 1, 1000, () => strategy.evaluateCycle(routes, spec));
measure("JSON, one deployment a call", 1, 1000, () => json([request]));
measure(`JSON, ${DEPLOYMENTS} deployments a call`, DEPLOYMENTS, 1, () => json(fleet));
