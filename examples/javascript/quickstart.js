import { readFileSync } from "node:fs";
import { strategy } from "./build/blue_green.js";

const request = JSON.parse(readFileSync(new URL("../request.json", import.meta.url)));

// The typed door has the contract's names in camelCase, its words with hyphens, and times as BigInt.
const word = (text) => text.replaceAll("_", "-");
const routes = request.routes.map((route) => ({
  id: route.id,
  revision: route.revision,
  status: word(route.status),
  health: word(route.health),
  trafficStatus: word(route.traffic_status),
  trafficRatio: route.traffic_ratio,
  createdAt: BigInt(route.created_at),
  statusUpdatedAt: BigInt(route.status_updated_at),
}));
const spec = {
  deployingRevision: request.spec.deploying_revision,
  targetReplicas: request.spec.target_replicas,
  startedAt: BigInt(request.spec.started_at),
  now: BigInt(request.spec.now),
  checks: [],
  config: JSON.stringify(request.spec.config),
};

const plan = strategy.evaluateCycle(routes, spec);
console.log(`${plan.subStep}: ${plan.reason.message}`);
console.log(`look again at ${new Date(Number(plan.nextEvaluationAt)).toISOString()}`);
