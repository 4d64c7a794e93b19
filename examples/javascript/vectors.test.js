// The corpus that every host replays, through the JSON door as jco makes it.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { strategy, strategyJson } from "./build/blue_green.js";

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

test("a config that is not right is an error with a payload", () => {
  const spec = { deployingRevision: "v2", targetReplicas: 1, startedAt: 0n, now: 0n, checks: [], config: '{"typo": 1}' };
  assert.throws(
    () => strategy.evaluateCycle([], spec),
    (error) => error.payload.tag === "invalid-config" && error.payload.val.startsWith("`typo`: unknown field"),
  );
});
