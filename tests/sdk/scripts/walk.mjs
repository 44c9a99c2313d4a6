// Calls every method of every resource of the generated API client, as walk.py does: STORY_PLAN has the arguments by
// operation, and which operation a method is, its own source says.
import { readFileSync, writeFileSync } from "node:fs";
import { LangfuseClient } from "@langfuse/client";

const plan = JSON.parse(readFileSync(process.env.STORY_PLAN));
// A name kept for earlier code, which only calls another method.
const ALIASES = { "legacy.scoreV1.create": "POST /scores" };

function client(key) {
  const [publicKey, secretKey] = plan.keys[key];
  return new LangfuseClient({ publicKey, secretKey, baseUrl: process.env.LANGFUSE_BASE_URL }).api;
}

function* methods(thing, path = []) {
  const prototype = Object.getPrototypeOf(thing);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name === "constructor" || name.startsWith("_")) continue;
    if (Object.getOwnPropertyDescriptor(prototype, name).get) yield* methods(thing[name], [...path, name]);
    else yield [[...path, name].join("."), thing, name];
  }
}

function operationOf(full, thing, name) {
  const source = (thing[`__${name}`] ?? thing[name]).toString();
  const route = source.match(/[`"]\/api\/public([^`"]*)[`"]/), verb = source.match(/method: "(\w+)"/);
  return route ? `${verb[1]} ${route[1].replaceAll(/\$\{[^}]*\}/g, "{}")}` : ALIASES[full];
}

const told = {};
const organization = [...methods(client("organization"))];
let position = 0;
for (const [full, project, name] of methods(client("project"))) {
  const [, ofOrganization] = organization[position++];
  const operation = operationOf(full, project, name);
  told[full] = { operation, outcome: "" };
  const planned = plan.sync[operation];
  if (!planned) { told[full].outcome = "no such operation in the plan"; continue; }
  const chosen = planned.key === "organization" ? ofOrganization : project;
  const request = Array.isArray(planned.body) ? planned.body : { ...planned.query, ...planned.body };
  const passed = [...planned.path, ...(planned.body || Object.keys(request).length ? [request] : [])];
  try {
    const answer = await chosen[name](...passed);
    told[full].answer = typeof answer;
  } catch (error) {
    told[full].outcome = `${error.name}: ${error.message} ${JSON.stringify(error.body ?? "")}`.slice(0, 1500);
  }
}
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify({ sync: told }));
