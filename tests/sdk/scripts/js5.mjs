// The story in the idiom of @langfuse/* 5.x for JavaScript: OpenTelemetry spans as JSON, `runExperiment`.
// Runs in the folder of its packages; STORY is the JSON of story.py.
import { writeFileSync } from "node:fs";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOpenAI } from "@langchain/openai";
import { LangfuseClient } from "@langfuse/client";
import { CallbackHandler } from "@langfuse/langchain";
import { observeOpenAI } from "@langfuse/openai";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import {
  getActiveTraceId, observe, propagateAttributes, setActiveTraceAsPublic, setActiveTraceIO, startActiveObservation,
  startObservation,
} from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import OpenAI from "openai";

const story = JSON.parse(process.env.STORY);
const names = story.NAMES;
const processor = new LangfuseSpanProcessor({ environment: story.ENVIRONMENT, release: story.RELEASE });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
const langfuse = new LangfuseClient();
const plainOpenAI = () => new OpenAI({ apiKey: "sk-test", baseURL: process.env.OPENAI_BASE_URL });

async function prompts() {
  await langfuse.prompt.create({
    name: names.text, prompt: story.TEXT_PROMPT, labels: ["production"], tags: story.PROMPT_TAGS, config: story.CONFIG,
    commitMessage: "first",
  });
  const second = await langfuse.prompt.create({ name: names.text, prompt: story.TEXT_PROMPT_2, labels: ["staging"] });
  await langfuse.prompt.create({ name: names.chat, type: "chat", prompt: story.CHAT_PROMPT, labels: ["production"] });
  const fetched = {
    default: await langfuse.prompt.get(names.text),
    latest: await langfuse.prompt.get(names.text, { label: "latest" }),
    "version 2": await langfuse.prompt.get(names.text, { version: 2 }),
  };
  await langfuse.prompt.update({ name: names.text, version: 2, newLabels: ["reviewed"] });
  const chat = await langfuse.prompt.get(names.chat, { type: "chat" });
  const missing = await langfuse.prompt.get(names.text + "?", { fallback: "Запасная {{country}}" });
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
  const prompt = await langfuse.prompt.get(names.chat, { type: "chat" });
  const attributes = {
    traceName: story.TRACE_NAME, userId: story.USER, sessionId: names.session, tags: story.TAGS,
    version: story.VERSION, metadata: story.TRACE_METADATA,
  };
  const ids = await propagateAttributes(attributes, () =>
    startActiveObservation("root", async (root) => {
      root.update({ input: story.QUESTION, output: story.ANSWER });
      setActiveTraceAsPublic();
      setActiveTraceIO({ input: story.QUESTION, output: story.ANSWER });
      const retrieve = startObservation(
        "retrieve", { input: story.QUESTION, metadata: story.SPAN_METADATA, version: story.VERSION },
        { asType: "retriever" },
      );
      retrieve.startObservation(
        story.EVENT_NAME, { level: "DEBUG", metadata: { key: "Испания" } }, { asType: "event" },
      );
      retrieve.update({ output: story.RETRIEVED }).end();
      const think = startObservation("think", { input: "thinking" });
      const generation = think.startObservation(
        "call the model",
        {
          model: story.MODEL, modelParameters: story.MODEL_PARAMETERS, input: story.MESSAGES,
          prompt: { name: prompt.name, version: prompt.version, isFallback: false },
        },
        { asType: "generation" },
      );
      generation.update({ output: "Мадрид", usageDetails: story.USAGE }).end();
      langfuse.score.observation(generation, { name: "of the generation", value: 1 });
      think.update({ output: "thought" }).end();
      startObservation(story.BROKEN_NAME, { level: "ERROR", statusMessage: story.BROKEN_MESSAGE }, { asType: "tool" }).end();
      return { trace: root.traceId, root: root.id, generation: generation.id, retrieve: retrieve.id, think: think.id };
    }),
  );
  langfuse.score.create({ traceId: ids.trace, name: "numeric", value: story.NUMERIC, comment: story.COMMENT });
  langfuse.score.create({ traceId: ids.trace, name: "boolean", value: 1, dataType: "BOOLEAN" });
  langfuse.score.create({ traceId: ids.trace, name: "category", value: story.CATEGORY, dataType: "CATEGORICAL" });
  langfuse.score.create({ traceId: ids.trace, name: "text", value: story.TEXT, dataType: "TEXT" });
  langfuse.score.create({ sessionId: names.session, name: "lesson", value: 5, metadata: { by: "teacher" } });
  return { ...ids, url: await langfuse.getTraceUrl(ids.trace), chat_version: prompt.version };
}

