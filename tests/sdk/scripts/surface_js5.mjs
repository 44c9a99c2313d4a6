// What @langfuse/* 5 for JavaScript offers beside the story: cache and fallback of prompts, masks, every type of
// observation, every way of giving a score, experiments on local data, media.
import { writeFileSync } from "node:fs";
import { LangfuseClient, LangfuseMedia } from "@langfuse/client";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import {
  createTraceId, getActiveSpanId, getActiveTraceId, observe, propagateAttributes, startActiveObservation,
  startObservation, updateActiveObservation,
} from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const NAME = process.env.SURFACE;
const pixel = Buffer.from(JSON.parse(process.env.STORY).PIXEL, "hex");
const mask = ({ data }) => (typeof data === "string" ? data.replaceAll("secret", "******") : data);
const processor = new LangfuseSpanProcessor({ environment: "surface", mask });
new NodeTracerProvider({ spanProcessors: [processor] }).register();
const langfuse = new LangfuseClient();

async function prompts() {
  const name = `${NAME}/text`;
  await langfuse.prompt.create({ name, prompt: "Hi {{name}}", labels: ["production"] });
  const first = await langfuse.prompt.get(name, { cacheTtlSeconds: 300 });
  await langfuse.api.prompts.create({ name, type: "text", prompt: "Hello {{name}}", labels: ["production"] });
  const cached = await langfuse.prompt.get(name, { cacheTtlSeconds: 300 });
  const fresh = await langfuse.prompt.get(name, { cacheTtlSeconds: 0 });
  const chat = await langfuse.prompt.create({
    name: `${NAME}/chat`, type: "chat", prompt: [{ role: "user", content: "Hi {{name}}" }], labels: ["production"],
  });
  await langfuse.prompt.update({ name, version: 1, newLabels: ["old"] });
  const fallback = await langfuse.prompt.get(`${NAME}/none`, { fallback: "Bye {{name}}", maxRetries: 0 });
  await langfuse.prompt.delete(`${NAME}/chat`);
  const gone = await langfuse.prompt.get(`${NAME}/chat`, { type: "chat", maxRetries: 0, cacheTtlSeconds: 0 }).then(() => false, () => true);
  return {
    compiled: [first, cached, fresh, fallback].map((one) => one.compile({ name: "A" })), gone,
    langchain: [first.getLangchainPrompt(), chat.getLangchainPrompt()], isFallback: fallback.isFallback,
  };
}

const KINDS = ["span", "generation", "agent", "tool", "chain", "embedding", "evaluator", "retriever", "guardrail", "event"];

async function tracing() {
  const wanted = await createTraceId(NAME);
  const parentSpanContext = { traceId: wanted, spanId: "0123456789abcdef", traceFlags: 1 };
  return propagateAttributes({ userId: "u", sessionId: `${NAME}-session`, tags: ["a"] }, () =>
    startActiveObservation("root", async (root) => {
      root.update({ input: "my secret", output: "done" });
      updateActiveObservation({ metadata: { k: "v" } });
      for (const asType of KINDS) {
        const one = startObservation(asType, { input: "x" }, { asType });
        if (asType !== "event") one.end();
      }
      await observe(async () => "inner", { name: "observed", asType: "tool" })();
      langfuse.score.activeObservation({ name: "active observation", value: 1 });
      langfuse.score.activeTrace({ name: "active trace", value: "good", dataType: "CATEGORICAL" });
      langfuse.score.trace({ otelSpan: root.otelSpan }, { name: "trace", value: 0.5 });
      langfuse.score.observation({ otelSpan: root.otelSpan }, { name: "observation", value: 1, dataType: "BOOLEAN" });
      return { trace: getActiveTraceId(), span: getActiveSpanId(), wanted };
    }, { parentSpanContext }),
  );
}

async function experiments() {
  const result = await langfuse.experiment.run({
    name: "on local data", data: [{ input: 3, expectedOutput: 6 }], task: async (item) => item.input * 2,
    evaluators: [async ({ output, expectedOutput }) => ({ name: "right", value: Number(output === expectedOutput) })],
  });
  return { outputs: result.itemResults.map((one) => one.output), formatted: (await result.format()).includes("right") };
}

async function media() {
  const picture = new LangfuseMedia({ source: "bytes", contentBytes: pixel, contentType: "image/png" });
  startObservation("picture", { input: { picture } }).end();
  await processor.forceFlush();
  const tag = await picture.getTag();
  const found = await langfuse.media.resolveReferences({ obj: [tag], resolveWith: "base64DataUri" });
  return found[0].slice(0, 22);
}

const tale = { prompts: await prompts(), tracing: await tracing(), experiments: await experiments(), media: await media() };
await langfuse.flush();
await processor.forceFlush();
await langfuse.shutdown();
writeFileSync(process.env.STORY_OUTPUT, JSON.stringify(tale));
