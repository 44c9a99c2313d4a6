// The story in the idiom of langfuse 3.x for JavaScript: stateful clients, `item.link`, `observeOpenAI`.
// Runs in the folder of its packages; STORY is the JSON of story.py.
import { writeFileSync } from "node:fs";
import { Langfuse, LangfuseMedia, observeOpenAI } from "langfuse";
import OpenAI from "openai";

const story = JSON.parse(process.env.STORY);
const names = story.NAMES;
const langfuse = new Langfuse({ release: story.RELEASE, environment: story.ENVIRONMENT });

async function prompts() {
  await langfuse.createPrompt({
    name: names.text, prompt: story.TEXT_PROMPT, labels: ["production"], tags: story.PROMPT_TAGS, config: story.CONFIG,
    commitMessage: "first",
  });
  const second = await langfuse.createPrompt({ name: names.text, prompt: story.TEXT_PROMPT_2, labels: ["staging"] });
  await langfuse.createPrompt({ name: names.chat, type: "chat", prompt: story.CHAT_PROMPT, labels: ["production"] });
  const fetched = {
    default: await langfuse.getPrompt(names.text),
    latest: await langfuse.getPrompt(names.text, undefined, { label: "latest" }),
    "version 2": await langfuse.getPrompt(names.text, 2),
  };
  await langfuse.updatePrompt({ name: names.text, version: 2, newLabels: ["reviewed"] });
  const chat = await langfuse.getPrompt(names.chat, undefined, { type: "chat" });
  const missing = await langfuse.getPrompt(names.text + "?", undefined, { fallback: "Запасная {{country}}" });
  const each = (read) => Object.fromEntries(Object.entries(fetched).map(([name, prompt]) => [name, read(prompt)]));
  return {
    second: second.version,
    versions: each((prompt) => prompt.version),
    labels: each((prompt) => prompt.labels),
    compiled: each((prompt) => prompt.compile({ country: "Италия" })),
    config: fetched.default.config,
    tags: fetched.default.tags,
    chat: chat.compile({ country: "Испания" }),
    fallback: missing.compile({ country: "Италия" }),
    is_fallback: missing.isFallback,
  };
}

async function trace() {
  const prompt = await langfuse.getPrompt(names.chat, undefined, { type: "chat" });
  const trace = langfuse.trace({
    name: story.TRACE_NAME, userId: story.USER, sessionId: names.session, tags: story.TAGS, version: story.VERSION,
    metadata: story.TRACE_METADATA, input: story.QUESTION, public: true,
  });
  const retrieve = trace.span({
    name: "retrieve", input: story.QUESTION, metadata: story.SPAN_METADATA, version: story.VERSION,
  });
  retrieve.event({ name: story.EVENT_NAME, level: "DEBUG", metadata: { key: "Испания" } });
  retrieve.end({ output: story.RETRIEVED });
  const think = trace.span({ name: "think", input: "thinking" });
  const generation = think.generation({
    name: "call the model", model: story.MODEL, modelParameters: story.MODEL_PARAMETERS, input: story.MESSAGES, prompt,
  });
  generation.end({ output: "Мадрид", usage: story.USAGE });
  think.end({ output: "thought" });
  trace.span({ name: story.BROKEN_NAME }).end({ level: "ERROR", statusMessage: story.BROKEN_MESSAGE });
  trace.update({ output: story.ANSWER });
  trace.score({ name: "numeric", value: story.NUMERIC, comment: story.COMMENT });
  langfuse.score({ traceId: trace.id, name: "boolean", value: 1, dataType: "BOOLEAN" });
  langfuse.score({ traceId: trace.id, name: "category", value: story.CATEGORY, dataType: "CATEGORICAL" });
  langfuse.score({ traceId: trace.id, name: "text", value: story.TEXT, dataType: "TEXT" });
  langfuse.score({ sessionId: names.session, name: "lesson", value: 5, metadata: { by: "teacher" } });
  generation.score({ name: "of the generation", value: 1 });
  return {
    trace: trace.id, generation: generation.id, retrieve: retrieve.id, think: think.id, url: trace.getTraceUrl(),
    chat_version: prompt.version,
  };
}

