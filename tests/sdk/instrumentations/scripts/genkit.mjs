import openAI from "@genkit-ai/compat-oai/openai";
import { OTLPTraceExporter } from "otlp-exporter-1";  // Genkit makes spans of OpenTelemetry 1.x
import { BatchSpanProcessor } from "otel-sdk-trace-1";
import { genkit, z } from "genkit";
import { enableTelemetry, flushTracing } from "genkit/tracing";
import { MODEL, QUESTION, STREAMED_QUESTION, SYSTEM, TOOL_QUESTION } from "./play.mjs";

const processor = new BatchSpanProcessor(new OTLPTraceExporter());
await enableTelemetry({ spanProcessors: [processor], instrumentations: [] });
const ai = genkit({ plugins: [openAI({ baseURL: process.env.OPENAI_BASE_URL })] });
const model = `openai/${MODEL}`;
const capitalOf = ai.defineTool(
  { name: "capital_of", description: "The capital of a country.", inputSchema: z.object({ country: z.string() }), outputSchema: z.string() },
  async () => "Tokyo",
);
const lesson = ai.defineFlow({ name: "lesson", inputSchema: z.string(), outputSchema: z.string() }, async (question) => {
  const { text } = await ai.generate({ model, system: SYSTEM, prompt: question, config: { temperature: 0.2 } });
  const { stream, response } = ai.generateStream({ model, system: SYSTEM, prompt: STREAMED_QUESTION });
  for await (const _ of stream);
  await response;
  await ai.generate({ model, prompt: TOOL_QUESTION, tools: [capitalOf] });
  await ai.embed({ embedder: "openai/text-embedding-3-small", content: "Rome" });
  return text;
});
await lesson(QUESTION);
await flushTracing();
await processor.forceFlush();
process.exit(0);
