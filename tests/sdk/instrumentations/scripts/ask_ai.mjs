// The AI SDK's part, for any exporter: text, a stream, an agent's tool, an object, an embedding.
import { createOpenAI } from "@ai-sdk/openai";
import { embed, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { EMBEDDING_MODEL, MODEL, QUESTION, SESSION, STREAMED_QUESTION, SYSTEM, TAGS, TOOL_QUESTION, USER } from "./play.mjs";

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
const told = (functionId) => ({
  isEnabled: true, functionId, metadata: { userId: USER, sessionId: SESSION, tags: TAGS, class: "7B" },
});

export async function ask() {
  const model = openai.chat(MODEL);
  await generateText({
    model, system: SYSTEM, prompt: QUESTION, temperature: 0.2, maxOutputTokens: 50,
    experimental_telemetry: told("ask"),
  });
  const stream = streamText({
    model, system: SYSTEM, prompt: STREAMED_QUESTION, experimental_telemetry: told("stream"),
  });
  for await (const _ of stream.textStream);
  await generateText({
    model, prompt: TOOL_QUESTION, stopWhen: stepCountIs(3), experimental_telemetry: told("look up"),
    tools: {
      capital_of: tool({
        description: "The capital of a country.", inputSchema: z.object({ country: z.string() }),
        execute: async () => "Tokyo",
      }),
    },
  });
  await generateObject({
    model, prompt: QUESTION, schema: z.object({ capital: z.string() }), experimental_telemetry: told("object"),
  });
  await embed({ model: openai.embedding(EMBEDDING_MODEL), value: "Rome", experimental_telemetry: told("embed") });
}
