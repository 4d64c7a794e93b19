import { readFileSync } from "node:fs";
import { strategy } from "./build/blue_green.js";
import * as typed from "./typed.js";

const request = JSON.parse(readFileSync(new URL("../request.json", import.meta.url)));

const plan = strategy.evaluateCycle(request.routes.map(typed.route), typed.spec(request.spec));
console.log(`${plan.subStep}: ${plan.reason.message}`);
if (plan.gate) console.log(`waiting at the gate ${plan.gate}`);
if (plan.nextEvaluationAt) console.log(`look again at ${new Date(Number(plan.nextEvaluationAt)).toISOString()}`);
