// Everything that langfuse 3.x for JavaScript offers, called once; `never` tells what was forgotten.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  ChatPromptClient, LangfuseCore, LangfuseEventClient, LangfuseGenerationClient, LangfuseMedia, LangfuseObjectClient,
  LangfuseSpanClient, LangfuseTraceClient, LangfuseWebStateless, TextPromptClient,
} from "langfuse-core";
import { Langfuse, LangfuseWeb } from "langfuse";

const NAME = process.env.SURFACE;
const pixel = Buffer.from(JSON.parse(process.env.STORY).PIXEL, "hex");
const CLASSES = {
  Langfuse, LangfuseCore, LangfuseCoreStateless: Object.getPrototypeOf(LangfuseCore), LangfuseWeb, LangfuseWebStateless,
  LangfuseObjectClient, LangfuseTraceClient, LangfuseSpanClient, LangfuseGenerationClient, LangfuseEventClient,
  TextPromptClient, ChatPromptClient, LangfuseMedia,
};

// In JavaScript all methods look public; which ones are not, only the declarations say.
const declared = readFileSync(createRequire(import.meta.url).resolve("langfuse-core").replace(/[^/]+$/, "index.d.ts"), "utf8");
const hidden = new Set([...declared.matchAll(/^ {4}(?:private|protected) (?:static )?(\w+)/gm)].map((found) => found[1]));
const never = new Set();

function watch(owner, named) {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    if (name === "constructor" || name.startsWith("_") || hidden.has(name) || typeof value !== "function") continue;
    never.add(`${named}.${name}`);
    owner[name] = function (...passed) {
      never.delete(`${named}.${name}`);
      return value.apply(this, passed);
    };
  }
}

for (const [named, kind] of Object.entries(CLASSES)) [kind, kind.prototype].forEach((owner) => watch(owner, named));
const watched = never.size;

const mask = ({ data }) => (typeof data === "string" ? data.replaceAll("secret", "******") : data);
// A flush sends this many events and waits for no batch but its own: only one that holds all can be read afterwards.
const langfuse = new Langfuse({ environment: "surface", mask, flushAt: 200 });
const heard = [];
const deaf = langfuse.on("flush", (events) => heard.push(events.length));

async function prompts() {
  const name = `${NAME}/text`;
  const text = await langfuse.createPrompt({ name, prompt: "Hi {{name}}", labels: ["production"] });
  const first = await langfuse.getPrompt(name);
  await langfuse.createPromptStateless({ name, type: "text", prompt: "Hello {{name}}", labels: ["production"] });
  const cached = await langfuse.getPrompt(name);
  const fresh = await langfuse.getPrompt(name, undefined, { cacheTtlSeconds: 0 });
  const message = { role: "user", content: "Hi {{name}}" };
  const chat = await langfuse.createPrompt({
    name: `${NAME}/chat`, type: "chat", labels: ["production"], prompt: [message, { type: "placeholder", name: "history" }],
  });
  await langfuse.updatePrompt({ name, version: 1, newLabels: ["old"] });
  await langfuse.updatePromptStateless({ name: chat.name, version: 1, newLabels: ["reviewed"] });
  const stateless = await langfuse.getPromptStateless(chat.name, undefined, "reviewed");
  const fallback = await langfuse.getPrompt(`${NAME}/none`, undefined, { fallback: "Bye {{name}}", maxRetries: 0 });
  return {
    compiled: [text, first, cached, fresh, fallback].map((one) => one.compile({ name: "A" })),
    chat: chat.compile({ name: "A" }, { history: [{ role: "assistant", content: "Hello" }] }),
    langchain: [text.getLangchainPrompt(), chat.getLangchainPrompt()],
    json: [text, chat].map((one) => JSON.parse(one.toJSON()).name),
    stateless: [stateless.fetchResult, stateless.data.labels],
  };
}

async function tracing() {
  const trace = langfuse.trace({
    name: "root", input: "my secret", sessionId: `${NAME}-session`, userId: "u", tags: ["a"], version: "1", release: "r",
  });
  const span = trace.span({ name: "span" });
  const event = span.event({ name: "event" });
  event.event({ name: "event of an event" });
  event.span({ name: "below an event" }).end();
  event.generation({ name: "generation of an event" }).end();
  span.span({ name: "inner span" }).update({ output: "changed" }).end();
  const generation = span.generation({ name: "generation", model: "gpt-4o-mini", usageDetails: { input: 3, output: 1 } });
  generation.update({ completionStartTime: new Date(), modelParameters: { temperature: 0 } }).end({ output: "secret answer" });
  generation.span({ name: "below a generation" }).end();
  generation.event({ name: "event of a generation" });
  generation.generation({ name: "generation of a generation" }).end();
  trace.event({ name: "event of the trace" });
  trace.generation({ name: "generation of the trace" }).end();
  span.end();
  [trace, span, generation, event].forEach((one) => one.score({ name: "of each", value: 0.5 }));
  trace.update({ output: "done" });
  const traceId = trace.id;
  langfuse.span({ name: "loose", traceId }).end();
  langfuse.generation({ name: "loose", traceId }).end();
  langfuse.event({ name: "loose", traceId });
  const alone = langfuse.span({ name: "without a trace" });
  langfuse.score({ traceId, name: "number", value: 0.75, comment: "why" });
  langfuse.score({ traceId, name: "flag", value: 1, dataType: "BOOLEAN" });
  langfuse.score({ traceId, name: "word", value: "good", dataType: "CATEGORICAL" });
  langfuse.score({ sessionId: `${NAME}-session`, name: "of the session", value: 5 });
  await new Promise((resolve) => langfuse.flush(resolve));
  return { trace: traceId, generation: generation.id, alone: alone.traceId, url: trace.getTraceUrl() };
}

