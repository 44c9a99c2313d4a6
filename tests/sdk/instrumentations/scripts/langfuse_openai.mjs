import { observeOpenAI } from "@langfuse/openai";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes } from "@langfuse/tracing";
import { NodeSDK } from "@opentelemetry/sdk-node";
import OpenAI from "openai";
import {
  EMBEDDING_MODEL, MODEL, QUESTION, SESSION, STREAMED_QUESTION, TAGS, TOOL, TOOL_QUESTION, USER, messages,
} from "./play.mjs";

const sdk = new NodeSDK({ spanProcessors: [new LangfuseSpanProcessor({ environment: "staging" })], instrumentations: [] });
sdk.start();
const client = observeOpenAI(new OpenAI(), { generationName: "ask" });
await propagateAttributes({ userId: USER, sessionId: SESSION, tags: TAGS }, async () => {
  await client.chat.completions.create({
    model: MODEL, messages: messages(QUESTION), temperature: 0.2, max_tokens: 50,
  });
  const stream = await client.chat.completions.create({
    model: MODEL, messages: messages(STREAMED_QUESTION), stream: true, stream_options: { include_usage: true },
  });
  for await (const _ of stream);
  await client.chat.completions.create({
    model: MODEL, messages: [{ role: "user", content: TOOL_QUESTION }], tools: [TOOL],
  });
  await client.embeddings.create({ model: EMBEDDING_MODEL, input: "Rome", dimensions: 8 });
});
await sdk.shutdown();
