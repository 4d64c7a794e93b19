// The corpus that every host replays, through both entry points as jco makes them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { strategy, strategyJson } from "./build/blue_green.js";
import * as typed from "./typed.js";

// The requests are handed over as they are written: a number of JavaScript does not hold every moment.
const folder = new URL("../../tests/vectors/blue-green/", import.meta.url);
const vectors = readdirSync(folder).map((name) => {
  const text = readFileSync(new URL(name, folder), "utf8");
  const request = text.slice(text.indexOf('"request":') + '"request":'.length, text.lastIndexOf(',\n  "response":'));
  return { name, request, response: JSON.parse(text).response };
});

test("the corpus is there", () => assert.ok(vectors.length > 100, `${vectors.length} vectors`));

for (const { name, request, response } of vectors) {
  test(name, () => assert.deepEqual(JSON.parse(strategyJson.evaluateCycles(`[${request}]`)), [response]));
}

test("the corpus at once", () => {
  const answers = JSON.parse(strategyJson.evaluateCycles(`[${vectors.map(({ request }) => request)}]`));
  assert.deepEqual(answers, vectors.map(({ response }) => response));
});

// Numbers of JavaScript do not hold every moment and every JSON number: what they change is left out.
const isExact = ({ request }) => !/\d{16,}/.test(request);
const plans = vectors.filter(({ response }) => response.ok).filter(isExact);

test("the typed entry point says the same", () => {
  assert.ok(plans.length > 100, `${plans.length} plans`);
  for (const { name, request, response } of plans) {
    const { routes, spec } = JSON.parse(request);
    const plan = strategy.evaluateCycle(routes.map(typed.route), typed.spec(spec));
    assert.equal(plan.reason.message, response.ok.reason.message, name);
    assert.deepEqual(plan.drainRouteIds, response.ok.drain_route_ids, name);
    assert.deepEqual(plan.promoteRouteIds, response.ok.promote_route_ids, name);
    assert.equal(plan.subStep, response.ok.sub_step.replaceAll("_", "-"), name);
    assert.equal(plan.memo, response.ok.memo ?? undefined, name);
    assert.equal(plan.commitment.leastServing, response.ok.commitment.least_serving, name);
  }
});

test("a config that is not right is an error with a payload", () => {
  const spec = typed.spec({ deploying_revision: "v2", target_replicas: 1, started_at: 0, now: 0, config: { typo: 1 } });
  assert.throws(
    () => strategy.evaluateCycle([], spec),
    (error) => error.payload.tag === "invalid-config" && error.payload.val.startsWith("`typo`: unknown field"),
  );
});

test("a promise is known before the rollout", () => {
  assert.deepEqual(strategy.checkConfig("{}", 3, undefined), { leastServing: 3, mostLive: 6 });
});