/** In a browser: the public key alone, one request a score. */
async function web(traceId) {
  const browser = new LangfuseWeb({ publicKey: process.env.LANGFUSE_PUBLIC_KEY, environment: "surface" });
  await browser.score({ traceId, name: "of the reader", value: 1 });
  return [browser, langfuse].map(about);
}

function about(client) {
  client.setPersistedProperty("key", "value");
  const kept = client.getPersistedProperty("key");
  return [client.getLibraryId(), client.getLibraryVersion(), client.getCustomUserAgent() ?? null, client.getSdkIntegration(), kept];
}

async function reading({ trace, generation }) {
  await langfuse.flushAsync();
  const seen = (await langfuse.fetchObservations({ traceId: trace, limit: 100 })).data;
  return {
    traces: (await langfuse.fetchTraces({ sessionId: `${NAME}-session`, tags: ["a"] })).data.map((one) => one.id),
    trace: (await langfuse.fetchTrace(trace)).data.name,
    observations: seen.map((one) => one.name).sort(),
    generation: (await langfuse.fetchObservation(generation)).data.model,
    sessions: (await langfuse.fetchSessions()).data.map((one) => one.id),
  };
}

async function evaluations() {
  const datasetName = `${NAME}/set`;
  await langfuse.createDataset(datasetName);
  await langfuse.createDataset({ name: datasetName, description: "changed", metadata: { k: "v" } });
  const made = [];
  for (const input of [1, 2, 3]) made.push(await langfuse.createDatasetItem({ datasetName, input, expectedOutput: 2 * input }));
  const dataset = await langfuse.getDataset(datasetName, { fetchItemsPageSize: 2 });
  for (const item of dataset.items) {
    await item.link(langfuse.trace({ name: "linked" }).span({ name: "answered" }), "run 1", { metadata: { k: "v" } });
  }
  const traceId = langfuse.trace({ name: "linked later" }).id;
  await langfuse.flushAsync();
  const linked = await langfuse.createDatasetRunItem({ runName: "run 2", datasetItemId: made[0].id, traceId });
  return {
    description: dataset.description, items: dataset.items.map((item) => item.input).sort(),
    item: (await langfuse.getDatasetItem(made[0].id)).expectedOutput, linked: linked.datasetRunName,
    run: (await langfuse.getDatasetRun({ datasetName, runName: "run 1" })).datasetRunItems.length,
    runs: (await langfuse.getDatasetRuns(datasetName, { page: 1, limit: 10 })).data.map((run) => run.name).sort(),
  };
}

async function media() {
  const picture = new LangfuseMedia({ contentBytes: pixel, contentType: "image/png" });
  const trace = langfuse.trace({ name: "picture", input: { picture }, metadata: { again: `data:image/png;base64,${pixel.toString("base64")}` } });
  await langfuse.flushAsync();
  const { input, metadata } = (await langfuse.fetchTrace(trace.id)).data;
  const resolveWith = "base64DataUri";
  const [found] = await langfuse.resolveMediaReferences({ obj: [input.picture], resolveWith });
  const [again] = await LangfuseMedia.resolveMediaReferences({ obj: [metadata.again], langfuseClient: langfuse, resolveWith });
  const { mediaId } = LangfuseMedia.parseReferenceString(picture.toJSON());
  const { contentType, contentLength } = await langfuse.fetchMedia(mediaId);
  const { version } = await (await langfuse.fetch(`${langfuse.baseUrl}/api/public/health`, { method: "GET" })).json();
  return { resolved: found.slice(0, 22), same: found === again, contentType, whole: contentLength === pixel.length, version: typeof version };
}

langfuse.debug(false);
const tale = { prompts: await prompts(), tracing: await tracing() };
tale.about = await web(tale.tracing.trace);
tale.reading = await reading(tale.tracing);
tale.evaluations = await evaluations();
tale.media = await media();
tale.heard = heard.length > 0;
deaf();
const last = langfuse.trace({ name: "the last", sessionId: `${NAME}-end` });
await langfuse.shutdownAsync();
const other = new Langfuse({ environment: "surface" });
other.trace({ id: `${last.id}-other`, name: "after the last", sessionId: `${NAME}-end` });
other.shutdown(); // waits for nobody: the process lives until what was sent is answered
Object.assign(tale, { never: [...never].sort(), watched, last: last.id });
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify(tale));
