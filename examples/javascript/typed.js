// From JSON requests to the typed entry point: names in camelCase, words with hyphens, times as BigInt, labels as
// pairs, and every field that JSON may leave out.

const word = (text) => text.replaceAll("_", "-");
const time = (millis) => (millis == null ? undefined : BigInt(millis));
const pairs = (labels = {}) => Object.entries(labels);

export function route(json) {
  return {
    id: json.id,
    revision: json.revision,
    status: word(json.status),
    health: word(json.health),
    trafficStatus: json.traffic_status,
    trafficRatio: json.traffic_ratio,
    createdAt: time(json.created_at),
    statusUpdatedAt: time(json.status_updated_at),
    end: json.end ?? undefined,
    labels: pairs(json.labels),
  };
}

export function spec(json) {
  const { abort = false, pause = false, promote = false, passed_gates: passedGates = [] } = json.operator ?? {};
  const limits = json.limits && { leastServing: json.limits.least_serving, mostLive: json.limits.most_live };
  const check = ({ name, outcome, observed_at }) => ({ name, outcome, observedAt: time(observed_at) });
  return {
    deployingRevision: json.deploying_revision,
    stableRevision: json.stable_revision ?? undefined,
    targetReplicas: json.target_replicas,
    startedAt: time(json.started_at),
    now: time(json.now),
    operator: { abort, pause, promote, passedGates },
    checks: (json.checks ?? []).map(check),
    limits: limits ?? undefined,
    freePlaces: json.free_places ?? undefined,
    weightSteps: json.weight_steps ?? 1,
    labels: pairs(json.labels),
    config: JSON.stringify(json.config ?? {}),
    memo: json.memo ?? undefined,
  };
}