async function openai() {
  const trace = langfuse.trace({ name: "decorated", userId: story.USER, sessionId: names.session });
  const client = () => new OpenAI({ apiKey: "sk-test", baseURL: process.env.OPENAI_BASE_URL });
  const messages = [{ role: "user", content: "Напиши столицу: Италия" }];
  const plain = await observeOpenAI(client(), { parent: trace, generationName: "plain call" })
    .chat.completions.create({ model: story.MODEL, messages, temperature: 0.2 });
  const stream = await observeOpenAI(client(), { parent: trace, generationName: "streamed call" })
    .chat.completions.create({ model: story.MODEL, messages, stream: true, stream_options: { include_usage: true } });
  let streamed = "";
  for await (const chunk of stream) streamed += chunk.choices[0]?.delta?.content ?? "";
  return { trace: trace.id, answer: plain.choices[0].message.content, streamed };
}

async function dataset() {
  await langfuse.createDataset({ name: names.dataset, description: "Столицы", metadata: story.DATASET_METADATA });
  const items = [];
  for (const item of story.ITEMS) {
    const made = await langfuse.createDatasetItem({
      datasetName: names.dataset, input: item.input, expectedOutput: item.expected_output, metadata: item.metadata,
    });
    items.push(made.id);
  }
  const traces = {};
  for (const item of (await langfuse.getDataset(names.dataset)).items) {
    const trace = langfuse.trace({ name: "answer one", input: item.input });
    const client = observeOpenAI(new OpenAI({ apiKey: "sk-test", baseURL: process.env.OPENAI_BASE_URL }), {
      parent: trace,
    });
    const messages = [{ role: "user", content: `Только столица: ${item.input.country}` }];
    const reply = await client.chat.completions.create({ model: story.WRONG_MODEL, messages });
    const output = reply.choices[0].message.content;
    trace.update({ output });
    await item.link(trace, names.run, { description: "наблюдается", metadata: story.RUN_METADATA });
    trace.score({ name: "exact_match", value: Number(output === item.expectedOutput) });
    traces[item.id] = { trace: trace.id, output };
  }
  await langfuse.flushAsync();
  const run = await langfuse.getDatasetRun({ datasetName: names.dataset, runName: names.run });
  return {
    items, traces, run: run.id, run_metadata: run.metadata,
    run_items: run.datasetRunItems.map((item) => [item.datasetItemId, item.traceId]),
  };
}

async function media() {
  const contentBytes = Buffer.from(story.PIXEL, "hex");
  const picture = new LangfuseMedia({ contentBytes, contentType: "image/png" });
  const trace = langfuse.trace({ name: "picture", input: { picture } });
  await langfuse.flushAsync();
  const obj = (await langfuse.fetchTrace(trace.id)).data.input;
  const resolved = await langfuse.resolveMediaReferences({ obj, resolveWith: "base64DataUri" });
  return { trace: trace.id, resolved: resolved.picture };
}

async function read(traceId) {
  await langfuse.flushAsync();
  const trace = (await langfuse.fetchTrace(traceId)).data;
  const generations = (await langfuse.fetchObservations({ traceId, type: "GENERATION" })).data;
  return {
    name: trace.name,
    observations: trace.observations.map((one) => one.name).sort(),
    scores: Object.fromEntries(
      trace.scores.filter((one) => one.name === "numeric").map((one) => [one.name, one.value]),
    ),
    usage: generations[0].usage.total,
    cost: generations[0].calculatedTotalCost,
    session: (await langfuse.fetchTraces({ sessionId: names.session })).data.map((one) => one.id),
    sessions: (await langfuse.fetchSessions()).data.map((one) => one.id),
  };
}

const tale = { prompts: await prompts(), trace: await trace(), decorated: await openai(), dataset: await dataset() };
tale.media = await media();
tale.read = await read(tale.trace.trace);
await langfuse.shutdownAsync();
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify(tale));