const ask = observe(
  async (country) => {
    const messages = [{ role: "user", content: `Напиши столицу: ${country}` }];
    const plain = await observeOpenAI(plainOpenAI(), { generationName: "plain call" })
      .chat.completions.create({ model: story.MODEL, messages, temperature: 0.2 });
    const stream = await observeOpenAI(plainOpenAI(), { generationName: "streamed call" })
      .chat.completions.create({ model: story.MODEL, messages, stream: true, stream_options: { include_usage: true } });
    let streamed = "";
    for await (const chunk of stream) streamed += chunk.choices[0]?.delta?.content ?? "";
    return { trace: getActiveTraceId(), answer: plain.choices[0].message.content, streamed };
  },
  { name: "ask" },
);

async function dataset() {
  await langfuse.api.datasets.create({
    name: names.dataset, description: "Столицы", metadata: story.DATASET_METADATA,
  });
  const items = [];
  for (const item of story.ITEMS) {
    const made = await langfuse.api.datasetItems.create({
      datasetName: names.dataset, input: item.input, expectedOutput: item.expected_output, metadata: item.metadata,
    });
    items.push(made.id);
  }
  return { items, ...(await experiment(story.WRONG_MODEL, names.run)) };
}

async function experiment(model, runName) {
  const dataset = await langfuse.dataset.get(names.dataset);
  const result = await dataset.runExperiment({
    name: names.experiment,
    runName,
    description: "по столицам",
    metadata: story.RUN_METADATA,
    maxConcurrency: 2,
    task: async (item) => {
      const messages = [{ role: "user", content: `Только столица: ${item.input.country}` }];
      const reply = await observeOpenAI(plainOpenAI()).chat.completions.create({ model, messages });
      return reply.choices[0].message.content;
    },
    evaluators: [
      async ({ output, expectedOutput }) => ({ name: "exact_match", value: Number(output === expectedOutput) }),
    ],
    runEvaluators: [
      async ({ itemResults }) => {
        const hits = itemResults.flatMap((result) => result.evaluations.map((evaluation) => evaluation.value));
        return { name: "accuracy", value: hits.reduce((sum, hit) => sum + hit, 0) / hits.length };
      },
    ],
  });
  return {
    run: result.datasetRunId,
    url: result.datasetRunUrl,
    traces: Object.fromEntries(
      result.itemResults.map((one) => [one.item.id, { trace: one.traceId, output: one.output }]),
    ),
    accuracy: result.runEvaluations[0].value,
  };
}

async function media() {
  const picture = `data:image/png;base64,${Buffer.from(story.PIXEL, "hex").toString("base64")}`;
  const trace = await startActiveObservation("picture", async (span) => {
    span.update({ input: { picture } });
    return span.traceId;
  });
  await processor.forceFlush();
  const [{ input }] = (await langfuse.api.trace.get(trace)).observations;
  const resolved = await langfuse.media.resolveReferences({ obj: input, resolveWith: "base64DataUri" });
  return { trace, resolved: resolved.picture };
}

async function langchain() {
  const prompt = ChatPromptTemplate.fromMessages([["system", "Ты географ. Ответь только столицей."], ["user", "{country}"]]);
  const model = new ChatOpenAI({ apiKey: "sk-test", model: story.MODEL, configuration: { baseURL: process.env.OPENAI_BASE_URL } });
  const handler = new CallbackHandler({ sessionId: names.session });
  const reply = await prompt.pipe(model).invoke({ country: "Италия" }, { callbacks: [handler], runName: "a chain" });
  return { trace: handler.last_trace_id ?? handler.traceId, output: reply.content };
}

async function read(traceId) {
  await langfuse.flush();
  await processor.forceFlush();
  const trace = await langfuse.api.trace.get(traceId);
  const rows = await langfuse.api.observations.getMany({ traceId, type: "GENERATION", fields: "core,basic,usage" });
  const scores = await langfuse.api.scores.getMany({ traceId, name: "numeric" });
  return {
    name: trace.name,
    observations: trace.observations.map((one) => one.name).sort(),
    scores: Object.fromEntries(scores.data.map((one) => [one.name, one.value])),
    usage: rows.data[0].usageDetails.total,
    cost: trace.observations.find((one) => one.type === "GENERATION").calculatedTotalCost,
    session: (await langfuse.api.sessions.get(names.session)).traces.map((one) => one.id),
  };
}

const tale = { prompts: await prompts(), trace: await trace() };
tale.decorated = await propagateAttributes(
  { traceName: "decorated", userId: story.USER, sessionId: names.session }, () => ask("Италия"),
);
tale.dataset = await dataset();
tale.experiment = await experiment(story.MODEL, names.experiment);
tale.media = await media();
tale.langchain = await langchain();
tale.read = await read(tale.trace.trace);
await langfuse.flush();
await provider.shutdown();
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify(tale));
