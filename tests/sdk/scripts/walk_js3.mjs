// Calls every method of the generated API client of langfuse 3.x, as walk.mjs does for its successor: STORY_PLAN has the
// arguments by operation; which operation a method is and what it takes, its own source says.
import { readFileSync, writeFileSync } from "node:fs";
import { Langfuse } from "langfuse";

const plan = JSON.parse(readFileSync(process.env.STORY_PLAN));

function client(key) {
  const [publicKey, secretKey] = plan.keys[key];
  return new Langfuse({ publicKey, secretKey, baseUrl: process.env.LANGFUSE_BASE_URL }).api;
}

const clients = { project: client("project"), organization: client("organization") };
const told = {};
for (const [name, method] of Object.entries(clients.project)) {
  const source = method.toString();
  const operation = `${source.match(/method: "(\w+)"/)[1]} ${source.match(/[`"]\/api\/public([^`"]*)[`"]/)[1].replaceAll(/\$\{[^}]*\}/g, "{}")}`;
  told[name] = { operation, outcome: "" };
  const planned = plan.sync[operation];
  if (!planned) { told[name].outcome = "no such operation in the plan"; continue; }
  const ids = planned.path.map(encodeURIComponent); // they go into the address as they are
  const passed = [];
  for (const [taken] of source.slice(1, source.indexOf(") =>")).matchAll(/\{[^}]+\}|\w+/g)) {
    if (taken === "params") break;
    const [, id] = taken.match(/(\w+),\s*\.\.\.query/) ?? [];
    if (id) passed.push({ [id]: ids.shift(), ...planned.query });
    else passed.push({ query: planned.query, data: planned.body }[taken] ?? ids.shift());
  }
  try {
    const answer = await clients[planned.key === "organization" ? "organization" : "project"][name](...passed);
    told[name].answer = typeof answer;
    if (source.includes("format:") && answer === null) told[name].outcome = "the answer is no JSON";
  } catch (error) {
    // Refusals are thrown as the answer itself.
    told[name].outcome = `${error.status ?? error}: ${JSON.stringify(error.error ?? "")}`.slice(0, 1500);
  }
}
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify({ sync: told }));
